/**
 * The source of one stream during one scan: opened when the scan begins, closed with it, opened again when it is lost. It reads
 * one take ahead of the events and no further, so that a source feels how fast events go.
 *
 * The fiber of the source and the fiber that forwards meet in a shelf of frames: one fills it when it is empty, the other
 * empties it without waiting. Behind the last event, frames are counted and thrown away.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Frame } from "../source/Frame.js"
import type { FrameReader, PreparedSource } from "../source/Source.js"
import type { SourceError } from "../source/SourceError.js"
import { streamPrefix } from "./FrameHeader.js"
import type { IngesterEvent } from "./IngesterEvent.js"
import type { StreamStatus } from "./IngesterStatus.js"
import { weightOf } from "./internal/boundedLine.js"
import { FrameNumbers } from "./internal/frameNumbers.js"

/** A stream that an ingester owns. */
export interface OwnStream {
  readonly name: string
  readonly source: PreparedSource
}

export interface StreamIntake {
  readonly name: string
  readonly typ: string
  /** Its part of the headers. */
  readonly prefix: string
  /** Whether a frame is at hand. */
  readonly ready: () => boolean
  /** The next frame, where one is at hand. */
  readonly next: () => Frame
  /** Waits until a frame is at hand for this event; for ever when the source is over, which is reported. */
  readonly fill: (event: number) => Effect.Effect<void>
  /** From now on frames are behind the last event. */
  readonly runOut: Effect.Effect<void>
  /** To be called once a second: reports what is irregular, and silence for longer than this. */
  readonly watch: (now: number, staleAfter: number) => void
  readonly status: () => StreamStatus
}

const reconnecting = Schedule.exponential("250 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.resetAfter("1 minute")
)

export const make = (
  { name, source }: OwnStream,
  report: (event: IngesterEvent) => void
): Effect.Effect<StreamIntake, never, Scope.Scope> =>
  Effect.gen(function* () {
    const shelf = makeShelf()
    const numbers = new FrameNumbers()
    const reported = { missing: 0, repeated: 0, malformed: 0 }
    let connection: StreamStatus["connection"] = "opening"
    let connections = 0
    let frames = 0
    let bytes = 0
    let malformed = 0
    let beyond = 0
    let past = false
    let waitingSince: number | undefined
    let stale = false

    const accept = (taken: ReadonlyArray<Frame>) => {
      for (const frame of taken) {
        numbers.see(frame)
        bytes += weightOf(frame.parts)
      }
      frames += taken.length
      if (past) beyond += taken.length
    }

    const read = (reader: FrameReader) =>
      Effect.gen(function* () {
        while (true) {
          const taken = yield* Effect.catchAll(reader.take, (error) => {
            if (error.reason !== "Malformed") return error
            malformed++
            return Effect.as(Effect.yieldNow(), [])
          })
          if (taken.length === 0) continue
          accept(taken)
          if (!past) yield* shelf.put(taken)
        }
      })

    const lost = (error: SourceError) => {
      connection = "opening"
      report({ _tag: "SourceLost", stream: name, detail: error.message })
      return error.reason === "RetryAfter" ? Effect.sleep(error.retryAfter ?? 1_000) : Effect.void
    }

    const over = (error: SourceError) => {
      connection = error.reason === "Exhausted" ? "ended" : "failed"
      if (connection === "failed") report({ _tag: "SourceFailed", stream: name, detail: error.message })
      shelf.end()
    }

    /** What is irregular since this was last told. */
    const tellIrregular = () => {
      const seen = { missing: numbers.missing, repeated: numbers.repeated, malformed }
      const fresh = {
        missing: seen.missing - reported.missing,
        repeated: seen.repeated - reported.repeated,
        malformed: seen.malformed - reported.malformed
      }
      Object.assign(reported, seen)
      if (fresh.missing + fresh.repeated + fresh.malformed > 0) {
        report({ _tag: "FramesIrregular", stream: name, ...fresh })
      }
    }

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        tellIrregular()
        if (beyond > 0) report({ _tag: "FramesBeyond", stream: name, frames: beyond })
      })
    )
    yield* source.open.pipe(
      Effect.tap(() => {
        connection = "open"
        connections++
      }),
      Effect.flatMap(read),
      Effect.scoped,
      Effect.tapError((error) => (isOver(error) ? Effect.void : lost(error))),
      Effect.retry({ schedule: reconnecting, while: (error) => !isOver(error) }),
      Effect.catchAll((error) => Effect.sync(() => over(error))),
      Effect.forkScoped
    )

    const fill = Effect.fnUntraced(function* (event: number) {
      waitingSince = yield* Clock.currentTimeMillis
      yield* shelf.filled
      if (!shelf.ready()) {
        report({ _tag: "SourceEnded", stream: name, event })
        return yield* Effect.never
      }
      waitingSince = undefined
      if (stale) report({ _tag: "SourceResumed", stream: name })
      stale = false
    })

    return {
      name,
      typ: source.typ,
      prefix: streamPrefix(name, source.typ),
      ready: shelf.ready,
      next: shelf.next,
      fill,
      runOut: Effect.sync(() => {
        past = true
        waitingSince = undefined
        beyond += shelf.clear()
      }),
      watch: (now, staleAfter) => {
        if (waitingSince !== undefined && !stale && now - waitingSince > staleAfter) {
          stale = true
          report({ _tag: "SourceStale", stream: name, since: waitingSince })
        }
        tellIrregular()
      },
      status: () => ({
        name,
        connection,
        frames,
        bytes,
        missing: numbers.missing,
        repeated: numbers.repeated,
        malformed,
        beyond,
        reconnects: Math.max(0, connections - 1),
        waitingSince,
        stale
      })
    }
  })

// ---------------------------------------------------------------------------------------------------------------------

const isOver = ({ reason }: SourceError) =>
  reason === "Exhausted" || reason === "Unsupported" || reason === "Misconfigured"

/** Frames between two fibers: filled when it is empty, emptied one by one. */
const makeShelf = () => {
  let frames: ReadonlyArray<Frame> = []
  let at = 0
  const filled = Effect.unsafeMakeLatch(false)
  const emptied = Effect.unsafeMakeLatch(true)

  const clear = () => {
    const left = frames.length - at
    frames = []
    at = 0
    emptied.unsafeOpen()
    return left
  }

  return {
    ready: () => at < frames.length,
    next: (): Frame => {
      const frame = frames[at]
      if (frame === undefined) throw new RangeError("no frame is at hand")
      at++
      if (at === frames.length) {
        filled.unsafeClose()
        clear()
      }
      return frame
    },
    /** Done when all of them are taken. */
    put: (taken: ReadonlyArray<Frame>) =>
      Effect.suspend(() => {
        frames = taken
        at = 0
        emptied.unsafeClose()
        filled.unsafeOpen()
        return emptied.await
      }),
    clear,
    filled: filled.await,
    /** There will be no more: who waits is told. */
    end: () => filled.unsafeOpen()
  }
}
