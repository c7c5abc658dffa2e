/**
 * A log in memory with readers at their own places. Appending wakes who waits; reading takes all there is, in one piece. A
 * reader of a log that was cleared goes on with its next first entry.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

export interface MemoryLog<A> {
  readonly append: (entries: ReadonlyArray<A>) => void
  readonly clear: () => void
  /** Everything that is kept. */
  readonly entries: () => ReadonlyArray<A>
  /** From the first entry that is kept, from the newest one, or from the next one on. Never ends. */
  readonly read: (from: "first" | "newest" | "next") => Stream.Stream<A>
  /** Neither entries nor readers. */
  readonly idle: () => boolean
}

/** The most that a reader takes at once. */
const piece = 4_096

/** Forgets the oldest ones beyond `keep`, in strides, so that appending stays cheap. */
export const make = <A>(keep = Number.POSITIVE_INFINITY): MemoryLog<A> => {
  let kept: Array<A> = []
  /** How many there were before the first of `kept`, over all lives of the log: places never come twice. */
  let forgotten = 0
  let readers = 0
  const waiting = new Set<() => void>()

  const forget = (count: number) => {
    kept = kept.slice(count)
    forgotten += count
  }

  const grown = (place: number): Effect.Effect<void> =>
    forgotten + kept.length > place
      ? Effect.void
      : Effect.async((resume) => {
          const wake = () => resume(Effect.void)
          waiting.add(wake)
          return Effect.sync(() => waiting.delete(wake))
        })

  return {
    append: (entries) => {
      for (const entry of entries) kept.push(entry)
      if (kept.length >= 2 * keep) forget(kept.length - keep)
      const woken = [...waiting]
      waiting.clear()
      for (const wake of woken) wake()
    },
    clear: () => forget(kept.length),
    entries: () => kept.slice(Math.max(0, kept.length - keep)),
    read: (from) =>
      Stream.unwrapScoped(
        Effect.acquireRelease(
          Effect.sync(() => readers++),
          () => Effect.sync(() => readers--)
        ).pipe(
          Effect.map(() => {
            const end = forgotten + kept.length
            let place = from === "first" ? forgotten : from === "newest" ? Math.max(forgotten, end - 1) : end
            const take = () => {
              const start = Math.max(0, place - forgotten)
              const taken = kept.slice(start, start + piece)
              place = forgotten + start + taken.length
              return Chunk.unsafeFromArray(taken)
            }
            return Stream.repeatEffectChunk(
              Effect.map(
                Effect.suspend(() => grown(place)),
                take
              )
            )
          })
        )
      ),
    idle: () => readers === 0 && kept.length === 0
  }
}

/** What of those that are appended to one log is taken in. */
export type Admission<A> = (entries: ReadonlyArray<A>) => ReadonlyArray<A>

/** Logs by name: each is there as long as it has entries or readers. A log that begins has a new admission. */
export const family = <A>(admission: () => Admission<A> = () => (entries) => entries) => {
  const logs = new Map<string, { readonly log: MemoryLog<A>; admit: Admission<A> }>()
  const at = (name: string) => {
    const found = logs.get(name) ?? { log: make<A>(), admit: admission() }
    logs.set(name, found)
    return found
  }
  const drop = (name: string) => {
    if (logs.get(name)?.log.idle() === true) logs.delete(name)
  }
  const remove = (name: string): void => {
    const found = logs.get(name)
    if (found === undefined) return
    found.log.clear()
    found.admit = admission()
    drop(name)
  }
  return {
    append: (name: string, entries: ReadonlyArray<A>): void => {
      const { admit, log } = at(name)
      log.append(admit(entries))
    },
    read: (name: string): Stream.Stream<A> =>
      Stream.ensuring(
        Stream.suspend(() => at(name).log.read("first")),
        Effect.sync(() => drop(name))
      ),
    remove,
    clear: (): void => {
      logs.forEach((_, name) => remove(name))
    },
    size: (): number => logs.size
  }
}
