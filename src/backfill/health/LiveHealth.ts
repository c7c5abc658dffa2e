/** What live streams report, into the collector's health. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LiveReports, type Reporter } from "../live/LiveReports.js"
import { CollectorHealth } from "./CollectorHealth.js"
import type { Origin } from "./HealthRecord.js"

export const layer: Layer.Layer<LiveReports, never, CollectorHealth> = Layer.effect(
  LiveReports,
  Effect.map(CollectorHealth, ({ failed, succeeded }) => ({
    succeeded: (from, rows) => succeeded(originOf(from), rows),
    failed: (from, detail) => failed(originOf(from), detail)
  }))
)

// -----------------------------------------------------------------------------

const originOf = ({ exchange, key, pair }: Reporter): Origin => ({ exchange, pair, kind: "stream", name: key })
