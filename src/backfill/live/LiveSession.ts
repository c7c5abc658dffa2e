/**
 * One connection of a live stream, from its opening to its end. It says the hello, reads what comes, keeps the state of the
 * stream truthful, and fails when the connection is of no more use: lost, silent for two heartbeats, without an answer, refused.
 *
 * Two fibers race: one reads and waits for the rows to be kept before it reads on, the other watches the clock.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Self from "../../actor/Self.js"
import type { Subscribed } from "../../source/Feed.js"
import { SourceError } from "../../source/SourceError.js"
import type { Following } from "./Following.js"
import type { LiveCell } from "./LiveCell.js"
import type { LiveRows } from "./LiveRows.js"
import { type Heard, LiveSockets } from "./LiveSockets.js"
import type { LiveTuning } from "./LiveTuning.js"
import { Reading } from "./Reading.js"

/** What outlives a connection. */
export interface Collection {
  readonly cell: LiveCell
  readonly subscribed: Subscribed
  readonly followings: ReadonlyArray<Following>
  readonly rows: LiveRows
  readonly tuning: LiveTuning
  /** The last sign of life up to which everything heard is kept, in ms. */
  settled: number
}

export const run = Effect.fnUntraced(function* (
  collection: Collection
): Effect.fn.Return<never, SourceError, LiveSockets | Self.Self | Scope.Scope> {
  const { cell, followings, rows, subscribed, tuning } = collection
  const { exchange: source } = cell.stream
  const failed = (reason: SourceError["reason"], detail: string) => new SourceError({ source, reason, detail })
  const heartbeat = Duration.toMillis(tuning.heartbeat)
  const patience = Duration.toMillis(tuning.answerWithin)

  const sockets = yield* LiveSockets
  const connection = yield* sockets.open({ source, url: subscribed.url, trusted: subscribed.trusted })
  const opened = yield* Clock.currentTimeMillis
  cell.connections++
  collection.settled = opened
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const following of followings) following.reset(collection.settled)
    })
  )
  const dialogue = subscribed.open()
  const reading = new Reading(source, dialogue, followings, opened)
  yield* Effect.forEach(dialogue.hello, connection.send, { discard: true })

  /** Brings `state` up to date; fails where waiting longer is of no use. */
  const judge = (now: number, complaint?: string) =>
    Effect.suspend(() => {
      const refused = followings.filter(({ answer }) => answer === "rejected")
      if (refused.length === followings.length) return failed("Unsupported", complaint ?? "refused the subscription")
      const unanswered = followings.filter(({ answer }) => answer === "waiting")
      const broken = followings.filter(({ lostAt }) => lostAt !== undefined)
      if (broken.some(({ lostAt = now }) => now - lostAt >= patience)) {
        return failed("Disconnected", `does not tell the book of ${namesOf(broken)} from its beginning`)
      }
      const silent = now - opened >= patience ? unanswered : []
      if (silent.length === followings.length) return failed("Disconnected", "does not answer the subscription")
      const told = complaint === undefined ? {} : { error: complaint }
      if (refused.length > 0) cell.become("rejected", now, told)
      else if (silent.length > 0) cell.become("stale", now, { error: `no answer for ${namesOf(silent)}` })
      else if (unanswered.length + broken.length === 0) cell.become("live", now)
      else if (cell.is === "live") cell.become("stale", now, told)
      return Effect.void
    })

  let busy = false
  const read = Effect.fnUntraced(function* (heard: Heard) {
    busy = true
    const findings = reading.take(heard)
    cell.messages += heard.texts.length
    cell.lastMessageAt = heard.at
    cell.gaps += findings.gaps
    cell.malformed += findings.malformed
    if (findings.rows.length > 0) yield* rows.offer(findings.rows)
    collection.settled = heard.at
    busy = false
    yield* Effect.forEach(findings.say, connection.send, { discard: true })
    if (findings.ends !== undefined) return yield* findings.ends
    yield* judge(heard.at, findings.complaint)
    yield* Self.mark
  })

  const watch = Effect.gen(function* () {
    let nextPing = opened + heartbeat
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const lastHeard = yield* connection.lastHeard
      const isBehind = yield* connection.isBehind
      const end = lastHeard + 2 * heartbeat
      if (!isBehind && now >= end) {
        const detail = `silent for ${Duration.format(Duration.millis(now - lastHeard))}`
        cell.become("stale", now, { error: detail })
        return yield* failed("Disconnected", detail)
      }
      if (now >= nextPing) {
        nextPing = now + heartbeat
        yield* connection.ping
        if (dialogue.ping !== undefined) yield* connection.send(dialogue.ping)
      }
      if (!busy && lastHeard > collection.settled) {
        collection.settled = lastHeard
        yield* Self.mark
      }
      yield* judge(now)
      yield* Effect.sleep(Duration.millis(Math.max(1, (isBehind ? nextPing : Math.min(nextPing, end)) - now)))
    }
  })

  const end = failed("Disconnected", "closed")
  return yield* Effect.raceFirst(Effect.zipRight(Stream.runForEach(connection.heard, read), end), watch)
})

const namesOf = (followings: ReadonlyArray<Following>): string =>
  followings.map(({ channel }) => channel.name).join(", ")
