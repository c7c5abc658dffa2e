/** Where live collectors say how they fare, for metrics and alerts: a healthy stream reports too, once per time step. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Who reports. */
export interface Reporter {
  readonly key: string
  readonly exchange: string
  readonly pair: string
}

export class LiveReports extends Context.Tag("outpost/backfill/LiveReports")<
  LiveReports,
  {
    /** The stream was live over a time step; `rows` of it became durable. */
    readonly succeeded: (from: Reporter, rows: number) => Effect.Effect<void>
    /** A connection was lost or refused, or rows could not be written. */
    readonly failed: (from: Reporter, detail: string) => Effect.Effect<void>
  }
>() {}

/** Tells nobody. */
export const layerNone: Layer.Layer<LiveReports> = Layer.succeed(
  LiveReports,
  LiveReports.of({ succeeded: () => Effect.void, failed: () => Effect.void })
)
