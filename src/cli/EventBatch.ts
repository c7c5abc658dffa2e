/**
 * An NDJSON file sent piece by piece: as many lines at a time as a server takes, so that a file may be of any size. What
 * was accepted is durable, even if a later piece fails.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Bytes from "./Bytes.js"
import { TelemetryOperations, type PostError } from "../operations/TelemetryOperations.js"

export interface Refusal {
  /** From 1, in the whole file. */
  readonly line: number
  readonly error: unknown
}

export interface Tally {
  readonly lines: number
  readonly accepted: number
  readonly firstSeq?: number | undefined
  readonly lastSeq?: number | undefined
  readonly refused: number
  /** The first of them. */
  readonly refusals: ReadonlyArray<Refusal>
}

/** So many refusals are kept to be shown. */
export const kept = 20

export const none: Tally = { lines: 0, accepted: 0, refused: 0, refusals: [] }

/** Sends the bytes of a file; the tally after each piece. */
export const send = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<Tally, E | PostError, R | TelemetryOperations> =>
  pieces(bytes).pipe(
    Stream.mapAccumEffect(none, (tally, piece) =>
      Effect.map(sendPiece(piece, tally), (after) => [after, after] as const)
    )
  )

// ------------------------------------------------------------------------------------------------------------------

interface Piece {
  readonly bytes: Uint8Array
  readonly lines: number
}

const pieceBytes = 1 << 20
const lineEnd = 10

/** Whole lines, up to a size; a line longer than that is a piece of its own. */
const pieces = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Piece, E, R> =>
  lines(bytes).pipe(
    // As they arrive: a slow producer on the other end of a pipe has its lines stored at once.
    Stream.chunks,
    Stream.mapConcat((chunk) => {
      const gathered: Array<Array<Uint8Array>> = []
      let size = 0
      for (const line of chunk) {
        const last = gathered[gathered.length - 1]
        if (last === undefined || size + line.length > pieceBytes) {
          gathered.push([line])
          size = line.length
        } else {
          last.push(line)
          size += line.length
        }
      }
      return gathered.map((part) => ({ bytes: Bytes.concat(part), lines: part.length }))
    })
  )

/** Lines with their line ends; the last one may have none. */
const lines = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
  bytes.pipe(
    Stream.map((chunk) => ({ chunk, last: false })),
    Stream.concat(Stream.make({ chunk: new Uint8Array(0), last: true })),
    Stream.mapAccum<Array<Uint8Array>, { chunk: Uint8Array; last: boolean }, Chunk.Chunk<Uint8Array>>(
      [],
      (open, { chunk, last }) => {
        const whole: Array<Uint8Array> = []
        let from = 0
        for (let at = chunk.indexOf(lineEnd); at !== -1; at = chunk.indexOf(lineEnd, from)) {
          whole.push(Bytes.concat([...open, chunk.subarray(from, at + 1)]))
          open = []
          from = at + 1
        }
        const rest = from < chunk.length ? [...open, chunk.subarray(from)] : open
        if (last && rest.length > 0) whole.push(Bytes.concat(rest))
        return [last ? [] : rest, Chunk.unsafeFromArray(whole)]
      }
    ),
    Stream.flattenChunks
  )

const sendPiece = ({ bytes, lines }: Piece, before: Tally): Effect.Effect<Tally, PostError, TelemetryOperations> =>
  Effect.flatMap(TelemetryOperations, (telemetry) => telemetry.postLines(Stream.make(bytes))).pipe(
    Effect.map((result) => ({ accepted: result.accepted, refused: result.refused.map((one) => ({ ...one })) })),
    // Every line of this piece was refused: that is for the tally, other pieces may be better.
    Effect.catchTag("InvalidInput", (error) =>
      Effect.succeed({
        accepted: [],
        refused: filled(bytes).map((line) => ({ line, error: error.message as unknown }))
      })
    ),
    Effect.map(({ accepted, refused }) => ({
      lines: before.lines + lines,
      accepted: before.accepted + accepted.length,
      firstSeq: before.firstSeq ?? accepted[0]?.seq,
      lastSeq: accepted[accepted.length - 1]?.seq ?? before.lastSeq,
      refused: before.refused + refused.length,
      refusals: [...before.refusals, ...refused.map(({ error, line }) => ({ line: before.lines + line, error }))].slice(
        0,
        kept
      )
    }))
  )

/** The numbers of the lines that are not blank. */
const filled = (bytes: Uint8Array): ReadonlyArray<number> =>
  new TextDecoder()
    .decode(bytes)
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [index + 1]))
