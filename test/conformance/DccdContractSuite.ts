/**
 * The HTTP surface of the dccd daemon 2.4, as its clients know it. The server has no token, no remotes, a histo job of binance
 * (BTC/USDT and ETH/BTC, an hour) and a stream job of binance (BTC/USDT, trades).
 */
import type { HttpAddress } from "../../src/http/HttpAddress.js"
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { call, postJson, type Reply } from "../support/TestServer.js"
import { layer as testLayer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const

/** A request, its status, and what its body must be: a text for `detail`, a place for a list of problems, or a check. */
type Row = readonly [
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body: unknown,
  status: number,
  expected: string | ReadonlyArray<string> | ((json: any) => void)
]

const noJob = "No configured histo job matches this exchange/pair. Add one on the Config page first."
const trades = { exchange: "binance", pair: "BTC/USDT", channels: ["trades"] }
const histo_jobs = [{ exchange: "binance", pairs: ["BTC/USDT"], span: 3600 }]
const equals = (value: unknown) => (json: unknown) => assert.deepStrictEqual(json, value)
const isId = (json: unknown) => assert.match(JSON.stringify(json), /^\{"id":"[^"]+_\d+(_\d+)?"\}$/)
const isStarted = ({ id, status, ...rest }: any) =>
  assert.deepStrictEqual([status, typeof id, rest], ["started", "string", {}])
const beginsWith =
  (...keys: ReadonlyArray<string>) =>
  (json: object) =>
    assert.deepStrictEqual(Object.keys(json).slice(0, keys.length), keys)

const config: ReadonlyArray<Row> = [
  ["GET", "/api/config", undefined, 200, (json) => assert.isObject(json)],
  ["PUT", "/api/config", [], 422, ["body"]],
  ["PUT", "/api/config", "text", 422, ["body"]],
  ["PUT", "/api/config", undefined, 422, ["body"]],
  ["PUT", "/api/config", { settings: 5, histo_jobs }, 422, (json) => assert.isString(json.detail)],
  ["POST", "/api/config/validate", { settings: {}, histo_jobs }, 200, equals({ valid: true, error: null })],
  [
    "POST",
    "/api/config/validate",
    { settings: 5, histo_jobs },
    200,
    ({ error, valid }) => assert.deepStrictEqual([valid, typeof error], [false, "string"])
  ],
  ["POST", "/api/config/validate", [], 422, ["body"]]
]

const backfill: ReadonlyArray<Row> = [
  ["GET", "/api/jobs", undefined, 200, (json) => assert.hasAllKeys(json, ["histo_jobs", "stream_jobs"])],
  ["POST", "/api/backfill", {}, 202, isId],
  ["POST", "/api/backfill", { exchange: null, pairs: null, start: "2026-01-01", parallel: true }, 202, isId],
  ["POST", "/api/backfill", { exchange: "", pairs: [] }, 202, isId],
  ["POST", "/api/backfill", { exchange: "binance", pairs: ["BTC/USDT", "NO/NE"], colour: "red" }, 202, isId],
  ["POST", "/api/backfill", { exchange: "nowhere" }, 400, noJob],
  ["POST", "/api/backfill", { pairs: ["NO/NE"] }, 400, noJob],
  ["POST", "/api/backfill", undefined, 422, ["body"]],
  ["POST", "/api/backfill", [], 422, ["body"]],
  ["POST", "/api/backfill", { pairs: "BTC/USDT" }, 422, ["body", "pairs"]],
  ["POST", "/api/backfill", { start: null }, 422, ["body", "start"]],
  ["POST", "/api/backfill", { parallel: "maybe" }, 422, ["body", "parallel"]],
  ["GET", "/api/backfill", undefined, 200, (json) => assert.isNotEmpty(Object.keys(json))],
  ["GET", "/api/backfill/none_1", undefined, 404, "No backfill none_1"],
  ["DELETE", "/api/backfill/none_1", undefined, 404, "No backfill none_1"],
  ["POST", "/api/collect", undefined, 202, isStarted],
  ["POST", "/api/collect", {}, 202, isStarted],
  ["POST", "/api/collect", { exchange: "binance", pair: null }, 202, isStarted],
  ["POST", "/api/collect", { pair: "BTC/USDT" }, 202, isStarted],
  ["POST", "/api/collect", { exchange: "nowhere" }, 404, "No matching histo job"],
  ["POST", "/api/collect", { pair: "NO/NE" }, 404, "No matching histo job"],
  ["POST", "/api/collect", { exchange: 5 }, 422, ["body", "exchange"]],
  ["POST", "/api/collect", [], 422, ["body"]]
]

const collector: ReadonlyArray<Row> = [
  ["GET", "/api/inventory", undefined, 200, (json) => assert.isArray(json)],
  ["GET", "/api/metrics", undefined, 200, (json) => assert.isObject(json)],
  ["POST", "/api/scheduler/stop", undefined, 200, equals({ running: false })],
  ["GET", "/api/scheduler", undefined, 200, (json) => assert.strictEqual(json.running, false)],
  ["POST", "/api/scheduler/start", undefined, 202, equals({ running: true })],
  ["POST", "/api/scheduler/start", undefined, 202, equals({ running: true })],
  ["GET", "/api/scheduler", undefined, 200, beginsWith("running", "jobs")],
  ["POST", "/api/streams/start", trades, 202, equals({ status: "started", key: "binance_BTC_USDT_trades" })],
  ["POST", "/api/streams/start", trades, 202, equals({ status: "started", key: "binance_BTC_USDT_trades" })],
  ["POST", "/api/streams/start", { ...trades, pair: "NO/NE" }, 404, "No matching stream job"],
  ["POST", "/api/streams/start", { ...trades, exchange: "nowhere" }, 404, "No matching stream job"],
  ["POST", "/api/streams/start", { exchange: "binance", pair: "BTC/USDT" }, 422, ["body", "channels"]],
  ["POST", "/api/streams/start", { ...trades, channels: "trades" }, 422, ["body", "channels"]],
  ["POST", "/api/streams/start", undefined, 422, ["body"]],
  ["POST", "/api/streams/stop", trades, 200, equals({ status: "stopping", key: "binance_BTC_USDT_trades" })],
  [
    "POST",
    "/api/streams/stop",
    { exchange: "nowhere", pair: "NO/NE", channels: ["a", "b"] },
    200,
    equals({ status: "not_running", key: "nowhere_NO_NE_a_b" })
  ],
  ["POST", "/api/streams/stop", {}, 422, ["body", "exchange"]],
  ["GET", "/api/logs", undefined, 200, (json) => assert.isArray(json.lines)],
  ["GET", "/api/logs?tail=1", undefined, 200, (json) => assert.isAtMost(json.lines.length, 1)],
  ["GET", "/api/logs?tail=1000000", undefined, 200, (json) => assert.isArray(json.lines)],
  ["GET", "/api/logs?tail=few", undefined, 422, ["query", "tail"]],
  ["GET", "/api/logs?level=x", undefined, 422, ["query", "level"]],
  ["GET", "/api/storage", undefined, 200, beginsWith("remotes", "sync_interval", "rclone_available", "last_sync")],
  ["POST", "/api/storage/sync", undefined, 400, "No remotes configured"]
]

const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/api/config": ["GET", "PUT"],
  "/api/config/validate": ["POST"],
  "/api/inventory": ["GET"],
  "/api/metrics": ["GET"],
  "/api/jobs": ["GET"],
  "/api/backfill": ["POST", "GET"],
  "/api/backfill/x": ["GET", "DELETE"],
  "/api/collect": ["POST"],
  "/api/scheduler": ["GET"],
  "/api/scheduler/start": ["POST"],
  "/api/scheduler/stop": ["POST"],
  "/api/streams": ["GET"],
  "/api/streams/start": ["POST"],
  "/api/streams/stop": ["POST"],
  "/api/logs": ["GET"],
  "/api/storage": ["GET"],
  "/api/storage/sync": ["POST"]
}

const send = (method: Row[0], path: string, body: unknown) =>
  body === undefined ? call(path, { method }) : method === "POST" ? postJson(path, body) : put(path, body)

const put = (path: string, body: unknown) =>
  call(path, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

/** Asks for the end of a backfill, and waits for it. */
const cancelled = (id: string) =>
  Effect.gen(function* () {
    const answer = yield* call(`/api/backfill/${id}`, { method: "DELETE" })
    for (;;) {
      const { status } = (yield* call(`/api/backfill/${id}`)).json
      if (status !== "running" && status !== "cancelling") return answer
      yield* Effect.sleep("20 millis")
    }
  })

const check = ({ json, status, text }: Reply, [method, path, , wanted, expected]: Row) => {
  const what = `${method} ${path}: ${text.slice(0, 300)}`
  assert.strictEqual(status, wanted, what)
  if (typeof expected === "function") return void expected(json)
  if (typeof expected === "string") return assert.deepStrictEqual(json, { detail: expected }, what)
  assert.hasAllKeys(json, ["detail"], what)
  assert.isArray(json.detail, what)
  assert.deepStrictEqual(json.detail[0].loc.slice(0, expected.length), expected, what)
}

export const suite = <E>(name: string, layer: Layer.Layer<HttpAddress, E>) =>
  testLayer(layer, live)(`the daemon's HTTP surface ${name}`, (it) => {
    for (const row of [...config, ...backfill, ...collector]) {
      const [method, path, body, status] = row
      const shown = body === undefined ? "" : ` ${JSON.stringify(body)}`
      it.effect(`${method} ${path}${shown} is ${status}`, () =>
        Effect.map(send(method, path, body), (reply) => check(reply, row))
      )
    }

    it.effect("a body that is no JSON is 422 with a list", () =>
      Effect.gen(function* () {
        for (const path of ["/api/backfill", "/api/collect", "/api/streams/start", "/api/config/validate"]) {
          const { json, status } = yield* postJson(path, '{"a":')
          assert.deepStrictEqual([status, json.detail[0].type], [422, "json_invalid"], path)
        }
      })
    )

    it.effect("a wrong method is 405 and names the right ones; an unknown path is 404", () =>
      Effect.gen(function* () {
        for (const [path, methods] of Object.entries(allowed)) {
          for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
            if (methods.includes(method)) continue
            const answer = yield* call(path, { method })
            assert.deepStrictEqual([answer.status, answer.text], [405, '{"detail":"Method Not Allowed"}'], path)
            assert.sameMembers((answer.headers.get("allow") ?? "").split(", "), [...methods], path)
          }
        }
        for (const path of ["/api", "/api/nope", "/api/streams/x", "/api/backfill/a/b", "/api/inventory/x"]) {
          const answer = yield* call(path)
          assert.deepStrictEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}'], path)
        }
      })
    )

    it.effect("a backfill has its record, and an end by DELETE", () =>
      Effect.gen(function* () {
        // A request whose series are being fetched already would be answered with what fetches them.
        for (const id of Object.keys((yield* call("/api/backfill?collect=true")).json)) yield* cancelled(id)
        const { json } = yield* postJson("/api/backfill", { exchange: "binance", pairs: ["ETH/BTC"] })
        assert.match(json.id, /^binance_ETHBTC_\d+/)
        const record = (yield* call(`/api/backfill/${json.id}`)).json
        beginsWith("id", "exchange", "pairs", "start", "status", "progress", "log", "started_at", "error")(record)
        assert.deepStrictEqual(
          [record.id, record.exchange, record.pairs, record.start],
          [json.id, "binance", ["ETH/BTC"], "2020-01-01 00:00:00"]
        )
        assert.include(["running", "done"], record.status)
        for (const { done, total } of Object.values<any>(record.progress)) assert.isAtMost(done, total)
        assert.isNumber(record.started_at)
        const all = (yield* call("/api/backfill")).json
        assert.strictEqual(all[json.id].id, json.id)
        const first = yield* cancelled(json.id)
        assert.strictEqual(first.status, 200)
        assert.include(['{"status":"cancelling"}', '{"status":"not_running"}'], first.text)
        const second = yield* call(`/api/backfill/${json.id}`, { method: "DELETE" })
        assert.deepStrictEqual([second.status, second.text], [200, '{"status":"not_running"}'])
      })
    )

    it.effect("schedules have no next run while the scheduler is stopped", () =>
      Effect.gen(function* () {
        yield* call("/api/scheduler/stop", { method: "POST" })
        const stopped = (yield* call("/api/scheduler")).json
        assert.isNotEmpty(stopped.jobs)
        for (const job of stopped.jobs) {
          beginsWith("id", "name", "next_run")(job)
          assert.isNull(job.next_run)
        }
        yield* call("/api/scheduler/start", { method: "POST" })
      })
    )

    it.effect("a stream is listed with its keys, and runs from start to stop", () =>
      Effect.gen(function* () {
        const first = Effect.map(call("/api/streams"), ({ json }) => json[0])
        yield* postJson("/api/streams/start", trades)
        const running = yield* first
        beginsWith("key", "exchange", "pair", "channels", "time_step", "running")(running)
        assert.deepStrictEqual([running.key, running.running], ["binance_BTC_USDT_trades", true])
        yield* postJson("/api/streams/stop", trades)
        assert.strictEqual((yield* first).running, false)
      })
    )

    it.effect("rows of the inventory begin with the daemon's keys", () =>
      Effect.gen(function* () {
        for (const row of (yield* call("/api/inventory")).json) {
          beginsWith("exchange", "pair", "type", "span", "first", "last", "rows", "gaps")(row)
        }
      })
    )

    it.effect("its six pages are pages", () =>
      Effect.gen(function* () {
        for (const path of ["/", "/inventory", "/jobs", "/logs", "/config", "/storage"]) {
          const page = yield* call(path)
          assert.strictEqual(page.status, 200, path)
          assert.include(page.headers.get("content-type") ?? "", "text/html")
          assert.isNull(page.headers.get("set-cookie"))
        }
      })
    )

    it.effect("the descriptions of the API are there", () =>
      Effect.gen(function* () {
        const { paths } = (yield* call("/openapi.json")).json
        assert.containsAllKeys(
          paths,
          Object.keys(allowed).map((path) => path.replace("/x", "/{id}"))
        )
        for (const path of ["/api/docs", "/redoc"]) assert.strictEqual((yield* call(path)).status, 200)
      })
    )
  })
