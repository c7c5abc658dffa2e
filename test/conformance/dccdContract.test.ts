/** The dccd daemon's HTTP contract over doubles of the operations, who is let in, and what stands beside it. */
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { assert } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as CollectorSite from "../support/CollectorSite.js"
import { histoJobs, RecordingBackfills, series } from "../support/RecordingBackfills.js"
import { inventoryRow, RecordingCollector, streamJobs } from "../support/RecordingCollector.js"
import * as Remote from "../support/Remote.js"
import { call, layer as server, postJson } from "../support/TestServer.js"
import * as BackfillOperationsSuite from "./BackfillOperationsSuite.js"
import * as CollectorOperationsSuite from "./CollectorOperationsSuite.js"
import * as DccdContractSuite from "./DccdContractSuite.js"
import { layer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const
const put = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })
const post = (path: string) => call(path, { method: "POST" })

DccdContractSuite.suite("over doubles", server())
DccdContractSuite.suite("of the built program", CollectorSite.layer)

BackfillOperationsSuite.suite("of the built program", Layer.provide(Remote.layer(), CollectorSite.layer))
CollectorOperationsSuite.suite("of the built program", Layer.provide(Remote.layer(), CollectorSite.layerWithData))

layer(server(), live)("what a request becomes", (it) => {
  it.effect("a backfill without a start begins in 2020 and takes up what failed; what is said is kept", () =>
    Effect.gen(function* () {
      const { requests } = yield* RecordingBackfills
      yield* postJson("/api/backfill", {})
      assert.deepStrictEqual(requests.at(-1), { start: "2020-01-01 00:00:00", retry_failed: true })
      const asked = {
        exchange: "binance",
        pairs: ["BTC/USDT"],
        start: "2026-01-01",
        parallel: true,
        retry_failed: false
      }
      yield* postJson("/api/backfill", { ...asked, unknown: 1 })
      assert.deepStrictEqual(requests.at(-1), asked)
    })
  )

  it.effect("a dry run is of the same request, and starts nothing", () =>
    Effect.gen(function* () {
      const { requests } = yield* RecordingBackfills
      const before = Object.keys((yield* call("/api/backfill")).json).length
      const planned = yield* postJson("/api/backfill/plan", { exchange: "kraken" })
      assert.deepStrictEqual(requests.at(-1), { exchange: "kraken", start: "2020-01-01 00:00:00", retry_failed: true })
      assert.deepStrictEqual([planned.status, planned.json.series[0].pair], [200, "XBT/USD"])
      assert.strictEqual(Object.keys((yield* call("/api/backfill")).json).length, before)
      yield* postJson("/api/jobs/plan", { exchange: "kraken" })
      assert.deepStrictEqual(requests.at(-1), { exchange: "kraken" })
    })
  )

  it.effect("a tick is of the exchange, of the pair or of all; ticks are listed where they are asked for", () =>
    Effect.gen(function* () {
      const { requests } = yield* RecordingBackfills
      const tick = yield* postJson("/api/collect", { exchange: "binance", pair: "ETH/BTC" })
      assert.deepStrictEqual(requests.at(-1), { exchange: "binance", pairs: ["ETH/BTC"], collect: true })
      yield* post("/api/collect")
      assert.deepStrictEqual(requests.at(-1), { exchange: null, pairs: null, collect: true })
      assert.notProperty((yield* call("/api/backfill")).json, tick.json.id)
      assert.property((yield* call("/api/backfill?collect=true")).json, tick.json.id)
      assert.strictEqual((yield* call("/api/backfill?collect=perhaps")).status, 422)
    })
  )

  it.effect("jobs are listed as the config has them, whole", () =>
    Effect.gen(function* () {
      yield* put("/api/config", { settings: {}, histo_jobs: histoJobs, stream_jobs: streamJobs })
      assert.deepStrictEqual((yield* call("/api/jobs")).json, { histo_jobs: histoJobs, stream_jobs: streamJobs })
    })
  )
})

