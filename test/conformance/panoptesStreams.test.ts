/**
 * The contract of the telemetry server of panoptes-utils about streams, files, numbers, runs and the current view, and about
 * how the server is started and stopped, on the real bin. The HTTP side: `panoptesContract.test.ts`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import * as http from "node:http"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as DayKey from "../../src/domain/DayKey.js"
import { cleanUp, linesOf, newDirectory, serve, serveWith, siteLines, type SiteServer } from "../support/SiteServer.js"

let server: SiteServer

beforeAll(async () => {
  server = await serve(join(newDirectory(), "site"), { env: { HOME: newDirectory() } })
})
afterAll(cleanUp)

const post = async (type: string, data: unknown, more: object = {}) => {
  const answer = await server.post("/event", { type, data, ...more })
  assert.strictEqual(answer.status, 200, answer.text)
  return answer
}
const start = async (body: unknown) => {
  const answer = await server.post("/run/start", body)
  assert.strictEqual(answer.status, 200, answer.text)
  return answer.json
}
const stop = () => server.post("/run/stop", "")
const lastSite = (): string => siteLines(server.site).at(-1) ?? ""
const siteFileNames = (site: string) => readdirSync(site).filter((name) => /^site_\d{8}\.ndjson$/.test(name))
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe("lines", () => {
  it("are byte for byte as written", async () => {
    const body =
      String.raw`{ "meta" : { "k" : [ 1 , 2 ] } , "data" : { "a" : "é😀\u00e9\ud83d\ude00" , "b" : "\"\\\/\b\f\n\r\t\u0000\u001f` +
      "\u007f" +
      String.raw`/" , "ÿ" : [ ] , "n" : 1.5 } , "type" : "ü" }`
    const { json, text } = await server.post("/event", body)
    const data =
      String.raw`{"a":"\u00e9\ud83d\ude00\u00e9\ud83d\ude00","b":"\"\\/\b\f\n\r\t\u0000\u001f` +
      "\u007f" +
      String.raw`/","\u00ff":[],"n":1.5}`
    const line = `{"seq":${json.seq},"ts":"${json.ts}","stream":"site","type":"\\u00fc","data":${data},"meta":{"k":[1,2]}}`
    assert.strictEqual(lastSite(), line)
    assert.include(text, '"type":"ü","data":{"a":"é😀é😀"')
  })

  it("equal the answer and the stream", async () => {
    for (const data of [{ a: [1, { b: null }], "10": 1, "2": 2 }, "text", null, 1.25]) {
      const { json, text } = await post("same", data, { meta: { x: "y" } })
      const { stream, ...line } = JSON.parse(lastSite())
      assert.deepStrictEqual([stream, line], ["site", json])
      assert.strictEqual(lastSite().replace('"stream":"site",', ""), text)
      assert.match(json.ts, instant)
    }
  })

  it("stand in the order of their numbers, each once, also of many senders", async () => {
    const before = siteLines(server.site).length
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        server.call("/event", { method: "POST", body: `{"type":"many","data":${n}}`, agent })
      )
    )
    agent.destroy()
    const acked = answers.map(({ text }) => text).sort((a, b) => JSON.parse(a).seq - JSON.parse(b).seq)
    const lines = siteLines(server.site).slice(before)
    assert.deepStrictEqual(
      lines.map((line) => line.replace('"stream":"site",', "")),
      acked
    )
    const first = JSON.parse(acked[0] ?? "").seq
    assert.deepStrictEqual(
      acked.map((ack) => JSON.parse(ack).seq),
      Array.from(acked, (_, n) => first + n)
    )
  })

  it("go to a file that is made again where it was renamed or removed", async () => {
    await post("before", 1)
    const [name = ""] = siteFileNames(server.site)
    const file = join(server.site, name)
    renameSync(file, `${file}.moved`)
    const { json } = await post("after", 1)
    assert.deepStrictEqual(
      linesOf(file).map((line) => JSON.parse(line).seq),
      [json.seq]
    )
    rmSync(file)
    await post("again", 1)
    assert.lengthOf(linesOf(file), 1)
  })

  it("that can't be written use no number", async () => {
    const { json } = await post("before", 1)
    const [name = ""] = siteFileNames(server.site)
    const file = join(server.site, name)
    rmSync(file)
    mkdirSync(file)
    assert.strictEqual((await server.post("/event", { type: "failed", data: 1 })).status, 507)
    assert.strictEqual((await server.call("/current/failed")).status, 404)
    rmdirSync(file)
    assert.strictEqual((await post("after", 1)).json.seq, json.seq + 1)
    assert.lengthOf(linesOf(file), 1)
  })
})

describe("days", () => {
  it("run from local noon to local noon by the zone of the process", async () => {
    const hour = new Date().getUTCHours()
    // Local time is 18 to 19 h in the one, 6 to 7 h in the other; the sign of these names is inverted.
    for (const [local, turn] of [
      [18, 0],
      [6, -1]
    ] as const) {
      const ahead = ((local - hour + 36) % 24) - 12
      const site = newDirectory()
      const { kill, post } = await serve(site, { env: { TZ: `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}` } })
      await post("/event", { type: "t", data: 1 })
      await kill()
      const day = new Date(Date.now() + ahead * 3_600_000 + turn * 86_400_000).toISOString().slice(0, 10)
      assert.deepStrictEqual(siteFileNames(site), [`site_${day.replaceAll("-", "")}.ndjson`], `UTC${ahead}`)
    }
  })

  it("turn as was checked on the real server", () => {
    const day = (zone: string, at: string) => DayKey.of(Date.parse(at), DateTime.zoneUnsafeMakeNamed(zone))
    const cases = [
      ["Pacific/Honolulu", "2026-03-17T11:59:59.999-10:00", "20260316"],
      ["Pacific/Honolulu", "2026-03-17T12:00:00-10:00", "20260317"],
      ["America/Denver", "2026-03-08T17:59:59Z", "20260307"],
      ["America/Denver", "2026-03-08T18:00:00Z", "20260308"],
      ["America/Denver", "2026-03-07T19:00:00Z", "20260307"],
      ["America/Denver", "2026-11-01T18:59:59Z", "20261031"],
      ["America/Denver", "2026-11-01T19:00:00Z", "20261101"],
      ["UTC", "2024-03-01T11:00:00Z", "20240229"],
      ["UTC", "2026-01-01T06:00:00Z", "20251231"]
    ] as const
    for (const [zone, at, key] of cases) assert.strictEqual(day(zone, at), key, `${zone} ${at}`)
  })
})

describe("runs", () => {
  it("are numbered behind the highest directory that is a number", async () => {
    const directory = (name: string) => mkdirSync(join(server.site, name), { recursive: true })
    const clear = () => {
      for (const name of readdirSync(server.site))
        if (/^\d+$/.test(name)) rmSync(join(server.site, name), { recursive: true })
    }
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
      [[], "001"],
      [["abc", "1x", "-5"], "001"],
      [["0"], "001"],
      [["41"], "042"],
      [["007", "2"], "008"],
      [["0099"], "100"],
      [["999"], "1000"],
      [["12345"], "12346"],
      [["12345", "001"], "12346"]
    ]
    for (const [names, id] of cases) {
      clear()
      names.forEach(directory)
      writeFileSync(join(server.site, "500"), "a file")
      const { run_dir, run_id } = await start("")
      await stop()
      rmSync(join(server.site, "500"))
      assert.deepStrictEqual([run_id, run_dir], [id, join(server.site, id)], names.join())
      assert.isTrue(existsSync(run_dir))
    }
    clear()
  })

  it("take their id from the body, then from meta, then from the numbers; meta bears it in its place", async () => {
    const cases: ReadonlyArray<readonly [object, string, string]> = [
      [{ run_id: "a", meta: { run_id: "b", x: 1 } }, "a", '{"run_id":"a","x":1}'],
      [{ meta: { x: 1, run_id: "b", y: 2 } }, "b", '{"x":1,"run_id":"b","y":2}'],
      [{ run_id: "", meta: { run_id: 7 } }, "7", '{"run_id":"7"}'],
      [{ run_id: null, meta: { run_id: true } }, "True", '{"run_id":"True"}'],
      [{ run_id: "c", meta: { z: 1, a: { k: [1] } } }, "c", '{"z":1,"a":{"k":[1]},"run_id":"c"}'],
      [{ run_id: "é ü" }, "é ü", '{"run_id":"é ü"}']
    ]
    for (const [body, id, meta] of cases) {
      const { json, text } = await server.post("/run/start", body)
      await stop()
      assert.strictEqual(json.run_id, id)
      assert.include(text, `"meta":${meta},"started_at":`)
      assert.match(json.started_at, instant)
    }
    for (const absent of [0, false, "", null, {}, []]) {
      const { run_id } = await start({ meta: { run_id: absent } })
      await stop()
      assert.match(run_id, /^\d{3}$/, JSON.stringify(absent))
    }
  })

  it("may bear any letters: answers show them, lines escape them", async () => {
    const { run_dir } = await start({ run_id: "é 😀" })
    const { text } = await post("t", 1, { meta: { ß: 1 } })
    assert.strictEqual((await server.call("/run")).json.run_dir, join(server.site, "é 😀"))
    await stop()
    assert.include(text, '"meta":{"ß":1,"run_id":"é 😀"}}')
    const [line = ""] = linesOf(join(run_dir, "telemetry.ndjson"))
    assert.include(line, String.raw`"meta":{"\u00df":1,"run_id":"\u00e9 \ud83d\ude00"}}`)
  })

  it("have the directory they ask for, made at the start; its file comes with the first event", async () => {
    const absolute = join(newDirectory(), "far/away")
    const home = (await start({ run_dir: "~/nights/1", run_id: "h" })).run_dir
    await stop()
    assert.match(home, /^\/.*\/nights\/1$/)
    assert.isFalse(home.startsWith(server.site))
    for (const [run_dir, expected] of [
      ["nights/a", join(server.site, "nights/a")],
      [absolute, absolute],
      ["", server.site],
      [".", server.site],
      [null, join(server.site, "named")]
    ] as const) {
      assert.strictEqual((await start({ run_dir, run_id: "named" })).run_dir, expected)
      const file = join(expected, "telemetry.ndjson")
      assert.isTrue(existsSync(expected))
      const before = linesOf(file).length
      if (before === 0) assert.isFalse(existsSync(file), file)
      await post("image", 1)
      await stop()
      assert.lengthOf(linesOf(file), before + 1)
    }
  })

  it("take every event while they last, with a count of their own that goes on from run to run", async () => {
    const site = (await post("weather", 1)).json.seq
    const ids: Array<number> = []
    for (const run_id of ["first", "second"]) {
      const { run_dir } = await start({ run_id })
      const lines = siteLines(server.site).length
      ids.push((await post("image", 1)).json.seq, (await post("weather", 2)).json.seq)
      assert.lengthOf(siteLines(server.site), lines)
      const written = linesOf(join(run_dir, "telemetry.ndjson")).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        written.map(({ stream, meta, seq }) => [stream, meta.run_id, seq]),
        ids.slice(-2).map((seq) => ["run", run_id, seq])
      )
      await stop()
    }
    const [base = 0] = ids
    assert.deepStrictEqual(ids, [base, base + 1, base + 2, base + 3])
    assert.strictEqual((await post("weather", 3)).json.seq, site + 1)
  })

  it("set their id in the meta of their events, in its place; the site leaves it alone", async () => {
    const given = { a: 1, run_id: "other", b: 2 }
    assert.include((await post("t", 1, { meta: given })).text, '"meta":{"a":1,"run_id":"other","b":2}')
    const { run_dir } = await start({ run_id: "mine" })
    assert.include((await post("t", 1, { meta: given })).text, '"meta":{"a":1,"run_id":"mine","b":2}')
    assert.include((await post("t", 1, { meta: { z: 1 } })).text, '"meta":{"z":1,"run_id":"mine"}')
    assert.include((await post("t", 1)).text, '"meta":{"run_id":"mine"}')
    await stop()
    assert.include(linesOf(join(run_dir, "telemetry.ndjson"))[0], '"meta":{"a":1,"run_id":"mine","b":2}}')
  })
})

describe("current values", () => {
  it("are the site's with the run's over them; a start and a stop clear the run's", async () => {
    const current = async (type: string) => (await server.call(`/current/${type}`)).json.data
    const all = async () => (await server.call("/current")).json.current
    const weather = await post("cw", "site")
    await start({ run_id: "over" })
    assert.strictEqual(await current("cw"), "site")
    await post("cw", "run")
    await post("ci", 1)
    await post("ci", 2, { make_current: false })
    assert.deepStrictEqual([await current("cw"), await current("ci")], ["run", 1])
    assert.deepStrictEqual([(await all()).cw.data, (await all()).ci.data], ["run", 1])
    await stop()
    assert.strictEqual((await server.call("/current/cw")).text, weather.text)
    assert.strictEqual((await server.call("/current/ci")).status, 404)
    assert.notProperty(await all(), "ci")
    await start({ run_id: "over2" })
    assert.strictEqual((await server.call("/current/ci")).status, 404)
    await stop()
    await post("cw", "later", { make_current: false })
    assert.strictEqual((await server.call("/current/cw")).text, weather.text)
  })
})

describe("start and stop", () => {
  const freePort = () =>
    new Promise<number>((resolve) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const { port } = probe.address() as AddressInfo
        probe.close(() => resolve(port))
      })
    })

  it("the variables of the telemetry server count, arguments beat them, empty ones are none", async () => {
    const home = newDirectory()
    const port = await freePort()
    const env = {
      HOME: home,
      PANOPTES_TELEMETRY_HOST: "127.0.0.2",
      PANOPTES_TELEMETRY_PORT: String(port),
      PANOPTES_TELEMETRY_SITE_DIR: "~/deep/site"
    }
    const by = await serveWith(join(home, "deep/site"), [], { env, cwd: home })
    assert.strictEqual(by.url, `http://127.0.0.2:${port}`)
    assert.strictEqual((await by.post("/event", { type: "t", data: 1 })).status, 200)
    assert.lengthOf(siteLines(by.site), 1)
    await by.kill()

    const site = newDirectory()
    const args = ["--site", site, "--port", "0", "--host", "127.0.0.1"]
    const beaten = await serveWith(site, args, { env, cwd: home })
    assert.match(beaten.url, /^http:\/\/127\.0\.0\.1:/)
    assert.notStrictEqual(beaten.port, port)
    await beaten.kill()

    const empty = { PANOPTES_TELEMETRY_HOST: "", PANOPTES_TELEMETRY_PORT: "", PANOPTES_TELEMETRY_SITE_DIR: "" }
    const cwd = newDirectory()
    const none = await serveWith(join(cwd, "site"), ["--port", "0"], { env: empty, cwd })
    assert.match(none.url, /^http:\/\/127\.0\.0\.1:/)
    assert.isTrue(existsSync(join(none.site, ".outpost")))
  })

  it("shutdown is answered, then the server ends at once with 0, whatever is still open", async () => {
    const site = newDirectory()
    const other = await serve(site)
    const agent = new http.Agent({ keepAlive: true })
    await other.call("/health", { agent })
    assert.strictEqual((await other.post("/shutdown", "", { "x-forwarded-for": "8.8.8.8" })).status, 403)
    const answer = await other.post("/shutdown", "", { "x-forwarded-for": "127.0.0.1" })
    assert.deepStrictEqual([answer.status, answer.text], [200, '{"shutting_down":true}'])
    assert.strictEqual((await other.ended).code, 0)
    agent.destroy()
  })
})
