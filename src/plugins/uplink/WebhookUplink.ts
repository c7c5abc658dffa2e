/**
 * Messages as HTTP requests: each one, or so many at a time, is posted as JSON. Where a secret is set, the request is signed:
 * `x-outpost-signature: sha256=<hex>` is the HMAC-SHA256 of `<x-outpost-timestamp>.<body>`. A 2xx confirms; 400, 413, 415 and
 * 422 mean that the message itself is not taken; anything else is tried again, not before `retry-after`.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { createHmac } from "node:crypto"
import type { QueuedMessage } from "../../outbox/Outbox.js"
import { Outgoing, type OutgoingResponse } from "../../outgoing/Outgoing.js"
import * as RetryAfter from "../../outgoing/RetryAfter.js"
import { SecretReference } from "../../site/Secrets.js"
import { baseUrl, DurationText, optionalSetting, setting } from "../../site/Setting.js"
import * as Uplink from "../../uplink/Uplink.js"
import { UplinkError } from "../../uplink/UplinkError.js"
import * as Document from "./internal/document.js"

const HeaderName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { message: () => "expected a header's name" })
)
const HeaderText = Schema.String.pipe(
  Schema.pattern(/^[\t\x20-\x7e]*$/, { message: () => "expected one line of plain text" })
)

const Settings = Schema.Struct({
  url: baseUrl("http").annotations({ description: "Where messages are posted to" }),
  secret: optionalSetting(SecretReference, "The key of the signature"),
  token: optionalSetting(SecretReference, "Sent as `authorization: Bearer ...`"),
  headers: setting(Schema.Record({ key: HeaderName, value: HeaderText }), {}, "Sent along; nothing secret"),
  batch: setting(
    Schema.Int.pipe(Schema.between(1, 1000, { message: () => "expected a whole number from 1 to 1000" })),
    1,
    "Messages of one request; from 2 on the body is a list"
  ),
  timeout: setting(DurationText, Duration.seconds(30), "How long an answer may take")
})
type Settings = typeof Settings.Type

export const WebhookUplink = Uplink.make({
  name: "webhook",
  description: "Messages as signed HTTP requests",
  settings: Settings,
  receives: false,
  largestBatch: ({ batch }) => batch,
  open: Effect.fnUntraced(function* (settings, facts) {
    const outgoing = yield* Outgoing
    const disconnected = (detail: string) => new UplinkError({ uplink: facts.uplink, reason: "Disconnected", detail })

    const post = Effect.fnUntraced(function* (batch: ReadonlyArray<QueuedMessage>) {
      const texts = batch.map((message) => Document.textOf(message, facts.station))
      const body = settings.batch === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`
      const headers = signed(settings, body, yield* Clock.currentTimeMillis)
      return yield* outgoing
        .send({ url: settings.url, method: "POST", headers, body: Buffer.from(body), timeout: settings.timeout })
        .pipe(Effect.mapError((error) => disconnected(error.detail)))
    })

    const send = (batch: ReadonlyArray<QueuedMessage>): Effect.Effect<ReadonlyArray<Uplink.Outcome>, UplinkError> =>
      Effect.flatMap(post(batch), (response) => {
        if (response.status >= 200 && response.status < 300) return Effect.succeed(batch.map(() => Uplink.Confirmed))
        if (!refusals.has(response.status))
          return Effect.flatMap(Clock.currentTimeMillis, turnedAway(facts.uplink, response))
        if (batch.length === 1) return Effect.succeed([Uplink.refused(saying(response))])
        // Which of them it is that is not taken is found out one by one.
        return Effect.map(
          Effect.forEach(batch, (message) => send([message])),
          (each) => each.flat()
        )
      })
    return { send, incoming: Stream.never }
  })
})

// -----------------------------------------------------------------------------

/** Statuses that speak of the message, not of the server or the address. */
const refusals: ReadonlySet<number> = new Set([400, 413, 415, 422])

const signed = ({ headers, secret, token }: Settings, body: string, now: number) => {
  const timestamp = String(Math.floor(now / 1000))
  return {
    ...headers,
    "content-type": "application/json",
    "x-outpost-timestamp": timestamp,
    ...Option.match(secret, {
      onNone: () => ({}),
      onSome: (key) => ({ "x-outpost-signature": `sha256=${signature(Redacted.value(key), timestamp, body)}` })
    }),
    ...Option.match(token, {
      onNone: () => ({}),
      onSome: (value) => ({ authorization: Redacted.make(`Bearer ${Redacted.value(value)}`) })
    })
  }
}

/** What the far side computes, too, and compares. */
export const signature = (key: string, timestamp: string, body: string): string =>
  createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex")

const turnedAway = (uplink: string, response: OutgoingResponse) => (now: number) => {
  const detail = `answered ${saying(response)}`
  const retryAfter = RetryAfter.parse(response.headers["retry-after"], now)
  return new UplinkError(
    retryAfter === undefined
      ? { uplink, reason: "Disconnected", detail }
      : { uplink, reason: "RetryAfter", detail, retryAfter }
  )
}

const saying = ({ body, status }: OutgoingResponse): string =>
  `${status} ${body.subarray(0, 200).toString("utf8").replace(/\s+/g, " ").trim()}`.trim()