layer(server(), live)("beside the daemon's routes", (it) => {
  const started = Effect.map(
    postJson("/api/jobs/start", { exchange: "binance", pairs: ["BTC/USDT"] }),
    ({ json, status }) => {
      assert.strictEqual(status, 202)
      return json
    }
  )

  it.effect("a start answers the whole record, and takes the request as it is", () =>
    Effect.gen(function* () {
      const record = yield* started
      assert.deepStrictEqual(record.request, { exchange: "binance", pairs: ["BTC/USDT"] })
      assert.deepStrictEqual([record.status, record.series[0].series], ["running", series])
      assert.strictEqual((yield* postJson("/api/jobs/start", [])).status, 422)
      const none = yield* postJson("/api/jobs/start", { exchange: "nowhere" })
      assert.deepStrictEqual([none.status, none.json.error._tag], [400, "NoMatchingJob"])
    })
  )

  it.effect("pause, resume, cancel and retry, each with its status", () =>
    Effect.gen(function* () {
      const { id } = yield* started
      const paused = yield* post(`/api/jobs/${id}/pause`)
      assert.deepStrictEqual([paused.status, paused.json.status], [200, "paused"])
      const busy = yield* post(`/api/jobs/${id}/pause`)
      assert.deepStrictEqual(
        [busy.status, busy.json.error],
        [409, { _tag: "BackfillBusy", id, status: "paused", action: "paused" }]
      )
      const resumed = yield* post(`/api/jobs/${id}/resume`)
      assert.deepStrictEqual([resumed.status, resumed.json.status], [202, "running"])
      const cancelled = yield* post(`/api/jobs/${id}/cancel`)
      assert.deepStrictEqual([cancelled.status, cancelled.text], [200, '{"status":"cancelling"}'])
      assert.strictEqual((yield* post(`/api/jobs/${id}/cancel`)).text, '{"status":"not_running"}')
      const again = yield* post(`/api/jobs/${id}/retry-failed`)
      assert.strictEqual(again.status, 202)
      assert.deepStrictEqual([again.json.id === id, again.json.request.retry_failed], [false, true])
      const all = yield* postJson("/api/jobs/resume", {})
      assert.deepStrictEqual([all.status, all.json.backfills.length], [202, 1])
      for (const verb of ["pause", "resume", "cancel", "retry-failed"]) {
        const none = yield* post(`/api/jobs/none/${verb}`)
        assert.deepStrictEqual([none.status, none.json.error], [404, { _tag: "BackfillNotFound", id: "none" }], verb)
      }
    })
  )

  it.effect("its windows come page by page", () =>
    Effect.gen(function* () {
      const { id } = yield* started
      const failed = yield* call(`/api/jobs/${id}/chunks?status=FAILED&limit=1`)
      assert.deepStrictEqual([failed.status, failed.json.chunks.length, failed.json.next], [200, 1, "1"])
      assert.strictEqual(failed.json.chunks[0].status, "FAILED")
      const rest = yield* call(`/api/jobs/${id}/chunks?status=FAILED&limit=1&after=1`)
      assert.deepStrictEqual([rest.json.chunks.length, rest.json.next], [1, null])
      assert.strictEqual((yield* call(`/api/jobs/${id}/chunks?limit=0`)).status, 422)
      assert.strictEqual((yield* call("/api/jobs/none/chunks")).status, 404)
    })
  )

  it.effect("coverage is of a series and a range, in any spelling of time", () =>
    Effect.gen(function* () {
      const { json, status } = yield* call(`/api/coverage?series=${series}&start=1970-01-02&end=86401.5`)
      assert.deepStrictEqual([status, json.coverage[0].start, json.coverage[0].end], [200, 86_400_000, 86_401_500])
      assert.strictEqual((yield* call("/api/coverage?series=a/b/c")).status, 400)
      assert.deepStrictEqual((yield* call("/api/coverage?start=soon")).json.error.problems[0].loc, ["query", "start"])
    })
  )

  it.effect("the daemon's scheduler has the schedules of histo_jobs and no other, under the daemon's ids", () =>
    Effect.gen(function* () {
      const { json } = yield* call("/api/scheduler")
      assert.deepStrictEqual(Object.keys(json), ["running", "jobs"])
      assert.deepStrictEqual(
        json.jobs.map(({ id }: any) => id),
        ["binance_BTC_USDT_3600"]
      )
      const keys = ["id", "name", "next_run", "section", "last_run", "trigger", "paused", "running"]
      assert.deepStrictEqual(Object.keys(json.jobs[0]), keys)
      assert.deepStrictEqual(
        (yield* call("/api/schedules")).json.jobs.map(({ id, section }: any) => [id, section]),
        [
          ["binance_BTC_USDT_3600", "histo_jobs"],
          ["weather/berlin", "jobs"]
        ]
      )
    })
  )

  it.effect("one schedule is paused by its id", () =>
    Effect.gen(function* () {
      const paused = yield* postJson("/api/schedules/pause", { id: "weather/berlin" })
      assert.deepStrictEqual([paused.status, paused.json], [200, { id: "weather/berlin", paused: true }])
      const job = (yield* call("/api/schedules")).json.jobs.find(({ id }: any) => id === "weather/berlin")
      assert.deepStrictEqual([job.paused, job.next_run], [true, null])
      assert.strictEqual((yield* postJson("/api/schedules/resume", { id: "weather/berlin" })).json.paused, false)
      assert.strictEqual((yield* postJson("/api/schedules/resume", { id: "none" })).status, 404)
      assert.strictEqual((yield* postJson("/api/schedules/pause", {})).status, 422)
    })
  )

  it.effect("rows are read back as a file of the format that is asked for", () =>
    Effect.gen(function* () {
      const double = yield* RecordingCollector
      const types = {
        json: ["application/json", `inline; filename="binance_ohlc_BTC-USDT_1h.json"`],
        ndjson: ["application/x-ndjson", `inline; filename="binance_ohlc_BTC-USDT_1h.ndjson"`],
        csv: ["text/csv; charset=utf-8", `attachment; filename="binance_ohlc_BTC-USDT_1h.csv"`],
        arrow: ["application/vnd.apache.arrow.stream", `attachment; filename="binance_ohlc_BTC-USDT_1h.arrow"`],
        parquet: ["application/vnd.apache.parquet", `attachment; filename="binance_ohlc_BTC-USDT_1h.parquet"`]
      }
      for (const [format, [type, disposition]] of Object.entries(types)) {
        const answer = yield* call(`/api/data?series=${series}&format=${format}`)
        assert.deepStrictEqual(
          [answer.status, answer.headers.get("content-type"), answer.headers.get("content-disposition")],
          [200, type, disposition]
        )
      }
      // A stream may have nothing to say at first.
      const text = Stream.make("", "{}\n").pipe(Stream.filter((part) => part !== ""))
      const { rows } = double
      double.rows = Stream.map(text, (part) => Buffer.from(part))
      assert.strictEqual((yield* call(`/api/data?series=${series}&format=ndjson`)).text, "{}\n")
      double.rows = rows
      yield* call(`/api/data?series=${series}&start=0&end=2026-01-01T00:00:00Z&limit=5&columns=TS,open&order=desc`)
      assert.deepStrictEqual(double.asked.at(-1), {
        series,
        format: "json",
        start: 0,
        end: 1_767_225_600_000,
        limit: 5,
        columns: ["TS", "open"],
        order: "descending"
      })
      for (const [query, loc] of [
        ["", "series"],
        [`series=${series}&format=xlsx`, "format"],
        [`series=${series}&limit=-1`, "limit"],
        [`series=${series}&order=up`, "order"]
      ]) {
        const { json, status } = yield* call(`/api/data?${query}`)
        assert.deepStrictEqual([status, json.error.problems[0].loc], [422, ["query", loc]])
      }
      const column = yield* call(`/api/data?series=${series}&columns=colour`)
      assert.deepStrictEqual([column.status, column.json.error._tag], [422, "NoSuchColumn"])
      assert.strictEqual((yield* call("/api/data?series=a/b/c")).status, 404)
    })
  )

  it.effect("rows that end in a failure are cut off: nobody takes a part for the whole", () =>
    Effect.gen(function* () {
      const double = yield* RecordingCollector
      const whole = double.rows
      double.rows = Stream.concat(Stream.make(Buffer.from("[1")), Stream.die("the disk is gone"))
      const { url } = yield* HttpAddress
      const read = async () => (await fetch(`${url}/api/data?series=${series}`)).text()
      const text = yield* Effect.promise(() => read().catch(() => "cut"))
      assert.strictEqual(text, "cut")
      double.rows = whole
    })
  )

  it.effect("a copy goes on after its answer, and tells its results to who waits", () =>
    Effect.gen(function* () {
      const double = yield* RecordingCollector
      double.remotes = [{ provider: "rclone", remote: "backup:site" }]
      const gate = yield* Effect.makeLatch(false)
      double.copying = gate.await
      const begun = yield* post("/api/storage/sync")
      assert.deepStrictEqual([begun.status, begun.text, double.syncs], [202, '{"status":"started"}', 0])
      yield* gate.open
      while (double.syncs === 0) yield* Effect.sleep("5 millis")
      const waited = yield* post("/api/storage/sync/results")
      assert.match(waited.text, /data: \{"results":\[\{"remote":"backup:site","ok":false,/)
      double.remotes = []
      assert.match((yield* post("/api/storage/sync/results")).text, /data: \{"error":\{"_tag":"NoRemotes"\}\}/)
    })
  )

  it.effect("holes are counted where they are asked for, and a bad file is named in its row", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* call("/api/inventory")).json[0].holes, null)
      assert.deepStrictEqual((yield* call("/api/inventory?holes=true")).json, [inventoryRow])
    })
  )
})

