/**
 * The contract of a history: something that can be asked for the rows of a range of time, again and again. The plug-in owns
 * how a request is written and how an answer is read; the engine owns the plan, rates, retries, the ledger and the files.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Row, RowLayout } from "../domain/RowLayout.js"
import type { TimeRange } from "../domain/TimeRange.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import type { Secrets } from "../site/Secrets.js"
import * as SettingsProblem from "./SettingsProblem.js"
import { SourceError } from "./SourceError.js"

/** The series as the user names it: `pair` is `BTC/USDT` for a market, any name for a generic series. */
export interface SeriesRequest {
  readonly type: string
  readonly pair: string
  /** Seconds between rows. */
  readonly span: Option.Option<number>
}

/** Rows of one answer, oldest first or not; times outside of the window are dropped by the engine. */
export interface Page {
  readonly rows: ReadonlyArray<Row>
  /** How many bytes the answer had. */
  readonly bytes: number
  /** Rows of the answer that could not be read and are not in `rows`. */
  readonly malformed?: number
  /** Rows of the answer that could be read, in the window or not. Default: those of `rows`. */
  readonly readable?: number
}

/** What can be asked of a source, said before any work starts. */
export interface Capabilities {
  /** Kinds of rows by name: `ohlc`, `trades`, ... A generic history answers the ones of its settings. */
  readonly types: ReadonlyArray<string>
  /** Requests a second that the source takes, and how many at once after a pause; absent means no limit of its own. */
  readonly rate?: { readonly perSecond: number; readonly burst: number }
  /** Who is asked, where settings say so: all that ask the same one share a limit. Absent, all jobs of the history do. */
  readonly server?: string
  /** Its series are called after the job that describes them, not after the plug-in: true for a generic history. */
  readonly generic?: boolean
}

/** How a series is fetched. */
export interface SeriesPlan {
  readonly layout: RowLayout
  /** Milliseconds of time that one request can answer: the natural window. */
  readonly window: number
  /** Windows start at multiples of this many milliseconds (the span of candles); 1 for none. */
  readonly grid: number
  /**
   * Milliseconds for which rows may still change or come: no window ends later than so long before now, else what it lacks
   * counts as fetched. Default 0: whole grid steps are enough.
   */
  readonly settle?: number
  /** The source tells how things are, not how they were: only a window that holds the present can be asked for. */
  readonly snapshot?: boolean
}

/** `R` is what it needs of the program besides `Outgoing`: files, secrets, the station's events. */
export interface History<R = never> {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** What is wrong with settings; none where `prepare` takes them. Reads secrets that they refer to, and nothing else. */
  readonly problems: (
    settings: unknown
  ) => Effect.Effect<ReadonlyArray<SettingsProblem.SettingsProblem>, never, Secrets>
  /** What is needed is taken here, once; it must last as long as what is prepared. */
  readonly prepare: (settings: unknown) => Effect.Effect<PreparedHistory, SourceError, R>
}

/** A history with its settings decoded. */
export interface PreparedHistory {
  readonly name: string
  readonly capabilities: Capabilities
  /** Fails with `Unsupported` for what the source can't do, saying what it can; asks nobody. */
  readonly plan: (request: SeriesRequest, unit: "s" | "ns") => Effect.Effect<SeriesPlan, SourceError>
  /** All pages of a window. An end without rows means that there are none: confirmed empty. */
  readonly pages: (request: SeriesRequest, window: TimeRange) => Stream.Stream<Page, SourceError, Outgoing>
  /** The same pages, each given to `take` before the next one is asked for: for those who ask for windows by the thousand. */
  readonly forEachPage: <E, R>(
    request: SeriesRequest,
    window: TimeRange,
    take: (page: Page) => Effect.Effect<void, E, R>
  ) => Effect.Effect<void, SourceError | E, Outgoing | R>
}

/** A history from what is particular to it. Settings that do not decode are `Misconfigured`, with the field named. */
export const make = <A, I, R = never, S extends Secrets = never>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I, S>
  readonly capabilities: (settings: A) => Capabilities
  readonly plan: (settings: A, request: SeriesRequest, unit: "s" | "ns") => Effect.Effect<SeriesPlan, SourceError, R>
  /** An effect will do where a window is one page. */
  readonly pages: (
    settings: A,
    request: SeriesRequest,
    window: TimeRange
  ) => Stream.Stream<Page, SourceError, Outgoing | R>
}): History<R | S> => {
  const decodeStrictly = Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })
  const decode = (settings: unknown) => Effect.mapError(decodeStrictly(settings ?? {}), SettingsProblem.of)
  const misconfigured = (detail: string) => new SourceError({ source: options.name, reason: "Misconfigured", detail })
  return {
    name: options.name,
    description: options.description,
    problems: (settings) => Effect.match(decode(settings), { onFailure: (problems) => problems, onSuccess: () => [] }),
    prepare: Effect.fnUntraced(function* (settings: unknown) {
      const context = yield* Effect.context<R>()
      const decoded = yield* Effect.mapError(decode(settings), (problems) =>
        misconfigured(SettingsProblem.sentence(problems))
      )
      return {
        name: options.name,
        capabilities: options.capabilities(decoded),
        plan: (request, unit) => Effect.provide(options.plan(decoded, request, unit), context),
        pages: (request, window) =>
          Stream.provideSomeContext(
            Stream.suspend(() => options.pages(decoded, request, window)),
            context
          ),
        forEachPage: <E, R2>(
          request: SeriesRequest,
          window: TimeRange,
          take: (page: Page) => Effect.Effect<void, E, R2>
        ) =>
          Effect.suspend(() => forEachOf(options.pages(decoded, request, window), take)).pipe(
            Effect.mapInputContext((own: Context.Context<Outgoing | R2>) => Context.merge(context, own))
          )
      } satisfies PreparedHistory
    })
  }
}

// -----------------------------------------------------------------------------

/**
 * Every element in its turn, in the fiber that asks. An effect is a stream of one, and is run as what it is. `Stream.runForEach`
 * would make a fiber and two deferreds for each stream, and a context that is provided to a stream is put back when it ends:
 * together, most of what a window without rows costs.
 */
const forEachOf = <A, E, R, E2, R2>(
  stream: Stream.Stream<A, E, R>,
  take: (element: A) => Effect.Effect<void, E2, R2>
): Effect.Effect<void, E | E2, R | R2> =>
  isEffect(stream)
    ? Effect.flatMap(stream, take)
    : Effect.scoped(
        Effect.flatMap(Stream.toPull(stream), (pull) => {
          const next: Effect.Effect<void, E | E2, R | R2> = Effect.matchEffect(pull, {
            onFailure: Option.match({ onNone: () => Effect.void, onSome: Effect.fail }),
            onSuccess: (some) =>
              Effect.zipRight(
                Effect.forEach(some, take, { discard: true }),
                Effect.suspend(() => next)
              )
          })
          return next
        })
      )

const isEffect = <A, E, R>(stream: Stream.Stream<A, E, R>): stream is Effect.Effect<A, E, R> => Effect.isEffect(stream)
