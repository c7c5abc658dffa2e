/**
 * What `TelemetryOperations` promises, whoever carries it out: in process or over HTTP. The layer begins with an empty site
 * without a run.
 */
import * as Cursor from "../../src/domain/Cursor.js"
import { EventFilter, EventQuery } from "../../src/domain/EventQuery.js"
import { bodyOf, parse } from "../../src/domain/TelemetryEvent.js"
import { TelemetryOperations } from "../../src/operations/TelemetryOperations.js"
import { assert } from "@effect/vitest"
import { Chunk, Effect, Fiber, Layer, Stream } from "effect"
import { layer as testLayer } from "../support/SharedLayer.js"

const of = (...types: ReadonlyArray<string>) => new EventFilter({ types })
const bytes = (text: string) => new TextEncoder().encode(text)
const lined = (...bodies: ReadonlyArray<string>) => Stream.make(bytes(`${bodies.join("\n")}\n`))

export const suite = <E>(name: string, layer: Layer.Layer<TelemetryOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`TelemetryOperations ${name}`, (it) => {
    it.effect("an accepted event is acknowledged, current and kept, with its text", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const data = '{"b":1,"2":0,"1":1.0,"n":123456789012345678901234567890}'
        const ack = yield* telemetry.post(`{"type":"kept","data":${data},"meta":{"x":1e3}}`)
        assert.include(ack, `"type":"kept","data":${data},"meta":{"x":1e3}}`)
        const event = yield* parse(ack)
        assert.isAtLeast(event.seq, 1)
        assert.match(event.ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        assert.strictEqual(yield* telemetry.currentOf("kept"), ack)
        assert.include(yield* telemetry.current, `"kept":${ack}`)
        const { lines } = yield* telemetry.query(new EventQuery({ filter: of("kept") }))
        assert.strictEqual(lines.length, 1)
        assert.strictEqual(lines[0]?.replace('"stream":"site",', ""), ack)
      })
    )

    it.effect("an event is taken as bytes too, and may stay out of the current view", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        yield* telemetry.post(bytes(bodyOf({ type: "hidden", data: "ü", makeCurrent: false })))
        const error = yield* Effect.flip(telemetry.currentOf("hidden"))
        assert.strictEqual(error._tag, "NoCurrentEvent")
      })
    )

    it.effect("a current event is found under any type, and missed under its own name", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        for (const type of ["a/b", "a;b c?#%", "ü😀", "..", "it's", "__proto__"]) {
          const missing = yield* Effect.flip(telemetry.currentOf(type))
          assert.deepStrictEqual([missing._tag, "type" in missing && missing.type], ["NoCurrentEvent", type])
          const ack = yield* telemetry.post(bodyOf({ type, data: 1 }))
          assert.strictEqual(yield* telemetry.currentOf(type), ack)
        }
      })
    )

    it.effect("what is wrong with an event is told problem by problem, and leaves no trace", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const before = (yield* telemetry.stats).seq
        const error = yield* Effect.flip(telemetry.post('{"type":3,"meta":[1]}'))
        assert.isTrue(error._tag === "InvalidInput")
        assert.deepStrictEqual(error._tag === "InvalidInput" ? error.problems : [], [
          { type: "string_type", loc: ["body", "type"], msg: "Input should be a valid string", input: 3 },
          { type: "missing", loc: ["body", "data"], msg: "Field required", input: { type: 3, meta: [1] } },
          { type: "dict_type", loc: ["body", "meta"], msg: "Input should be a valid dictionary", input: [1] }
        ])
        const broken = yield* Effect.flip(telemetry.post("{"))
        assert.strictEqual(broken._tag === "InvalidInput" && broken.problems[0]?.type, "json_invalid")
        const notText = yield* Effect.flip(telemetry.post(new Uint8Array([0x22, 0xff, 0x22])))
        assert.strictEqual(notText._tag, "UnreadableBody")
        assert.deepStrictEqual((yield* telemetry.stats).seq, before)
      })
    )

    it.effect("a batch is taken line by line", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const good = (n: number) => bodyOf({ type: "batched", data: n })
        const result = yield* telemetry.postLines(lined(good(1), '{"type":1}', good(2)))
        assert.deepStrictEqual(
          result.accepted.map(({ line }) => line),
          [1, 3]
        )
        assert.deepStrictEqual(
          result.refused.map(({ line }) => line),
          [2]
        )
        const array = yield* telemetry.postArray(bytes(`[${good(3)},5,${good(4)}]`))
        assert.deepStrictEqual([array.accepted.length, array.refused[0]?.line], [2, 2])
        const { lines } = yield* telemetry.query(new EventQuery({ filter: of("batched") }))
        assert.strictEqual(lines.length, 4)
        const none = yield* Effect.flip(telemetry.postLines(lined("1", "2")))
        assert.strictEqual(none._tag, "InvalidInput")
      })
    )

    it.effect("pages follow each other without a gap or a repeat, in both directions", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        yield* telemetry.postLines(lined(...Array.from({ length: 25 }, (_, n) => bodyOf({ type: "paged", data: n }))))
        for (const descending of [false, true]) {
          const read: Array<number> = []
          let cursor: Cursor.Cursor | undefined
          for (let page = 0; page < 10; page++) {
            const { lines, next } = yield* telemetry.query(
              new EventQuery({
                filter: of("paged"),
                limit: 10,
                descending,
                ...(cursor === undefined ? {} : { cursor })
              })
            )
            for (const line of lines) read.push(Number((yield* parse(line)).data))
            if (next === undefined) break
            cursor = next
          }
          const wanted = Array.from({ length: 25 }, (_, n) => n)
          assert.deepStrictEqual(read, descending ? wanted.toReversed() : wanted)
        }
        const some = yield* Stream.runCollect(telemetry.events(of("paged"), { descending: true, limit: 3 }))
        assert.strictEqual(Chunk.size(some), 3)
        const all = yield* Stream.runCollect(telemetry.events(of("paged")))
        assert.strictEqual(Chunk.size(all), 25)
      })
    )

    it.effect("a run that is not known is told by its id, wherever a filter names it", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const filter = new EventFilter({ run: "no such run" })
        const errors = yield* Effect.all([
          Effect.flip(telemetry.query(new EventQuery({ filter }))),
          Effect.flip(Stream.runDrain(telemetry.events(filter))),
          Effect.flip(Stream.runDrain(telemetry.tail(filter))),
          Effect.flip(Stream.runDrain(telemetry.export("ndjson", filter)))
        ])
        for (const error of errors) {
          assert.deepStrictEqual([error._tag, "run_id" in error && error.run_id], ["RunNotFound", "no such run"])
        }
      })
    )

    it.effect("a tail goes on from a cursor: what was before it, then what comes", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        yield* telemetry.post(bodyOf({ type: "tailed", data: 0 }))
        yield* telemetry.post(bodyOf({ type: "tailed", data: 1 }))
        const follower = yield* telemetry
          .tail(of("tailed"), Cursor.start)
          .pipe(Stream.take(4), Stream.runCollect, Effect.map(Chunk.toReadonlyArray), Effect.fork)
        yield* Effect.sleep("50 millis")
        yield* telemetry.post(bodyOf({ type: "other", data: 1 }))
        yield* telemetry.post(bodyOf({ type: "tailed", data: 2 }))
        yield* telemetry.post(bodyOf({ type: "tailed", data: 3 }))
        const items = yield* Fiber.join(follower).pipe(Effect.timeout("2 minutes"))
        const events = yield* Effect.forEach(items, ({ line }) => parse(line))
        assert.deepStrictEqual(
          events.map(({ data }) => data),
          [0, 1, 2, 3]
        )
        const third = items[2]
        assert.isDefined(third)
        const rest = yield* telemetry
          .tail(of("tailed"), third?.cursor)
          .pipe(Stream.take(1), Stream.runCollect, Effect.timeout("2 minutes"))
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(rest).map(({ line }) => line),
          [items[3]?.line]
        )
      })
    )

    it.effect("a tail of what is behind a number begins with what is stored, then goes on live", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const begin = yield* parse(yield* telemetry.post(bodyOf({ type: "behind", data: 0 })))
        yield* telemetry.post(bodyOf({ type: "behind", data: 1 }))
        const follower = yield* telemetry
          .tail(new EventFilter({ types: ["behind"], afterSeq: begin.seq }))
          .pipe(Stream.take(2), Stream.runCollect, Effect.fork)
        yield* Effect.sleep("50 millis")
        yield* telemetry.post(bodyOf({ type: "behind", data: 2 }))
        const items = yield* Fiber.join(follower).pipe(Effect.timeout("2 minutes"))
        const events = yield* Effect.forEach(items, ({ line }) => parse(line))
        assert.deepStrictEqual(
          events.map(({ data }) => data),
          [1, 2]
        )
      })
    )

    it.effect("an export streams the lines as they are", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        yield* telemetry.post(bodyOf({ type: "exported", data: [1, "two"] }))
        const { lines } = yield* telemetry.query(new EventQuery({ filter: of("exported") }))
        const text = yield* telemetry.export("ndjson", of("exported")).pipe(Stream.decodeText(), Stream.mkString)
        assert.strictEqual(text, lines.map((line) => `${line}\n`).join(""))
      })
    )

    it.effect("a check of the data reports what it read", () =>
      Effect.gen(function* () {
        const telemetry = yield* TelemetryOperations
        const report = yield* telemetry.verify({ repair: false })
        assert.deepStrictEqual(report.findings, [])
        assert.isAtLeast(report.events, 1)
      })
    )
  })
