/**
 * What may be set for an exchange. All of it may be left out.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { baseUrl, DurationText, setting } from "../../../site/Setting.js"

const Positive = Schema.Number.pipe(
  Schema.filter((n) => (Number.isFinite(n) && n > 0) || "expected a number greater than 0")
)

export const RateSettings = Schema.Struct({
  per_second: Positive.annotations({ description: "Requests per second" }),
  burst: Schema.optionalWith(Positive.pipe(Schema.greaterThanOrEqualTo(1)), { exact: true, default: () => 1 })
})

export const MarketSettings = Schema.Struct({
  /** Instead of the exchange's own. */
  base_url: Schema.optionalWith(baseUrl("http"), { exact: true }),
  timeout: setting(DurationText, Duration.seconds(30), "How long one request may take"),
  /** Instead of the exchange's own limit; null for none. */
  rate: Schema.optionalWith(Schema.NullOr(RateSettings), { exact: true })
})
export type MarketSettings = typeof MarketSettings.Type
