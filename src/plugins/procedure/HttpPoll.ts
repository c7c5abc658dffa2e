/**
 * The procedure `http-poll`: asks an address and posts what it answers as an event. An answer with another status than a good
 * one, and no answer at all, are told in the log and in an event `<type>.failed`: a device that is away for a while is no
 * crash. Addresses of private networks have to be allowed (`outgoing.allow_private`).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { Outgoing, type OutgoingResponse } from "../../outgoing/Outgoing.js"
import { Emitter, make } from "../../procedure/Procedure.js"
import { ByteCount, DurationText, setting } from "../../site/Setting.js"

const name = "http-poll"

const Address = Schema.String.pipe(
  Schema.filter((text) => (URL.canParse(text) && /^https?:/i.test(text)) || "expected an address of http or https")
)

const Settings = Schema.Struct({
  url: setting(Address, "http://127.0.0.1/", "The address that is asked"),
  headers: setting(Schema.Record({ key: Schema.String, value: Schema.String }), {}, "Headers of the request"),
  type: setting(Schema.NonEmptyString, name, "Type of its events"),
  expect: setting(Schema.Literal("json", "text"), "json", "What an answer is: a JSON value, or a text"),
  timeout: setting(DurationText, Duration.seconds(10), "How long an answer may take"),
  max_bytes: setting(ByteCount, 1024 * 1024, "Longest answer taken")
})
type Settings = typeof Settings.Type

export const HttpPoll = make({
  name,
  description: "Asks an address and posts what it answers",
  settings: Settings,
  prepare: (settings) =>
    Effect.map(Ref.make(false), (failing) =>
      Effect.gen(function* () {
        const outgoing = yield* Outgoing
        const emitter = yield* Emitter
        const answer = yield* outgoing
          .send({
            url: settings.url,
            headers: settings.headers,
            timeout: settings.timeout,
            maxBytes: settings.max_bytes
          })
          .pipe(
            Effect.mapError(({ detail }) => detail),
            Effect.flatMap(dataOf(settings)),
            Effect.either
          )
        const failed = Either.isLeft(answer)
        const wasFailing = yield* Ref.getAndSet(failing, failed)
        if (!failed) return yield* emitter.emit({ type: settings.type, data: answer.right })
        yield* emitter.emit({ type: `${settings.type}.failed`, data: { url: settings.url, reason: answer.left } })
        // Told when it begins, not at each attempt.
        if (!wasFailing) yield* Effect.logWarning(`${settings.url}: ${answer.left}`)
      }).pipe(Effect.asVoid)
    )
})

// -----------------------------------------------------------------------------

const fromJson = Schema.decode(Schema.parseJson())

const dataOf =
  ({ expect }: Settings) =>
  ({ body, status }: OutgoingResponse): Effect.Effect<unknown, string> => {
    if (status < 200 || status > 299) return Effect.fail(`answered ${status}`)
    const text = body.toString("utf8")
    return expect === "text" ? Effect.succeed(text) : Effect.mapError(fromJson(text), () => "the answer is no JSON")
  }
