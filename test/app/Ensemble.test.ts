/** The ensemble of a site, as its config asks for it: services in this process, requests over HTTP. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Site from "../support/EnsembleSite.js"
import { fixtures } from "../support/Fixtures.js"

interface Exchange {
  readonly note: string
  readonly method: string
  readonly url: string
  readonly request_body: any
  readonly status: number
  readonly response: any
}

/** They stand beside the repository, where they are had at all. */
const exchanges = (scan: "A" | "B"): ReadonlyArray<Exchange> =>
  JSON.parse(readFileSync(join(fixtures, scan, "http.json"), "utf8"))
const noted = (scan: "A" | "B", note: string, path = "") => {
  const found = exchanges(scan).find((one) => one.note === note && one.url.includes(path))
  if (found === undefined) throw new Error(`no exchange ${note}`)
  return found
}

/** What the reducer of scan A had published. */
const reducer = `
  export const publish = {
    results: Object.fromEntries([1, 2, 3, 4, 7, 8, 9].map((event) => [event, new BigInt64Array(1)])),
    results_attrs: { NX_class: "NXdata" }
  }
  export const reduce = () => {}
`

/** The ensemble of scan A, but for what its detector shows. */
const ensemble = {
  controller: true,
  ingesters: {
    "eiger-ingester": { streams: { eiger: { source: "synthetic", settings: { count: 8, size: 100 } } } }
  },
  workers: { w1: {}, w2: { tags: ["generic", "debug"] } },
  reducer: { module: "reducer.mjs" }
}

/** Eight frames, after the start and before the end of the series. */
const map = { parts: { main: { eiger: Array.from({ length: 8 }, () => [{ constraint: 0 }]) } }, sequence: ["main"] }

const scanEvents = (site: Site.EnsembleSite, query: string) =>
  Effect.map(Site.ask(site, `/events?type=scan${query}`), ({ json }) => json.events as ReadonlyArray<any>)

const incarnations = (site: Site.EnsembleSite) =>
  Effect.map(Site.ask(site, "/api/v1/config"), ({ json }): Record<string, string> => {
    const services = [...json.ingesters, ...json.workers, ...(json.reducer === null ? [] : [json.reducer])]
    return Object.fromEntries(services.map((one) => [one.name, one.service_uuid]))
  })

const nodes = (site: Site.EnsembleSite) =>
  Effect.map(Site.ask(site, "/tree"), ({ json }): Record<string, any> =>
    Object.fromEntries(json.nodes.map((node: any) => [node.path, node]))
  )

