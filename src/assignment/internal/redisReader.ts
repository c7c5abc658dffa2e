/**
 * Reads a stream of Redis for ever, each entry once and in order, on a connection of its own. A lost link is waited out with
 * growing pauses, at most two seconds; reading goes on behind the last entry seen.
 *
 * A Redis that comes back empty may fill the stream anew with ids that are smaller than the last one seen, if its clock went
 * back: reading on from there would miss them. So after every reconnect, and whenever nothing came for a second, the reader
 * looks whether the last entry it has seen still stands, with the same fields. Where it does not, reading begins at the first
 * entry there is. For a stream that is trimmed from its old end this is the same as going on: with that entry all before it
 * are gone as well. Only a Redis that comes back with an older copy of the stream makes entries come twice.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "../EnsembleError.js"
import * as redisLink from "./redisLink.js"

export interface Entry {
  readonly id: string
  /** Names and values by turns. */
  readonly fields: ReadonlyArray<string>
}

/** Where reading begins: at the first entry, at the newest one, or at the next one that comes. */
export type From = "first" | "newest" | "next"

/** How long a read waits at the server for the next entry. */
const block = Duration.seconds(1)

/** The most entries that one read takes. */
const piece = "1000"

const again = Schedule.exponential("50 millis").pipe(Schedule.union(Schedule.spaced("2 seconds")), Schedule.jittered)

export const read = (address: redisLink.RedisAddress, key: string, from: From): Stream.Stream<Entry> =>
  Stream.suspend(() => {
    let last: Entry | undefined = undefined
    let begun = false
    let lost = false

    const take = (entries: ReadonlyArray<Entry>): Chunk.Chunk<Entry> => {
      last = entries.at(-1) ?? last
      return Chunk.unsafeFromArray(entries)
    }

    const begin = Effect.fnUntraced(function* (link: redisLink.RedisLink) {
      const newest = from === "first" ? [] : entriesOf(yield* link.send(["XREVRANGE", key, "+", "-", "COUNT", "1"]))
      begun = true
      const taken = take(newest)
      return from === "newest" ? taken : Chunk.empty<Entry>()
    })

    const check = Effect.fnUntraced(function* (link: redisLink.RedisLink) {
      if (last === undefined) return Chunk.empty<Entry>()
      const [found] = entriesOf(yield* link.send(["XRANGE", key, last.id, last.id]))
      if (found?.fields.join("\0") !== last.fields.join("\0")) last = undefined
      return Chunk.empty<Entry>()
    })

    const next = Effect.fnUntraced(function* (link: redisLink.RedisLink) {
      const wait = String(Duration.toMillis(block))
      const answer = yield* link.send(["XREAD", "BLOCK", wait, "COUNT", piece, "STREAMS", key, last?.id ?? "0"])
      const entries = readOf(answer, key)
      return entries.length === 0 ? yield* check(link) : take(entries)
    })

    const session = Stream.unwrapScoped(
      Effect.gen(function* () {
        const link = yield* redisLink.open(address, block)
        const first = yield* begun ? check(link) : begin(link)
        if (lost) yield* Effect.logInfo(`reading ${key} at ${redisLink.nameOf(address.url)} again`)
        lost = false
        return Stream.concat(Stream.fromChunk(first), Stream.repeatEffectChunk(next(link)))
      })
    )
    const tell = (error: EnsembleUnreachable) =>
      Effect.suspend(() => {
        if (lost) return Effect.void
        lost = true
        return Effect.logWarning(`reading ${key} waits: ${error.message}`)
      })
    return session.pipe(Stream.tapError(tell), Stream.retry(again), Stream.orDie)
  })

/** The entries of a range. */
export const entriesOf = (answer: unknown): ReadonlyArray<Entry> =>
  Array.isArray(answer)
    ? answer.flatMap((entry) => {
        const [id, fields] = Array.isArray(entry) ? entry : []
        return typeof id === "string" && Array.isArray(fields) ? [{ id, fields }] : []
      })
    : []

/** The value of the field `data`. */
export const dataOf = ({ fields }: Entry): string => {
  for (let k = 0; k + 1 < fields.length; k += 2) if (fields[k] === "data") return fields[k + 1] ?? ""
  return ""
}

// -----------------------------------------------------------------------------

const readOf = (answer: unknown, key: string): ReadonlyArray<Entry> =>
  typeof answer === "object" && answer !== null ? entriesOf(Reflect.get(answer, key)) : []
