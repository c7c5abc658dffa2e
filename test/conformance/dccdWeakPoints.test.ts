/** Where the dccd daemon's HTTP face was weak, this one is not. Numbers are those of the list of its weak points. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as CollectorSite from "../support/CollectorSite.js"

const btc = { exchange: "binance", pairs: ["BTC/USDT"], start: "2026-01-01" }
const job = (pairs: string, span: number) =>
  `  - {exchange: binance, pairs: [${pairs}], span: ${span}, max_retries: 1, retry_delay: 0}\n`

/** A server with this config, and a test on it that awaits. */
const on = (
  options: Parameters<typeof CollectorSite.open>[0],
  use: (site: CollectorSite.CollectorSite) => Promise<void>
) => Effect.flatMap(CollectorSite.open(options), (site) => Effect.promise(() => use(site)))

const put = (site: CollectorSite.CollectorSite, body: unknown, headers: Record<string, string> = {}) =>
  site.call("/api/config", {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("jobs", () => {
  it.scopedLive("dccd weak point 11: ids of one second differ", () =>
    on({}, async (site) => {
      const ids: Array<string> = []
      while (new Set(ids.map((id) => /\d{10}/.exec(id)?.[0])).size === ids.length) {
        const { json } = await site.post("/api/backfill", btc)
        ids.push(json.id)
        await site.call(`/api/backfill/${json.id}`, { method: "DELETE" })
        await CollectorSite.over(site, json.id)
      }
      assert.strictEqual(new Set(ids).size, ids.length)
      assert.containsAllKeys((await site.call("/api/backfill")).json, ids)
    })
  )

  it.scopedLive(
    "dccd weak point 11: progress is told by series, never beyond its total, with an end, rows and what failed",
    () =>
      on({ config: `histo_jobs:\n${job("BTC/USDT", 3600)}${job("BTC/USDT", 14_400)}` }, async (site) => {
        const { json } = await site.post("/api/backfill", { ...btc, start: "2025-01-01" })
        const totals = new Set<number>()
        for (;;) {
          const record = (await site.call(`/api/backfill/${json.id}`)).json
          const { done, total } = record.progress["BTC/USDT"] ?? { done: 0, total: 0 }
          assert.isAtMost(done, total)
          if (total > 0) totals.add(total)
          if (record.status !== "running") break
          await sleep(5)
        }
        const record = await CollectorSite.over(site, json.id)
        const keys = ["binance/ohlc/BTC-USDT/1h", "binance/ohlc/BTC-USDT/4h"]
        assert.sameMembers(
          record.series.map(({ series }: any) => series),
          keys
        )
        const sum = record.series.reduce((all: number, { total }: any) => all + total, 0)
        assert.deepStrictEqual(record.progress["BTC/USDT"], { done: sum, total: sum })
        assert.include([...totals], sum)
        assert.isAtLeast(record.finished_at, record.started_at)
        assert.isAbove(record.rows, 8_760)
        assert.deepStrictEqual([record.status, record.complete, record.failed], ["done", true, 0])
        assert.isAtMost(record.log.length, 100)
      })
  )

  it.scopedLive("dccd weak point 14: a tick has an id, its progress, and a result that tells what failed", () =>
    on(
      {
        exchange: { faults: ({ exchange }) => (exchange === "kraken" ? { kind: "status", status: 500 } : undefined) }
      },
      async (site) => {
        const { json, status } = await site.post("/api/collect", {})
        assert.deepStrictEqual([status, json.status], [202, "started"])
        const record = await CollectorSite.over(site, json.id)
        const of = (pair: string) => record.series.find(({ series }: any) => series.includes(pair))
        assert.isAbove(of("BTC-USDT").rows, 0)
        assert.deepStrictEqual([of("XBT-USD").rows, of("XBT-USD").failed], [0, 1])
        assert.deepStrictEqual([record.status, record.complete, record.failed], ["done", false, 1])
        assert.match(record.log.join("\n"), /\[KRAKEN XBT\/USD 1h\].*500/)
      }
    )
  )
})

const guarded = (token: string) =>
  `settings: {ui_auth_token: ${token}}\n${CollectorSite.config.replace("settings:\n  timezone: utc\n", "")}`

describe("the token", () => {
  it.scopedLive(
    "dccd weak point 19: is shown to nobody, not in the config, not in logs, not in a session's cookie",
    () =>
      on({ config: guarded("s3cret-t0ken") }, async (site) => {
        const token = "s3cret-t0ken"
        const as = { authorization: `Bearer ${token}` }
        assert.strictEqual((await site.call(`/api/scheduler?token=${token}`)).status, 200)
        const { json, text } = await site.call("/api/config", { headers: as })
        assert.strictEqual(json.settings.ui_auth_token, "********")
        assert.notInclude(text, token)
        const login = await site.post("/login", { token })
        const cookie = String(login.headers["set-cookie"]?.[0] ?? "")
        assert.match(cookie, /HttpOnly; SameSite=Strict/)
        assert.notInclude(cookie, token)
        const session = { cookie: cookie.split(";")[0] ?? "" }
        assert.strictEqual((await site.call("/api/scheduler", { headers: session })).status, 200)
        assert.notInclude((await site.call("/api/logs?tail=1000", { headers: as })).text, token)
        assert.notInclude(site.printed.err + site.printed.out, token)
      })
  )

  it.scopedLive("dccd weak point 19: is another one as soon as the file says so", () =>
    on({ config: guarded("first-t0ken") }, async (site) => {
      // The server listens anew, on another free port.
      const status = async (token: string) => {
        try {
          const { url } = JSON.parse(readFileSync(`${site.site}/.outpost/server.json`, "utf8"))
          return (await fetch(`${url}/api/scheduler`, { headers: { authorization: `Bearer ${token}` } })).status
        } catch {
          return 0
        }
      }
      assert.strictEqual(await status("first-t0ken"), 200)
      writeFileSync(site.configPath, guarded("second-t0ken"))
      for (let i = 0; i < 500 && (await status("second-t0ken")) !== 200; i++) await sleep(20)
      assert.deepStrictEqual([await status("second-t0ken"), await status("first-t0ken")], [200, 401])
    })
  )
})

describe("other pages and other machines", () => {
  it.scopedLive(
    "dccd weak point 20: a foreign page can start nothing, and no name but its own reaches the server",
    () =>
      on({}, async (site) => {
        const paths = [
          "/api/scheduler/start",
          "/api/scheduler/stop",
          "/api/collect",
          "/api/storage/sync",
          "/api/backfill"
        ]
        for (const path of paths) {
          for (const headers of [
            { origin: "https://evil.example" },
            { "sec-fetch-site": "cross-site" },
            { origin: "null" }
          ]) {
            const { status, text } = await site.call(path, { method: "POST", headers })
            assert.deepStrictEqual([status, JSON.parse(text).detail.slice(0, 18)], [403, "Origin not allowed"], path)
          }
          const rebound = await site.call(path, { method: "POST", headers: { host: "evil.example" } })
          assert.strictEqual(rebound.status, 403)
        }
        assert.strictEqual((await site.call("/api/inventory", { headers: { host: "evil.example:8080" } })).status, 403)
        assert.deepStrictEqual((await site.call("/api/backfill?collect=true")).json, {})
      })
  )

  it.scopedLive("dccd weak point 20: a read-only server changes nothing for others, and answers questions", () =>
    on({ config: `http: {readonly: true}\n${CollectorSite.config}` }, async (site) => {
      const bodies = {
        "/api/backfill": {},
        "/api/collect": {},
        "/api/scheduler/start": {},
        "/run/start": {},
        "/event": { type: "t", data: 1 }
      }
      for (const [path, body] of Object.entries(bodies)) {
        const { json, status } = await site.post(path, body)
        assert.deepStrictEqual([status, json], [403, { detail: "This server is read-only (http.readonly)" }], path)
      }
      assert.strictEqual((await put(site, {})).status, 403)
      assert.strictEqual((await site.post("/api/backfill/plan", btc)).status, 200)
      assert.strictEqual((await site.call("/api/inventory")).status, 200)
      assert.strictEqual((await site.call("/jobs")).status, 200)
      const { token } = JSON.parse(readFileSync(`${site.site}/.outpost/server.json`, "utf8"))
      const own = await site.post("/api/backfill", btc, { authorization: `Bearer ${token}` })
      assert.strictEqual(own.status, 202)
    })
  )

  it.scopedLive("dccd weak point 20: one address asks so often and no more", () =>
    on({ config: `http: {rate_limit: 2}\n${CollectorSite.config}` }, async (site) => {
      const statuses = await Promise.all(Array.from({ length: 60 }, () => site.call("/api/scheduler")))
      const refused = statuses.filter(({ status }) => status === 429)
      assert.isAbove(refused.length, 20)
      assert.isAbove(statuses.filter(({ status }) => status === 200).length, 10)
      assert.match(String(refused[0]?.headers["retry-after"]), /^\d+$/)
      assert.strictEqual((await site.call("/health")).status, 200)
    })
  )
})

describe("paths and times", () => {
  it.scopedLive("dccd weak point 8: one directory for all, dates in UTC, a start in the config's zone", () => {
    const elsewhere = "storage: {local_path: elsewhere}\nsettings: {timezone: Asia/Tokyo}\n"
    const config = `${elsewhere}histo_jobs:\n${job("BTC/USDT", 3600)}`
    // Ten hours ahead of the day that the rows are of.
    return on({ config, env: { TZ: "Pacific/Kiritimati" } }, async (site) => {
      const { json } = await site.post("/api/jobs/start", {
        ...btc,
        start: "2026-01-01 00:00:00",
        end: "2026-01-01 12:00"
      })
      const { rows } = await CollectorSite.over(site, json.id)
      assert.isAbove(rows, 6)
      const [row] = (await site.call("/api/inventory")).json
      assert.strictEqual(row.first_ts, Date.parse("2025-12-31T15:00:00Z"))
      assert.deepStrictEqual([row.first, row.last, row.rows], ["2025-12-31", "2026-01-01", rows])
      const series = "binance/ohlc/BTC-USDT/1h"
      assert.deepStrictEqual(readdirSync(join(site.site, "data", series)).sort(), ["2025.parquet", "2026.parquet"])
      assert.isFalse(existsSync(join(site.site, "elsewhere", "binance")))
      assert.lengthOf((await site.call(`/api/data?series=${series}`)).json, rows)
    })
  })
})

describe("the scheduler", () => {
  it.scopedLive(
    "dccd weak point 15: follows the config as it is edited, spreads what is due together, and says what is at rest",
    () =>
      on({}, async (site) => {
        const schedules = async (path = "/api/scheduler") => (await site.call(path)).json
        const ids = async () => (await schedules()).jobs.map(({ id }: any) => id)
        const before = ["binance_BTC_USDT_3600", "binance_ETH_BTC_3600", "kraken_XBT_USD_3600"]
        assert.deepStrictEqual([(await schedules()).running, await ids()], [false, before])
        await site.post("/api/scheduler/start", {})
        const due: ReadonlyArray<number> = (await schedules()).jobs.map(({ next_run }: any) => next_run)
        const hour = Math.ceil(Date.now() / 3_600_000) * 3600
        assert.isTrue(
          due.every((at) => at >= hour - 3600 && at <= hour + 30),
          due.join()
        )
        assert.strictEqual(new Set(due).size, due.length)
        await site.post("/api/schedules/pause", { id: before[0] })
        const [held, free] = (await schedules()).jobs
        assert.deepStrictEqual([held.paused, held.next_run, free.paused], [true, null, false])

        const { json } = await site.call("/api/config")
        const [first, second] = json.histo_jobs
        assert.strictEqual((await put(site, { ...json, histo_jobs: [{ ...first, span: 900 }, second] })).status, 200)
        const after = ["binance_BTC_USDT_900", "binance_ETH_BTC_900", "kraken_XBT_USD_3600"]
        for (let i = 0; i < 250 && (await ids()).join() !== after.join(); i++) await sleep(20)
        assert.deepStrictEqual(await ids(), after)
      })
  )
})

describe("the config", () => {
  it.scopedLive(
    "dccd weak point 21: is not overwritten by who has not seen it; comments stay; the file is replaced, not torn",
    () =>
      on({}, async (site) => {
        const first = await site.call("/api/config")
        const etag = String(first.headers["etag"])
        const inode = statSync(site.configPath).ino
        const changed = { ...first.json, settings: { ...first.json.settings, timezone: "Europe/Paris" } }
        assert.strictEqual((await put(site, changed, { "if-match": etag })).status, 200)
        const late = await put(site, first.json, { "if-match": etag })
        assert.deepStrictEqual([late.status, Object.keys(late.json)], [412, ["detail"]])
        const text = readFileSync(site.configPath, "utf8")
        assert.include(text, "timezone: Europe/Paris")
        assert.include(text, "# kept by hand")
        assert.include(text, "# the first")
        assert.notStrictEqual(statSync(site.configPath).ino, inode)
        assert.strictEqual((await put(site, first.json)).status, 200)
      })
  )

  it.scopedLive("dccd weak point 21: that can't work is refused and leaves the file as it is", () =>
    on({}, async (site) => {
      const { json } = await site.call("/api/config")
      const before = readFileSync(site.configPath, "utf8")
      const [histo] = json.histo_jobs
      const broken = [
        { ...json, histo_jobs: [{ ...histo, span: 59 }] },
        { ...json, histo_jobs: [{ ...histo, pairs: ["BTCUSDT"] }] },
        { ...json, settings: { ...json.settings, timezone: "Mars/Olympus" } },
        { ...json, histo_jobs: [histo, histo] },
        { ...json, histo_jobs: [{ ...histo, pairs: ["../BTC/USDT"] }] },
        { ...json, histo_jobs: [], stream_jobs: [] }
      ]
      for (const document of broken) {
        const answer = await put(site, document)
        assert.deepStrictEqual([answer.status, typeof answer.json.detail], [422, "string"], answer.text)
        assert.strictEqual((await site.post("/api/config/validate", document)).json.valid, false)
      }
      assert.strictEqual(readFileSync(site.configPath, "utf8"), before)
    })
  )

  it.scopedLive("dccd weak point 21: a hand edit that broke it fails no request", () =>
    on({}, async (site) => {
      writeFileSync(site.configPath, "histo_jobs: [broken")
      for (let i = 0; i < 300 && (await site.call("/status")).json.config.error === null; i++) await sleep(20)
      assert.isString((await site.call("/status")).json.config.error)
      for (const path of [
        "/api/jobs",
        "/api/inventory",
        "/api/streams",
        "/api/scheduler",
        "/api/storage",
        "/api/config"
      ]) {
        assert.strictEqual((await site.call(path)).status, 200, path)
      }
      assert.strictEqual((await site.post("/api/backfill", btc)).status, 202)
    })
  )
})

describe("looking in", () => {
  it.scopedLive("dccd weak point 23: the log has what happens, by level, text and number, and 0 lines are none", () =>
    on({}, async (site) => {
      const lines = async (query: string) => (await site.call(`/api/logs${query}`)).json.lines
      // Lines are written within a second.
      for (let i = 0; i < 200 && (await lines("")).length === 0; i++) await sleep(20)
      const all = await lines("?tail=100000")
      assert.isTrue(all.some((line: string) => line.includes('"level":"INFO"')))
      assert.deepStrictEqual(await lines("?tail=0"), [])
      assert.deepStrictEqual(await lines("?tail=1"), all.slice(-1))
      assert.deepStrictEqual(
        await lines("?grep=serving"),
        all.filter((line: string) => line.includes("serving"))
      )
      assert.isTrue((await lines("?level=error")).every((line: string) => /"level":"(ERROR|FATAL)"/.test(line)))
      for (const tail of ["-1", "1.5", "x"]) {
        const { json, status } = await site.call(`/api/logs?tail=${tail}`)
        assert.deepStrictEqual([status, json.detail[0].loc], [422, ["query", "tail"]])
      }
    })
  )

  it.scopedLive("dccd weak point 25: what happens is pushed; health, version and figures have their places", () =>
    on({}, async (site) => {
      const heard = site.wire(
        "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
        (text) => text.includes('"event":"status"') && text.includes('"status":"done"')
      )
      await sleep(200)
      const { json } = await site.post("/api/backfill", btc)
      const text = await heard
      assert.match(text, /^HTTP\/1\.1 200 OK/)
      assert.match(text, /content-type: text\/event-stream/i)
      const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, line = ""]) => JSON.parse(line))
      assert.isTrue(events.every(({ id }) => id === json.id))
      assert.deepStrictEqual([events[0].event, events[0].record.status], ["status", "running"])
      const followed = await site.wire(
        `GET /api/jobs/${json.id}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
      )
      assert.include(followed, '"status":"done"')
      assert.strictEqual((await site.call("/health")).text, '{"ok":true}')
      assert.isString((await site.call("/status")).json.version)
      assert.match((await site.call("/metrics")).text, /^outpost_ready 1$/m)
    })
  )
})