describe("an ensemble on a site", () => {
  it.scopedLive("runs the scan of the captures, and answers as its controller and its reducer did", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({ config: { ingest: ensemble }, files: { "reducer.mjs": reducer } })
      const begun = noted("A", "start scan")
      const mapping = yield* Site.begin(site, begun.request_body)
      assert.match(mapping, /^[0-9a-f-]{36}$/)
      const progress = yield* Site.finished(site)
      assert.deepInclude(progress, noted("A", "finished", "/progress").response)
      assert.deepInclude(progress, { processed: 11, reassigned: 0, lost: 0 })

      for (const path of ["/api/v1/sequence", "/api/v1/mapping"])
        assert.deepStrictEqual(
          (yield* Site.ask(site, path)).json.parts.main,
          noted("A", "after set").response.parts.main
        )
      const status = (yield* Site.ask(site, "/api/v1/status")).json
      const shown = noted("A", "finished", "/status").response
      assert.sameMembers(Object.keys(status), Object.keys(shown))
      assert.deepStrictEqual(
        status.assignment.map((constraints: object) => Object.keys(constraints)),
        shown.assignment.map((constraints: object) => Object.keys(constraints))
      )
      assert.sameMembers(status.completed_events, shown.completed_events)
      const load = (yield* Site.ask(site, "/api/v1/load?intervals=1&intervals=5&scan=false")).json
      assert.deepStrictEqual(Object.keys(load.w1.intervals), ["1", "5"])

      for (const [scan, note, status] of [
        ["A", "unknown stream", 400],
        ["A", "too many workers", 400],
        // The original answers 500 to these two.
        ["B", "unknown part name", 400],
        ["B", "unequal lengths", 400]
      ] as const) {
        const { request_body, response, ...told } = noted(scan, note)
        const answer = yield* Site.post(site, "/api/v1/sequence", request_body)
        assert.strictEqual(answer.status, status, note)
        if (told.status === status) assert.strictEqual(answer.json.detail, response.detail)
        else assert.isString(answer.json.detail)
      }
      const malformed = noted("B", "malformed")
      const wrong = yield* Site.post(site, "/api/v1/sequence", malformed.request_body)
      assert.strictEqual(wrong.status, 422)
      assert.deepStrictEqual(wrong.json.detail[0].loc, malformed.response.detail[0].loc)
      assert.strictEqual(wrong.json.detail[0].input, 5)
      const slash = yield* Site.post(site, "/api/v1/sequence/?all_wrap=false", {})
      assert.deepStrictEqual([slash.status, slash.headers.get("location")], [307, "/api/v1/sequence?all_wrap=false"])
      const missing = yield* Site.ask(site, "/api/v1/parameter/nope")
      assert.strictEqual(missing.status, 404)
      assert.strictEqual(missing.json.detail, "Parameter not found")
      const set = yield* Site.ask(site, "/api/v1/parameter/gain", { method: "POST", body: "7" })
      assert.match(set.json, /^[0-9a-f]{64}$/)
      const got = yield* Site.ask(site, "/api/v1/parameter/gain")
      assert.deepStrictEqual([got.headers.get("content-type"), got.text], ["application/x.bytes", "7"])

      for (const { response, url } of exchanges("A").filter(({ url }) => url.includes(":15001/"))) {
        const path = new URL(url).pathname
        const answer = yield* Site.ask(site, `/reducer${path}`)
        assert.strictEqual(answer.status, 200, path)
        if (path.endsWith("/value")) assert.strictEqual(answer.text, response.raw)
        else assert.deepStrictEqual(timeless(answer.json), timeless(response), path)
      }
    })
  )

  it.scopedLive("a scan's summary is an event of the site, or of the run that is active", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({ config: { ingest: ensemble }, files: { "reducer.mjs": reducer } })
      const first = yield* Site.begin(site, map)
      yield* Site.finished(site)
      const [event] = yield* Site.until("the summary", scanEvents(site, "&stream=site"), (events) => events.length > 0)
      assert.deepInclude(event.data, { mapping: first, ending: "completed", events: 10, processed: 10, lost: 0 })
      assert.deepStrictEqual(event.data.workers, ["w1", "w2"])

      yield* Site.post(site, "/run/start", { run_id: "night" })
      const second = yield* Site.begin(site, map)
      yield* Site.finished(site)
      const [within] = yield* Site.until("the summary", scanEvents(site, "&run=night"), (events) => events.length > 0)
      assert.deepStrictEqual([within.data.mapping, within.meta.run_id], [second, "night"])
      assert.lengthOf(yield* scanEvents(site, "&stream=site"), 1)
    })
  )

  it.scopedLive("a change of one entry restarts that service and no other", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({ config: { ingest: ensemble }, files: { "reducer.mjs": reducer } })
      const all = (seen: Record<string, string>) => Object.keys(seen).length === 4
      const before = yield* Site.until("all are there", incarnations(site), all)
      const workers = { ...ensemble.workers, w2: { tags: ["generic", "other"] } }
      site.write("outpost.yaml", Site.configText({ ingest: { ...ensemble, workers } }))
      const after = yield* Site.until(
        "w2 is another one",
        incarnations(site),
        (seen) => all(seen) && seen["w2"] !== before["w2"]
      )
      assert.deepStrictEqual({ ...after, w2: "" }, { ...before, w2: "" })
      const { json } = yield* Site.ask(site, "/api/v1/config")
      assert.deepStrictEqual(json.workers[1].tags, ["generic", "other"])

      const { w2: _, ...without } = ensemble.workers
      site.write("outpost.yaml", Site.configText({ ingest: { ...ensemble, workers: without } }))
      const left = yield* Site.until("w2 is gone", incarnations(site), (seen) => Object.keys(seen).length === 3)
      assert.deepStrictEqual({ ...left, w2: "" }, { ...before, w2: "" })
    })
  )

  it.scopedLive("--idle starts none of them; each can be started by itself", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({
        config: { ingest: ensemble },
        files: { "reducer.mjs": reducer },
        idle: true
      })
      const tree = yield* nodes(site)
      for (const id of ["controller", "reducer", "worker-w1", "worker-w2", "ingester-eiger-ingester"])
        assert.strictEqual(tree[`ensemble/${id}`]?.status, "stopped", id)
      const off = yield* Site.ask(site, "/api/v1/config")
      assert.deepStrictEqual([off.status, off.json.detail.slice(0, 13)], [404, "no controller"])
      const started = yield* Site.post(site, "/actors/start", { path: "ensemble/controller" })
      assert.strictEqual(started.status, 200, started.text)
      assert.deepStrictEqual((yield* Site.ask(site, "/api/v1/config")).json.workers, [])
    })
  )

  it.scopedLive("a module that can't be used is told, and disturbs nobody", () =>
    Effect.gen(function* () {
      const workers = { ...ensemble.workers, bad: { module: "nothing.mjs" }, unfit: { module: "reducer.mjs" } }
      const site = yield* Site.serve({
        config: { ingest: { ...ensemble, workers } },
        files: { "reducer.mjs": reducer }
      })
      const tree = yield* Site.until("they are given up", nodes(site), (seen) =>
        ["bad", "unfit"].every((name) => /failed|quarantined/.test(seen[`ensemble/worker-${name}`]?.status))
      )
      assert.include(JSON.stringify(tree["ensemble/worker-bad"]), "nothing.mjs")
      assert.include(JSON.stringify(tree["ensemble/worker-unfit"]), "has to export 'process'")
      yield* Site.begin(site, map)
      assert.strictEqual((yield* Site.finished(site)).processed, 10)
    })
  )

  it.scopedLive("what services log is answered by the controller, and followed", () =>
    Effect.gen(function* () {
      const workers = { ...ensemble.workers, bad: { module: "nothing.mjs" } }
      const site = yield* Site.serve({
        config: { ingest: { ...ensemble, workers } },
        files: { "reducer.mjs": reducer }
      })
      const lines = yield* Site.until("a line", Site.ask(site, "/api/v1/logs"), ({ json }) => json?.length > 0)
      for (const line of lines.json) {
        assert.deepStrictEqual(Object.keys(line), ["msg", "lineno", "name", "created", "levelname"])
        assert.match(line.name, /^outpost\+/)
        assert.match(line.created, /^\d{10}(\.\d+)?$/)
      }
      assert.deepStrictEqual((yield* Site.ask(site, "/api/v1/logs?level=CRITICAL")).json, [])
      assert.strictEqual((yield* Site.ask(site, "/api/v1/logs?level=LOUD")).status, 422)
    })
  )
})

