/**
 * A telemetry store in memory that answers as the real one does: same checks, same texts. `lines` is what it has kept. A test
 * may hold posts back (`gate`) or make the next ones fail.
 */
import * as Cursor from "../../src/domain/Cursor.js"
import {
  BatchResult,
  beginsInThePast,
  EventPage,
  type EventFilter,
  type TailItem
} from "../../src/domain/EventQuery.js"
import { InvalidInput, UnreadableBody } from "../../src/domain/Refusal.js"
import { RunNotFound } from "../../src/domain/Run.js"
import type { EventAck, EventLine } from "../../src/domain/TelemetryEvent.js"
import {
  NoCurrentEvent,
  TelemetryOperations,
  TelemetryStats,
  VerifyReport,
  type PostError
} from "../../src/operations/TelemetryOperations.js"
import { EventScanner } from "../../src/telemetry/EventScanner.js"
import { Chunk, Context, Effect, Layer, PubSub, Stream } from "effect"
import { isUtf8 } from "node:buffer"

interface Kept {
  readonly seq: number
  readonly type: string
  readonly line: EventLine
}

export class TelemetryDouble extends Context.Tag("test/TelemetryDouble")<
  TelemetryDouble,
  {
    readonly lines: Array<EventLine>
    /** Runs before each post. */
    gate: Effect.Effect<void, PostError>
    /** What a tail of all events costs the store: how many times it was begun. */
    tails: number
    /** Keeps an event without going through a post. */
    readonly append: (type: string, data: string) => Effect.Effect<void>
  }
>() {}

const ts = "2026-01-02T03:04:05.678Z"
const slice = (bytes: Buffer, at: { readonly start: number; readonly end: number }, absent: string) =>
  at.start < 0 ? absent : bytes.toString("utf8", at.start, at.end)

