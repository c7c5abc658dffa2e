/**
 * What may be set for an exchange. All of it may be left out.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { DurationText, setting } from "../../../site/Setting.js"

const BaseUrl = Schema.String.pipe(
  Schema.filter((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === ""
    return fits || "expected an address of http or https without a query, such as http://127.0.0.1:8080"
  })
)

const Positive = Schema.Number.pipe(
  Schema.filter((n) => (Number.isFinite(n) && n > 0) || "expected a number greater than 0")
)

export const RateSettings = Schema.Struct({
  per_second: Positive.annotations({ description: "Requests per second" }),
  burst: Schema.optionalWith(Positive.pipe(Schema.greaterThanOrEqualTo(1)), { exact: true, default: () => 1 })
})

export const MarketSettings = Schema.Struct({
  /** Without a slash at the end. */
  base_url: Schema.optionalWith(
    Schema.transform(BaseUrl, Schema.String, {
      strict: true,
      decode: (url) => url.replace(/\/+$/, ""),
      encode: (url) => url
    }),
    { exact: true }
  ),
  timeout: setting(DurationText, Duration.seconds(30), "How long one request may take"),
  /** Instead of the exchange's own limit; null for none. */
  rate: Schema.optionalWith(Schema.NullOr(RateSettings), { exact: true })
})
export type MarketSettings = typeof MarketSettings.Type