describe("a scan that is bound to runs", () => {
  const config = {
    ingest: {
      ...ensemble,
      run_map: "map.json",
      ingesters: {
        // Its frames come one a second: a scan that is stopped is never through.
        slow: { streams: { eiger: { source: "synthetic", settings: { rate: 1 } } } }
      }
    }
  }

  it.scopedLive("begins with a run and ends with it; its summary is the run's", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({ config, files: { "reducer.mjs": reducer, "map.json": JSON.stringify(map) } })
      for (const run of ["one", "two"]) {
        yield* Site.post(site, "/run/start", { run_id: run })
        yield* Site.until(
          "the scan has begun",
          Site.ask(site, "/api/v1/progress"),
          ({ json }) => json?.total_events === 10 && json.finished === false
        )
        assert.strictEqual((yield* Site.post(site, "/run/stop", {})).status, 200)
        assert.isTrue((yield* Site.ask(site, "/api/v1/progress")).json.finished)
        const [event, ...more] = yield* scanEvents(site, `&run=${run}`)
        assert.deepInclude(event.data, { ending: "stopped", events: 10 })
        assert.strictEqual(event.data.processed + event.data.reassigned + event.data.lost, 10)
        assert.isEmpty(more)
      }
      assert.isEmpty(yield* scanEvents(site, "&stream=site"))
    })
  )

  it.scopedLive("a map that can't be read keeps no run from starting", () =>
    Effect.gen(function* () {
      const site = yield* Site.serve({ config, files: { "reducer.mjs": reducer, "map.json": "{" } })
      assert.strictEqual((yield* Site.post(site, "/run/start", { run_id: "one" })).status, 200)
      const told = yield* Site.until(
        "it is told",
        Site.ask(site, "/api/v1/logs?level=ERROR"),
        ({ json }) => json?.length > 0
      )
      assert.include(told.json[0].msg, "run one has no scan")
      assert.strictEqual((yield* Site.post(site, "/run/stop", {})).status, 200)
    })
  )
})

/** Without the moments, which are others each time. */
const timeless = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, member: unknown) =>
    key === "created" || key === "lastModified" ? 0 : member
  )
