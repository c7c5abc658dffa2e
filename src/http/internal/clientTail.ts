/**
 * Server-sent events on the client's side: parsed from bytes, and followed over lost connections. Runs in a browser.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { ServerUnreachable } from "../../operations/Unreachable.js"

/** `data` is undefined where the server only says how far it has come. */
export interface ServerSentEvent {
  readonly id: string | undefined
  readonly data: string | undefined
}

/** One whose lines are still coming. `named`: it is of a kind of its own, and its data no item of the stream. */
interface Unfinished extends ServerSentEvent {
  readonly named: boolean
}

const unbegun: Unfinished = { id: undefined, data: undefined, named: false }

/** The events of a `text/event-stream`; comments and fields of no interest are dropped. */
export const parse = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<ServerSentEvent, E, R> =>
  bytes.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.mapAccum(unbegun, (event, line): readonly [Unfinished, ServerSentEvent | undefined] => {
      if (line === "") return [unbegun, { id: event.id, data: event.named ? undefined : event.data }]
      const colon = line.indexOf(":")
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
      if (field === "id") return [{ ...event, id: value }, undefined]
      if (field === "event") return [{ ...event, named: value !== "message" }, undefined]
      if (field === "data") {
        return [{ ...event, data: event.data === undefined ? value : `${event.data}\n${value}` }, undefined]
      }
      return [event, undefined]
    }),
    Stream.filter((event): event is ServerSentEvent => event !== undefined && (event.id ?? event.data) !== undefined)
  )

/** A server that says nothing for so long, not even that it lives, is gone. */
const longestSilence = Duration.seconds(45)

const pace = Schedule.exponential("250 millis").pipe(Schedule.union(Schedule.spaced("10 seconds")), Schedule.jittered)

/**
 * Follows a tail for good. `connect` begins where `position` says; each event's id becomes the position. A server that can't
 * be reached at first fails; one that was reached and is lost is sought until it is back.
 */
export const follow = <E, R>(
  url: string,
  connect: (position: string | undefined) => Stream.Stream<Uint8Array, E, R>,
  from: string | undefined
): Stream.Stream<ServerSentEvent, E | ServerUnreachable, R> =>
  Stream.suspend(() => {
    const lost = (reason: string) => new ServerUnreachable({ url, reason })
    let position = from
    let reached = false
    return Stream.suspend(() => connect(position)).pipe(
      Stream.tap(() => {
        reached = true
        return Stream.runDrain(Stream.empty)
      }),
      Stream.timeoutFail(() => lost("it has fallen silent"), longestSilence),
      parse,
      Stream.map((event) => {
        if (event.id !== undefined) position = event.id
        return event
      }),
      Stream.concat(Stream.fail(lost("it ended the stream"))),
      Stream.retry(Schedule.whileInput(pace, (error) => reached && error instanceof ServerUnreachable))
    )
  })
