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
    Effect.async((resume) => {
      if (forgotten + kept.length > place) return resume(Effect.void)
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
              Effect.suspend(() =>
                forgotten + kept.length > place ? Effect.sync(take) : Effect.as(grown(place), Chunk.empty<A>())
              )
            )
          })
        )
      ),
    idle: () => readers === 0 && kept.length === 0
  }
}

/** Logs by name: each is there as long as it has entries or readers. */
export const family = <A>() => {
  const logs = new Map<string, MemoryLog<A>>()
  const at = (name: string): MemoryLog<A> => {
    const found = logs.get(name) ?? make<A>()
    logs.set(name, found)
    return found
  }
  const drop = (name: string) => {
    if (logs.get(name)?.idle() === true) logs.delete(name)
  }
  return {
    append: (name: string, entries: ReadonlyArray<A>): void => at(name).append(entries),
    read: (name: string): Stream.Stream<A> =>
      Stream.ensuring(
        Stream.suspend(() => at(name).read("first")),
        Effect.sync(() => drop(name))
      ),
    remove: (name: string): void => {
      logs.get(name)?.clear()
      drop(name)
    },
    size: (): number => logs.size
  }
}
