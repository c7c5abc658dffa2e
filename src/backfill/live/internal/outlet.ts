/**
 * One series as a live stream feeds it: part files, and their merge. A live part asks for no window: its own is empty, which
 * tells it apart from those of a backfill of the same series, also after a crash.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Dataset } from "../../../dataset/Dataset.js"
import type { StorageFailed } from "../../../domain/Refusal.js"
import type { Row, RowLayout } from "../../../domain/RowLayout.js"
import type { Series } from "../../../domain/Series.js"
import { isEmpty } from "../../../domain/TimeRange.js"

/** Where the rows of a channel go. */
export interface Target {
  readonly channel: string
  readonly series: Series
  readonly layout: RowLayout
}

/** After a merge so many times its duration passes before the next: merging costs at most a twentieth of the time. */
const mergeShare = 20

export class Outlet {
  private nextMerge = 0

  constructor(
    readonly target: Target,
    private readonly dataset: Context.Tag.Service<Dataset>
  ) {}

  /** Rows durable in a part; how many. A row that no file can hold is left out and told of. */
  write(rows: ReadonlyArray<Row>): Effect.Effect<number, StorageFailed> {
    const { layout, series } = this.target
    const [first] = rows
    if (first === undefined) return Effect.succeed(0)
    const time = first[layout.time.field]
    const at = typeof time === "bigint" ? Number(time / 1_000_000n) : 0
    return this.dataset.writePart(series, layout, { start: at, end: at }, rows).pipe(
      Effect.map((part) => part.rows),
      Effect.catchTag("UnfitRow", (unfit) =>
        Effect.zipRight(
          Effect.logWarning(`left out: ${unfit.message}`),
          Effect.suspend(() => this.write(rows.toSpliced(unfit.row, 1)))
        )
      )
    )
  }

  /** Brings the live parts that wait into the period files, where that is due or asked for. */
  merge(now: boolean): Effect.Effect<void, StorageFailed> {
    const { layout, series } = this.target
    return Effect.gen(this, function* () {
      const begun = yield* Clock.currentTimeMillis
      if (!now && begun < this.nextMerge) return
      const parts = (yield* this.dataset.pendingParts(series)).filter(({ window }) => isEmpty(window))
      if (parts.length > 0) yield* this.dataset.merge(series, layout, parts)
      const ended = yield* Clock.currentTimeMillis
      this.nextMerge = ended + mergeShare * (ended - begun)
    })
  }
}