export const layer: Layer.Layer<TelemetryOperations | TelemetryDouble> = Layer.effectContext(
  Effect.gen(function* () {
    const kept: Array<Kept> = []
    const lines: Array<EventLine> = []
    const current = new Map<string, string>()
    const news = yield* PubSub.unbounded<Kept>()
    const double: Context.Tag.Service<TelemetryDouble> = {
      lines,
      gate: Effect.void,
      tails: 0,
      append: (type, data) => Effect.asVoid(keep(type, data, "{}", ts))
    }

    const keep = (type: string, data: string, meta: string, time: string) => {
      const seq = kept.length + 1
      const line = `{"seq":${seq},"ts":${JSON.stringify(time)},"stream":"site","type":${JSON.stringify(type)},"data":${data},"meta":${meta}}`
      const entry = { seq, type, line: line as EventLine }
      kept.push(entry)
      lines.push(entry.line)
      return Effect.as(PubSub.publish(news, entry), seq)
    }

    const take = (body: Buffer) =>
      Effect.gen(function* () {
        const scanner = new EventScanner()
        const problem = scanner.scan(body, 0, body.length)
        if (problem !== undefined) return yield* problem
        const type = JSON.parse(slice(body, scanner.type, '""')) as string
        const meta = slice(body, scanner.meta, "{}")
        const time = scanner.ts.start < 0 ? ts : (JSON.parse(slice(body, scanner.ts, "")) as string)
        const data = slice(body, scanner.data, "null")
        const seq = yield* keep(type, data, meta, time)
        const ack = `{"seq":${seq},"ts":${JSON.stringify(time)},"type":${JSON.stringify(type)},"data":${data},"meta":${meta}}`
        if (scanner.makeCurrent) current.set(type, ack)
        return { seq, ack: ack as EventAck }
      })

    const batch = (bodies: ReadonlyArray<Buffer>) =>
      Effect.gen(function* () {
        const accepted: Array<{ line: number; seq: number }> = []
        const refused: Array<{ line: number; error: unknown }> = []
        for (const [i, body] of bodies.entries()) {
          const result = yield* Effect.either(take(body))
          if (result._tag === "Right") accepted.push({ line: i + 1, seq: result.right.seq })
          else refused.push({ line: i + 1, error: { detail: result.left.problems } })
        }
        if (accepted.length === 0 && refused.length > 0) {
          return yield* new InvalidInput({
            problems: [{ type: "value_error", loc: ["body"], msg: "every line is refused", input: null }]
          })
        }
        return new BatchResult({ accepted, refused })
      })

    const lets = (filter: EventFilter) => (entry: Kept) =>
      (filter.types.length === 0 || filter.types.includes(entry.type)) &&
      (filter.afterSeq === undefined || entry.seq > filter.afterSeq) &&
      (filter.stream === undefined || filter.stream === "site")

    const known = (filter: EventFilter) =>
      filter.run === undefined || filter.run === "001"
        ? Effect.void
        : Effect.fail(new RunNotFound({ run_id: filter.run }))

    const operations = TelemetryOperations.of({
      post: (body) =>
        double.gate.pipe(
          Effect.zipRight(
            Effect.suspend((): Effect.Effect<EventAck, PostError> => {
              const bytes = Buffer.from(body)
              return isUtf8(bytes) ? Effect.map(take(bytes), ({ ack }) => ack) : Effect.fail(new UnreadableBody())
            })
          )
        ),
      postLines: (body) =>
        Stream.runCollect(body instanceof Uint8Array ? Stream.make(body) : body).pipe(
          Effect.flatMap((chunks) =>
            batch(
              Buffer.concat(Chunk.toReadonlyArray(chunks))
                .toString("utf8")
                .split("\n")
                .filter((line) => line.trim() !== "")
                .map((line) => Buffer.from(line))
            )
          )
        ),
      postArray: (body) =>
        Effect.suspend(() => {
          const values: unknown = JSON.parse(Buffer.from(body).toString("utf8"))
          return Array.isArray(values)
            ? batch(values.map((value) => Buffer.from(JSON.stringify(value))))
            : Effect.fail(
                new InvalidInput({
                  problems: [{ type: "list_type", loc: ["body"], msg: "Input should be a valid list", input: null }]
                })
              )
        }),
      current: Effect.sync(
        () => `{"current":{${Array.from(current, ([type, ack]) => `${JSON.stringify(type)}:${ack}`).join(",")}}}`
      ),
      currentOf: (type) =>
        Effect.suspend(() => {
          const ack = current.get(type)
          return ack === undefined ? Effect.fail(new NoCurrentEvent({ type })) : Effect.succeed(ack as EventAck)
        }),
      query: ({ cursor, descending, filter, limit }) =>
        Effect.map(known(filter), () => {
          const from = cursor?.site ?? 0
          const found = kept
            .filter(lets(filter))
            .filter(({ seq }) => (descending ? from === 0 || seq < from : seq > from))
          if (descending) found.reverse()
          const page = found.slice(0, limit)
          const last = page.at(-1)
          return new EventPage({
            lines: page.map(({ line }) => line),
            ...(found.length > limit && last !== undefined ? { next: { site: last.seq } } : {})
          })
        }),
      events: (filter, { descending = false, limit = Number.POSITIVE_INFINITY } = {}) =>
        Stream.unwrap(
          Effect.map(known(filter), () => {
            const found = kept.filter(lets(filter)).map(({ line }) => line)
            return Stream.fromIterable((descending ? found.toReversed() : found).slice(0, limit))
          })
        ),
      tail: (filter, from) =>
        Stream.unwrapScoped(
          Effect.gen(function* () {
            yield* known(filter)
            double.tails++
            const subscription = yield* PubSub.subscribe(news)
            const begin = from ?? (beginsInThePast(filter) ? Cursor.start : { site: kept.length })
            const since = begin.site ?? 0
            const old = kept.slice()
            return Stream.concat(
              Stream.fromIterable(old),
              Stream.fromQueue(subscription).pipe(Stream.filter(({ seq }) => seq > old.length))
            ).pipe(
              Stream.filter((entry) => entry.seq > since && lets(filter)(entry)),
              Stream.map((entry): TailItem => ({
                line: entry.line,
                cursor: Cursor.advance(from ?? {}, "site", entry.seq)
              }))
            )
          })
        ),
      export: (format, filter) =>
        Stream.unwrap(
          Effect.map(known(filter), () =>
            Stream.fromIterable(kept.filter(lets(filter))).pipe(
              Stream.map(({ line, seq, type }) => (format === "csv" ? `${seq},${type}\n` : `${line}\n`)),
              Stream.encodeText
            )
          )
        ),
      verify: ({ repair }) =>
        Effect.succeed(
          new VerifyReport({
            files: 1,
            bytes: 10,
            events: kept.length,
            seconds: 0.5,
            findings: repair
              ? [{ kind: "torn", path: "site_20260101.ndjson", offset: 7, message: "a torn tail", repaired: true }]
              : []
          })
        ),
      stats: Effect.sync(
        () =>
          new TelemetryStats({
            seq: { site: kept.length, run: 0, system: 0 },
            eventsAccepted: kept.length,
            bytesWritten: 0,
            syncs: 0,
            pendingEvents: 0
          })
      )
    })
    return Context.make(TelemetryOperations, operations).pipe(Context.add(TelemetryDouble, double))
  })
)