layer(server({ token: "s3cret" }), live)("with a token", (it) => {
  const as = (headers: Record<string, string>, query = "") => call(`/api/scheduler${query}`, { headers })

  it.effect("a bearer token is final, then the cookie, then the query", () =>
    Effect.gen(function* () {
      const right = "s3cret"
      const cases: ReadonlyArray<readonly [number, Record<string, string>, string]> = [
        [200, { authorization: `Bearer ${right}` }, ""],
        [200, { authorization: `bEaReR ${right}` }, "?token=wrong"],
        [401, { authorization: "Bearer wrong", cookie: `dccd_token=${right}` }, `?token=${right}`],
        [401, { authorization: "Bearer ", cookie: `dccd_token=${right}` }, `?token=${right}`],
        [200, { authorization: "Basic eDp5", cookie: `dccd_token=${right}` }, ""],
        [200, { cookie: `a=b; dccd_token=${right}` }, "?token=wrong"],
        [401, { cookie: "dccd_token=wrong" }, `?token=${right}`],
        [200, { cookie: "dccd_token=" }, `?token=${right}`],
        [200, {}, `?token=${right}`],
        [401, {}, "?token=wrong"],
        [401, {}, ""]
      ]
      for (const [status, headers, query] of cases) {
        const answer = yield* as(headers, query)
        assert.strictEqual(answer.status, status, JSON.stringify([headers, query]))
        if (status === 401) assert.strictEqual(answer.text, '{"detail":"Invalid or missing token"}')
        assert.isNull(answer.headers.get("set-cookie"))
      }
    })
  )

  it.effect("a page opened with the token keeps it in a cookie; files are open, descriptions are not there", () =>
    Effect.gen(function* () {
      const page = yield* call("/jobs?token=s3cret")
      assert.strictEqual(page.status, 200)
      assert.strictEqual(page.headers.get("set-cookie"), "dccd_token=s3cret; Path=/; HttpOnly; SameSite=Strict")
      for (const path of ["/", "/inventory", "/logs", "/config", "/storage"]) {
        assert.deepStrictEqual((yield* call(path)).json, { detail: "Invalid or missing token" }, path)
      }
      const authorization = "Bearer s3cret"
      for (const path of ["/openapi.json", "/api/docs", "/redoc"]) {
        assert.strictEqual((yield* call(path, { headers: { authorization } })).status, 404, path)
      }
      assert.strictEqual((yield* call("/static/none.js")).status, 404)
    })
  )
})
