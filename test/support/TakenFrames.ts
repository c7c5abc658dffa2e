/** What a reader hands over, taken one batch after the other. */
import { Effect, Either, type Scope } from "effect"
import type { Frame } from "../../src/source/Frame.js"
import type { FrameReader, Source } from "../../src/source/Source.js"
import type { SourceError } from "../../src/source/SourceError.js"

/** The first so many frames; waits for them. */
export const taken = Effect.fnUntraced(function* (reader: FrameReader, count: number) {
  const frames: Array<Frame> = []
  while (frames.length < count) frames.push(...(yield* reader.take))
  return frames
})

/** Everything up to the end, and how it ended; what was malformed stands between the frames as its detail. */
export const drained = Effect.fnUntraced(function* (reader: FrameReader) {
  const items: Array<Frame | string> = []
  for (;;) {
    const next: Either.Either<ReadonlyArray<Frame>, SourceError> = yield* Effect.either(reader.take)
    if (Either.isRight(next)) items.push(...next.right)
    else if (next.left.reason === "Malformed") items.push(next.left.detail)
    else return { items, end: next.left }
  }
})

/** A source with its settings, opened. */
export const opened = <R>(
  source: Source<R>,
  settings: unknown
): Effect.Effect<FrameReader, SourceError, R | Scope.Scope> =>
  Effect.flatMap(source.prepare(settings), ({ open }) => open)

export const textOf = ({ parts }: Frame): string => parts.map((part) => Buffer.from(part).toString()).join("|")
