/** An answer that is asked for again and again while the page is seen. What was there last stays until the next one is here. */
import * as Either from "effect/Either"
import { useCallback, useEffect, useState } from "react"
import { useSeen } from "./Seen.js"
import { ask } from "./Server.js"

export interface Polled<A> {
  readonly value: A | undefined
  /** Why the last question had no answer. */
  readonly problem: string | undefined
}

type Operation<A, E> = Parameters<typeof ask<A, E>>[0]

/** `key` names the question: another key begins anew. Returns how to ask at once. */
export const usePolled = <A, E extends { readonly message: string }>(
  key: string,
  operation: () => Operation<A, E>,
  everyMillis: number
): readonly [Polled<A>, () => void] => {
  const seen = useSeen()
  const [round, setRound] = useState(0)
  const [held, setHeld] = useState<Polled<A> & { readonly key: string }>({ key, value: undefined, problem: undefined })
  useEffect(() => {
    if (!seen) return
    let wanted = true
    let next: ReturnType<typeof setTimeout> | undefined
    const turn = () =>
      void ask(operation()).then((answer) => {
        if (!wanted) return
        setHeld((before) => {
          const value = before.key === key ? before.value : undefined
          return Either.isRight(answer)
            ? { key, value: answer.right, problem: undefined }
            : { key, value, problem: answer.left.message }
        })
        next = setTimeout(turn, everyMillis)
      })
    turn()
    return () => {
      wanted = false
      clearTimeout(next)
    }
    // The key stands for the operation, which is new with every render.
  }, [key, seen, round, everyMillis])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return [held.key === key ? held : { value: undefined, problem: undefined }, again]
}
