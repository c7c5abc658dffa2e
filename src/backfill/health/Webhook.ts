/**
 * One message for people, as `{"text": ...}` to an address from the config. Tried again a few times where nobody answers or the
 * server is busy. The address is a secret of its own kind (whoever has it may post), so no error shows more than its host.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Outgoing } from "../../outgoing/Outgoing.js"

export class WebhookFailed extends Schema.TaggedError<WebhookFailed>()("WebhookFailed", {
  host: Schema.String,
  /** Whether trying again may help. */
  passing: Schema.Boolean,
  detail: Schema.String
}) {
  override get message() {
    return `${this.host}: ${this.detail}`
  }
}

const timeout = Duration.seconds(10)
const pauses = Schedule.exponential("1 second").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(4)))

/** Delivered once it returns. */
export const post = (url: string, text: string): Effect.Effect<void, WebhookFailed, Outgoing> =>
  Effect.gen(function* () {
    const outgoing = yield* Outgoing
    const host = URL.canParse(url) ? new URL(url).host : "alerts.webhook_url"
    const once = outgoing
      .send({
        url,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: new TextEncoder().encode(JSON.stringify({ text })),
        timeout,
        maxBytes: 1024 * 1024
      })
      .pipe(
        Effect.mapError(
          ({ detail, reason }) =>
            new WebhookFailed({ host, passing: reason !== "Refused" && reason !== "Invalid", detail })
        ),
        Effect.filterOrFail(
          ({ status }) => status < 300,
          ({ status }) =>
            new WebhookFailed({
              host,
              passing: status >= 500 || status === 429 || status === 408,
              detail: `answered ${status}`
            })
        )
      )
    yield* Effect.retry(once, { schedule: pauses, while: ({ passing }) => passing })
  })
