/** A value outside React that changes: components read it with `useChanging`. */
import { useSyncExternalStore } from "react"

export interface Changing<A> {
  readonly get: () => A
  readonly subscribe: (listener: () => void) => () => void
}

export class Cell<A> implements Changing<A> {
  private readonly listeners = new Set<() => void>()

  constructor(private value: A) {}

  readonly get = (): A => this.value

  readonly set = (value: A): void => {
    if (Object.is(value, this.value)) return
    this.value = value
    for (const listener of this.listeners) listener()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
}

export const useChanging = <A>(changing: Changing<A>): A => useSyncExternalStore(changing.subscribe, changing.get)
