/** A source whose frames are handed to it by the test, one take at a time; it counts how often it was opened and closed. */
import { Deferred, Effect } from "effect"
import type { Frame } from "../../src/source/Frame.js"
import type { PreparedSource } from "../../src/source/Source.js"
import { SourceError } from "../../src/source/SourceError.js"

export const frameOf = (text: string, more: Omit<Frame, "parts"> = {}): Frame => ({
  parts: [Buffer.from(text)],
  ...more
})

export const make = (name = "held", typ = "TEST") => {
  let things: Array<ReadonlyArray<Frame> | SourceError> = []
  let waiting = Deferred.unsafeMake<void>(0 as never)
  const counts = { opened: 0, open: 0, taken: 0 }
  const put = (thing: ReadonlyArray<Frame> | SourceError) => {
    things.push(thing)
    Deferred.unsafeDone(waiting, Effect.void)
    waiting = Deferred.unsafeMake<void>(0 as never)
  }
  const take: Effect.Effect<ReadonlyArray<Frame>, SourceError> = Effect.suspend(() => {
    const thing = things.shift()
    if (thing === undefined) return Effect.zipRight(Deferred.await(waiting), take)
    if (thing instanceof SourceError) return thing
    counts.taken += thing.length
    return Effect.succeed(thing)
  })
  const source: PreparedSource = {
    name,
    typ,
    open: Effect.as(
      Effect.acquireRelease(
        Effect.sync(() => {
          counts.opened++
          counts.open++
        }),
        () => Effect.sync(() => counts.open--)
      ),
      { take }
    )
  }
  return {
    source,
    counts,
    /** Frames of one take. */
    push: (...frames: ReadonlyArray<Frame>) => put(frames),
    fail: (reason: SourceError["reason"], detail: string = reason) =>
      put(new SourceError({ source: name, reason, detail })),
    /** Takes that nobody has asked for yet. */
    left: () => things.length
  }
}
