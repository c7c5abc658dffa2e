/**
 * Where live collectors say which time of a series they have followed without a loss: a disconnection becomes a hole that a
 * backfill can fill. Implemented over the ledgers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Series } from "../../domain/Series.js"
import type { TimeRange } from "../../domain/TimeRange.js"

export class CoverageSink extends Context.Tag("outpost/backfill/CoverageSink")<
  CoverageSink,
  {
    /**
     * Every row that the venue told of in `range` is durable. Ranges of one collector come in the order of time and do not
     * overlap; those of two collectors of one series may. What goes wrong here is the sink's own to tell: the range is not
     * said again.
     */
    readonly covered: (series: Series, range: TimeRange) => Effect.Effect<void>
  }
>() {}

/** Remembers nothing: for programs that only want the rows. */
export const layerNone: Layer.Layer<CoverageSink> = Layer.succeed(
  CoverageSink,
  CoverageSink.of({ covered: () => Effect.void })
)
