/**
 * What every history that ships keeps to: how it introduces itself, that it says what it can't do before it asks anyone, and
 * that the rows of a range are the same in whatever windows they are asked for.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Fiber, Option, Schema, type Scope, Stream, TestClock } from "effect"
import type { Row } from "../../src/domain/RowLayout.js"
import { SeriesPart } from "../../src/domain/Series.js"
import type { TimeRange } from "../../src/domain/TimeRange.js"
import { Outgoing, type OutgoingService } from "../../src/outgoing/Outgoing.js"
import type { History, PreparedHistory, SeriesRequest } from "../../src/source/History.js"

/** A history with settings it takes, and series it has. */
export interface Subject<R = never> {
  readonly history: History<R>
  /** Where it asks, and what it needs; lasts as long as a test. */
  readonly open: Effect.Effect<Opened, never, Scope.Scope>
  readonly context: <A, E>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E>
  readonly series: ReadonlyArray<Case>
}

export interface Opened {
  readonly settings: unknown
  readonly outgoing: OutgoingService
}

export interface Case {
  readonly request: SeriesRequest
  /** Windows are taken from here. */
  readonly within: TimeRange
  /** The present, in ms. */
  readonly now: number
  /** The rows there are in a range, in order of time, each with its fields as the row has them. */
  readonly truth: (range: TimeRange) => ReadonlyArray<Row>
  /** Milliseconds of the windows that are asked for, at most; default five natural windows. */
  readonly longest?: number
}

export const series = (type: string, pair: string, span?: number): SeriesRequest => ({
  type,
  pair,
  span: Option.fromNullable(span)
})

/** Rows of a window as the engine keeps them, in order of time. */
export const rowsOf = (
  prepared: PreparedHistory,
  request: SeriesRequest,
  window: TimeRange,
  outgoing: OutgoingService
) =>
  prepared.pages(request, window).pipe(
    Stream.runCollect,
    Effect.provideService(Outgoing, outgoing),
    Effect.map((pages) => {
      const all = [...pages]
      assert.deepStrictEqual(
        all.filter(({ bytes }) => bytes < 0),
        []
      )
      assert.strictEqual(
        all.reduce((sum, { malformed = 0 }) => sum + malformed, 0),
        0
      )
      return all
        .flatMap(({ rows }) => rows)
        .filter((row) => within(row, window))
        .sort(inOrder)
    })
  )

export const inOrder = (a: Row, b: Row): number => {
  const [x, y] = [timeOf(a), timeOf(b)]
  return x < y ? -1 : x > y ? 1 : String(a["tid"] ?? "").localeCompare(String(b["tid"] ?? ""), "en", { numeric: true })
}

/** Asks nobody. */
const silent = Outgoing.of({ send: () => Effect.dieMessage("asked before work started") })

