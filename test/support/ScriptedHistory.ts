/** A history of minutes whose answers a test scripts, window by window, and that counts what it was asked. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Row } from "../../src/domain/RowLayout.js"
import type { TimeRange } from "../../src/domain/TimeRange.js"
import * as History from "../../src/source/History.js"
import { SourceError } from "../../src/source/SourceError.js"
import { candle, layout } from "./TemporaryDataset.js"

const minute = 60_000

/** What one request comes to: rows of the window, nothing, rows that can't be read, a failure, or no answer at all. */
export type Answer =
  | "rows"
  | "none"
  | "unreadable"
  | "partly"
  | "hang"
  | "half"
  | { readonly fail: SourceError["reason"]; readonly retryAfter?: number }

export class ScriptedHistory {
  /** Every request, in order. */
  readonly asked: Array<TimeRange> = []
  /** How many requests were aborted. */
  aborted = 0
  /** Completes with the first request that hangs. */
  readonly hanging = Effect.runSync(Deferred.make<void>())
  private readonly attempts = new Map<number, number>()
  private atOnce = 0
  mostAtOnce = 0

  constructor(
    private readonly script: (window: TimeRange, attempt: number) => Answer = () => "rows",
    private readonly options: { readonly rowsPerPage?: number; readonly answerAfter?: number } = {}
  ) {}

  readonly history = History.make({
    name: "scripted",
    description: "For tests",
    settings: Schema.Struct({}),
    capabilities: () => ({ types: ["ohlc"] }),
    plan: (_, request, unit) =>
      request.type === "ohlc"
        ? Effect.succeed({
            layout: layout("ohlc", unit),
            window: (this.options.rowsPerPage ?? 10) * minute,
            grid: minute
          })
        : Effect.fail(new SourceError({ source: "scripted", reason: "Unsupported", detail: "has ohlc only" })),
    pages: (_, __, window) => Stream.unwrap(this.answer(window))
  })

  private answer(window: TimeRange) {
    return Effect.sync(() => {
      this.asked.push(window)
      const attempt = (this.attempts.get(window.start) ?? 0) + 1
      this.attempts.set(window.start, attempt)
      const answer = this.script(window, attempt)
      const rows = ScriptedHistory.rows(window)
      const page = (rows: ReadonlyArray<Row>): History.Page => ({ rows, bytes: rows.length * 100 })
      const entered = Effect.sync(() => {
        this.atOnce++
        this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce)
      })
      const left = Effect.sync(() => this.atOnce--)
      const guarded = <E>(stream: Stream.Stream<History.Page, E>) =>
        Stream.drain(Stream.fromEffect(Effect.zipRight(entered, Effect.sleep(this.options.answerAfter ?? 0)))).pipe(
          Stream.concat(stream),
          Stream.ensuring(left)
        )
      if (answer === "rows") return guarded(Stream.make(page(rows)))
      if (answer === "none") return guarded(Stream.empty)
      if (answer === "partly") return guarded(Stream.make({ ...page(rows.slice(1)), malformed: 1 }))
      if (answer === "unreadable") return guarded(Stream.make({ ...page([]), malformed: rows.length }))
      if (answer === "hang" || answer === "half") {
        const wait = Deferred.succeed(this.hanging, undefined).pipe(
          Effect.zipRight(Effect.never),
          Effect.onInterrupt(() => Effect.sync(() => this.aborted++))
        )
        return guarded(Stream.concat(answer === "half" ? Stream.make(page(rows.slice(0, 5))) : Stream.empty, wait))
      }
      const { fail: reason, retryAfter } = answer
      const error = new SourceError({
        source: "scripted",
        reason,
        detail: `scripted ${reason}`,
        ...(retryAfter === undefined ? {} : { retryAfter })
      })
      return guarded(Stream.fail(error))
    })
  }

  static rows({ end, start }: TimeRange): ReadonlyArray<Row> {
    const first = Math.ceil(start / minute) * minute
    const count = Math.max(0, Math.ceil((end - first) / minute))
    return Array.from({ length: count }, (_, k) => candle(BigInt(first + k * minute) * 1_000_000n))
  }
}