export const suite = <R = never>(name: string, subjects: ReadonlyArray<Subject<R>>) =>
  describe(`Histories ${name}`, () => {
    it("there are some, and no two have one name", () => {
      const names = subjects.map(({ history }) => history.name)
      assert.isAbove(names.length, 0)
      assert.deepStrictEqual(names, [...new Set(names)])
    })

    for (const { context, history, open, series } of subjects) {
      it(`${history.name} has a name for the config and one sentence for people`, () => {
        assert.isTrue(Schema.is(SeriesPart)(history.name), history.name)
        assert.match(history.description, /^[A-Z][^\n]{8,140}[^.\s]$/)
      })

      it.scoped(`${history.name} takes its settings, and names one it does not know`, () =>
        Effect.gen(function* () {
          const { settings } = yield* open
          const { capabilities } = yield* context(history.prepare(settings))
          assert.isAbove(capabilities.types.length, 0)
          const odd = { ...Object(settings), "no-such-setting": 1 }
          const error = yield* Effect.flip(context(history.prepare(odd)))
          assert.deepStrictEqual([error.source, error.reason], [history.name, "Misconfigured"])
          assert.include(error.detail, "no-such-setting")
        })
      )

      it.scoped(`${history.name} says what it has not, and what it has, before it asks anyone`, () =>
        Effect.gen(function* () {
          const { settings } = yield* open
          const prepared = yield* context(history.prepare(settings))
          const request = { type: "no-such-type", pair: "BTC/USDT", span: Option.none() }
          const error = yield* Effect.flip(prepared.plan(request, "s"))
          assert.strictEqual(error.reason, "Unsupported")
          for (const type of prepared.capabilities.types) assert.include(error.detail, type)
          const work = prepared.pages(request, { start: 0, end: 1000 }).pipe(Stream.runDrain)
          assert.strictEqual((yield* Effect.flip(Effect.provideService(work, Outgoing, silent))).reason, "Unsupported")
        })
      )

      for (const { longest, now, request, truth, within } of series) {
        const label =
          `${history.name} ${request.type} ${request.pair} ${Option.getOrElse(request.span, () => "")}`.trim()

        it.scoped(`${label}: any window has its rows, each once, and no others`, () =>
          Effect.gen(function* () {
            yield* TestClock.setTime(now)
            const { outgoing, settings } = yield* open
            const prepared = yield* context(history.prepare(settings))
            const { grid, layout, window } = yield* prepared.plan(request, "s")
            const columns = (yield* prepared.plan(request, "ns")).layout.columns.concat(layout.columns)
            assert.isTrue(grid >= 1 && window >= grid && window % grid === 0, `${window} ${grid}`)
            let met = 0
            for (const range of windowsOf(within, grid, Math.min(longest ?? Infinity, window * 5))) {
              const expected = [...truth(range)].sort(inOrder)
              const given = yield* rowsOf(prepared, request, range, outgoing)
              assert.deepStrictEqual(given.map(plain), expected.map(plain), `${range.start} to ${range.end}`)
              for (const { field } of columns) if (given[0] !== undefined) assert.property(given[0], field)
              met += expected.length
            }
            assert.isAbove(met, 0, "a series without rows proves nothing")
          })
        )

        it.scoped(`${label}: natural windows side by side are the whole`, () =>
          Effect.gen(function* () {
            yield* TestClock.setTime(now)
            const { outgoing, settings } = yield* open
            const prepared = yield* context(history.prepare(settings))
            const { grid, window } = yield* prepared.plan(request, "s")
            const start = Math.ceil(within.start / grid) * grid
            const range = { start, end: Math.min(within.end, start + Math.min(longest ?? Infinity, 12 * window)) }
            const parts = Array.from({ length: Math.ceil((range.end - start) / window) }, (_, n) => ({
              start: start + n * window,
              end: Math.min(range.end, start + (n + 1) * window)
            }))
            const given = yield* Effect.forEach(parts, (part) => rowsOf(prepared, request, part, outgoing))
            assert.deepStrictEqual(given.flat().map(plain), [...truth(range)].sort(inOrder).map(plain))
          })
        )

        it.scoped(`${label}: can be interrupted at once, and asked again`, () =>
          Effect.gen(function* () {
            yield* TestClock.setTime(now)
            const { outgoing, settings } = yield* open
            const prepared = yield* context(history.prepare(settings))
            const middle = Math.floor((within.start + within.end) / 2)
            const range = { start: middle, end: Math.min(within.end, middle + (longest ?? 86_400_000)) }
            const fiber = yield* Effect.fork(rowsOf(prepared, request, range, outgoing))
            yield* Effect.yieldNow()
            const [took] = yield* Effect.timed(Fiber.interrupt(fiber))
            assert.isTrue(Duration.lessThan(took, Duration.seconds(1)))
            const given = yield* rowsOf(prepared, request, range, outgoing)
            assert.deepStrictEqual(given.map(plain), [...truth(range)].sort(inOrder).map(plain))
          })
        )
      }
    }
  })

// ------------------------------------------------------------------------------------------------------------------

const timeOf = ({ TS }: Row): bigint => (typeof TS === "bigint" ? TS : -1n)

const within = (row: Row, { end, start }: TimeRange): boolean =>
  timeOf(row) >= BigInt(start) * 1_000_000n && timeOf(row) < BigInt(end) * 1_000_000n

/** In an order of names that does not depend on who made the row; sums to twelve digits. */
const plain = (row: Row): string =>
  Object.keys(row)
    .sort()
    .map((name) => {
      const value = row[name]
      return `${name}=${typeof value === "number" ? Number(value.toPrecision(12)) : String(value)}`
    })
    .join(" ")

/** Windows of all lengths, on the grid and off it, at the bounds and empty ones; the same in each run. */
const windowsOf = ({ end, start }: TimeRange, grid: number, longest: number): ReadonlyArray<TimeRange> => {
  const length = Math.max(1, Math.floor(longest))
  const anywhere = FastCheck.tuple(
    FastCheck.integer({ min: start, max: end - 1 }),
    FastCheck.oneof(
      FastCheck.integer({ min: 1, max: length }),
      FastCheck.integer({ min: 1, max: Math.max(1, Math.min(length, grid * 3)) })
    ),
    FastCheck.boolean()
  ).map(([at, span, aligned]) => {
    const begin = aligned ? Math.floor(at / grid) * grid : at
    const finish = aligned ? begin + Math.ceil(span / grid) * grid : begin + span
    return { start: begin, end: Math.max(begin + 1, Math.min(finish, end)) }
  })
  return [
    { start, end: Math.min(end, start + length) },
    { start: Math.max(start, end - length), end },
    ...FastCheck.sample(anywhere, { numRuns: 24, seed: 20_260_301 })
  ]
}
