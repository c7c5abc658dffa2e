/**
 * The HTTP contract of the telemetry server of panoptes-utils, line by line, on the real bin: routes, bodies, errors,
 * validation, connections. Streams, files and runs: `panoptesStreams.test.ts`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as http from "node:http"
import * as net from "node:net"
import { afterAll, beforeAll } from "vitest"
import { cleanUp, newDirectory, type Reply, serve, siteLines, type SiteServer } from "../support/SiteServer.js"

let server: SiteServer

beforeAll(async () => {
  server = await serve(newDirectory())
})
afterAll(cleanUp)

const detail = (text: string) => JSON.stringify({ detail: text })
const facts = ({ status, text }: Reply) => [status, text]
const stored = () => siteLines(server.site).length
const last = (): string => siteLines(server.site).at(-1) ?? ""
const start = (body: unknown) => server.post("/run/start", body)
const stop = () => server.post("/run/stop", "")

const stringType = (field: string, input: unknown) => ({
  type: "string_type",
  loc: ["body", field],
  msg: "Input should be a valid string",
  input
})
const dictType = (input: unknown) => ({
  type: "dict_type",
  loc: ["body", "meta"],
  msg: "Input should be a valid dictionary",
  input
})
const noObject = (input: unknown) => ({
  type: "model_attributes_type",
  loc: ["body"],
  msg: "Input should be a valid dictionary or object to extract fields from",
  input
})
const missing = (field: string, input: unknown) => ({
  type: "missing",
  loc: ["body", field],
  msg: "Field required",
  input
})
const noBody = { type: "missing", loc: ["body"], msg: "Field required", input: null }

const run =
  /^\{"run_dir":"[^"]+","run_id":"r","meta":\{"run_id":"r"\},"started_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}$/

describe("routes", () => {
  it("bodies are compact JSON with the stated keys in their order", async () => {
    const health = await server.call("/health")
    assert.deepStrictEqual(facts(health), [200, '{"ok":true}'])
    assert.strictEqual(health.headers["content-type"], "application/json")
    assert.match((await server.call("/ready")).text, /^\{"ready":true,"run_active":false,"version":"[^"]+"\}$/)
    assert.deepStrictEqual(facts(await server.call("/run")), [404, detail("No run is active")])
    assert.deepStrictEqual(facts(await stop()), [404, detail("No run is active")])
    const posted = await server.post("/event", { type: "weather", data: { wind: 4 }, meta: { b: 1, a: 2 } })
    const event =
      /^\{"seq":\d+,"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","type":"weather","data":\{"wind":4\},"meta":\{"b":1,"a":2\}\}$/
    assert.match(posted.text, event)
    assert.strictEqual((await server.call("/current/weather")).text, posted.text)
    assert.include((await server.call("/current")).text, `"weather":${posted.text}`)
    assert.match((await server.call("/current")).text, /^\{"current":\{.*\}\}$/)
  })

  it("a run is shown by start, run and stop alike; a second start is 409 and leaves no directory", async () => {
    const started = await start({ run_id: "r" })
    assert.match(started.text, run)
    assert.strictEqual((await server.call("/run")).text, started.text)
    assert.strictEqual((await server.call("/ready")).json.run_active, true)
    assert.deepStrictEqual(facts(await start({ run_id: "second" })), [409, detail("A run is already active")])
    assert.strictEqual((await server.post("/run/stop", "{broken")).text, started.text)
    assert.deepStrictEqual(facts(await server.call("/run")), [404, detail("No run is active")])
  })

  it("an unknown path is 404, a slash in a type makes one", async () => {
    for (const path of ["/nope", "/current/a/b", "/current/a%2Fb", "/event/x", "/runx"]) {
      assert.deepStrictEqual(facts(await server.call(path)), [404, detail("Not Found")], path)
    }
  })

  it("a wrong method is 405 with Allow", async () => {
    const routes = {
      GET: ["/health", "/ready", "/run", "/current", "/current/x"],
      POST: ["/run/start", "/run/stop", "/event", "/shutdown"]
    }
    for (const [allowed, paths] of Object.entries(routes)) {
      for (const path of paths) {
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
          if (method === allowed) continue
          const answer = await server.call(path, { method })
          assert.deepStrictEqual([answer.status, answer.headers.allow], [405, allowed], `${method} ${path}`)
          assert.strictEqual(answer.text, method === "HEAD" ? "" : detail("Method Not Allowed"))
        }
      }
    }
  })

  it("a trailing slash is 307 to the path without it", async () => {
    for (const path of ["/health", "/current", "/current/x", "/run", "/event", "/run/start"]) {
      const answer = await server.call(`${path}/`)
      assert.strictEqual(answer.status, 307, path)
      assert.strictEqual(new URL(answer.headers.location ?? "", server.url).pathname, path)
    }
  })

  it("the pages of the framework are there", async () => {
    for (const path of ["/docs", "/redoc", "/openapi.json"]) {
      assert.strictEqual((await server.call(path)).status, 200, path)
    }
    assert.isObject((await server.call("/openapi.json")).json.paths["/event"])
  })

  it("types are percent-decoded, case-sensitive, and quoted as Python quotes", async () => {
    for (const type of ["a b", "ü", "50%", "a?b#c", "__proto__", "constructor", "a+b", "😀"]) {
      const posted = await server.post("/event", { type, data: 1 })
      assert.deepStrictEqual(facts(await server.call(`/current/${encodeURIComponent(type)}`)), [200, posted.text], type)
    }
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["x", "'x'"],
      ["WEATHER", "'WEATHER'"],
      ["it's", '"it\'s"'],
      [`it's "so"`, `'it\\'s "so"'`],
      ['"', `'"'`],
      ["a\nb\\c\x00\t\r\x7f", "'a\\nb\\\\c\\x00\\t\\r\\x7f'"],
      ["äöü😀", "'äöü😀'"],
      ["\u00a0\u200b", "'\\xa0\\u200b'"]
    ]
    for (const [type, quoted] of cases) {
      const answer = await server.call(`/current/${encodeURIComponent(type)}`)
      assert.deepStrictEqual(facts(answer), [404, detail(`No current event for type ${quoted}`)])
    }
  })
})

describe("an event's body", () => {
  it("keeps every digit, the order of keys and their names", async () => {
    const data =
      '{"b":1,"10":2,"2":3,"ns":1763700000123456789,"big":123456789012345678901234567890,"f":0.1,"e":-1.5,"__proto__":{"x":1}}'
    const posted = await server.post("/event", `{"type":"t","data":${data},"meta":{"10":1,"2":2,"__proto__":3}}`)
    assert.include(posted.text, `"data":${data},"meta":{"10":1,"2":2,"__proto__":3}}`)
    assert.include(last(), `"data":${data},"meta":{"10":1,"2":2,"__proto__":3}}`)
  })

  it("floats keep their double", async () => {
    for (const text of ["1.0", "1e22", "-0.0", "0.1", "1.7976931348623157e308", "5e-324", "1E-7"]) {
      const posted = await server.post("/event", `{"type":"f","data":${text}}`)
      const [, spelt = ""] = /"data":([^,]+),/.exec(posted.text) ?? []
      assert.isTrue(Object.is(Number(spelt), Number(text)), `${text} -> ${spelt}`)
      assert.match(spelt, /[.eE]/)
    }
  })

  it("any JSON is data, null too; any text is a type, the empty one too", async () => {
    for (const data of [null, true, false, 0, "", "text", [], {}, [null, [{}]]]) {
      const posted = await server.post("/event", { type: "any", data })
      assert.strictEqual(posted.status, 200)
      assert.deepStrictEqual(posted.json.data, data)
    }
    assert.strictEqual((await server.post("/event", { type: "", data: 1 })).json.type, "")
  })

  it("unknown keys are ignored, of repeated ones the last counts, a byte order mark is skipped", async () => {
    const ignored = await server.post("/event", { type: "t", data: 1, seq: 99, stream: "x", other: {} })
    assert.deepStrictEqual(Object.keys(ignored.json), ["seq", "ts", "type", "data", "meta"])
    assert.isBelow(ignored.json.seq, 99)
    const repeated = await server.post("/event", '{"type":1,"data":1,"meta":null,"type":"t","data":2,"meta":{"a":1}}')
    assert.deepStrictEqual([repeated.json.type, repeated.json.data, repeated.json.meta], ["t", 2, { a: 1 }])
    assert.strictEqual((await server.post("/event", '\ufeff{"type":"t","data":3}')).json.data, 3)
    const run = await start('\ufeff{"run_id":"bom"}')
    await stop()
    assert.strictEqual(run.json.run_id, "bom")
  })

  it("make_current and store_permanently take what stands for a boolean", async () => {
    const on = ["true", "1", "1.0", '"true"', '"TRUE"', '"yes"', '"on"', '"y"', '"t"', '"1"', '"Yes"', '"tRuE"']
    const off = ["false", "0", "0.0", '"false"', '"No"', '"off"', '"n"', '"F"', '"0"', "-0.0"]
    const unparsed = ["2", "-1", '"maybe"', '""', '" true"', '"yes "']
    const untyped = ["null", "[]", "{}", "1.5"]
    let n = 0
    const post = (key: string, value: string) =>
      server.post("/event", `{"type":"flag","data":${++n},"${key}":${value}}`)
    const current = async () => (await server.call("/current/flag")).json.data
    for (const value of on) {
      assert.strictEqual((await post("make_current", value)).status, 200, value)
      assert.strictEqual(await current(), n, value)
    }
    const before = n
    for (const value of off) {
      assert.strictEqual((await post("make_current", value)).status, 200, value)
      assert.strictEqual(await current(), before, value)
      const lines = stored()
      assert.strictEqual((await post("store_permanently", value)).status, 200, value)
      assert.strictEqual(stored(), lines, value)
      await server.post("/event", `{"type":"flag","data":${before}}`)
    }
    for (const key of ["make_current", "store_permanently"]) {
      for (const [type, msg, values] of [
        ["bool_parsing", "Input should be a valid boolean, unable to interpret input", unparsed],
        ["bool_type", "Input should be a valid boolean", untyped]
      ] as const) {
        for (const value of values) {
          const { json, status } = await post(key, value)
          assert.strictEqual(status, 422, value)
          assert.deepStrictEqual(json.detail, [{ type, loc: ["body", key], msg, input: JSON.parse(value) }])
        }
      }
    }
  })

  it("what is not kept is only current, and uses a number", async () => {
    const lines = stored()
    const first = await server.post("/event", { type: "only", data: 1, store_permanently: false })
    assert.strictEqual((await server.call("/current/only")).text, first.text)
    assert.strictEqual(stored(), lines)
    const second = await server.post("/event", { type: "only", data: 2 })
    assert.strictEqual(second.json.seq, first.json.seq + 1)
    const neither = { type: "only", data: 3, store_permanently: false, make_current: false }
    assert.strictEqual((await server.post("/event", neither)).json.seq, first.json.seq + 2)
    assert.strictEqual((await server.call("/current/only")).text, second.text)
  })

  it("ts is kept as it is", async () => {
    for (const ts of ["garbage", "", "1999-01-01T00:00:00Z", "é"]) {
      assert.strictEqual((await server.post("/event", { type: "t", data: 1, ts })).json.ts, ts)
      assert.strictEqual(JSON.parse(last()).ts, ts)
    }
    const nulled = await server.post("/event", { type: "t", data: 1, ts: null })
    assert.closeTo(Date.parse(nulled.json.ts), Date.now(), 60_000)
  })
})

describe("refusals", () => {
  it("list all problems at once, in the order of the fields; nothing is stored and no number used", async () => {
    const { seq } = (await server.post("/event", { type: "t", data: 1 })).json
    const before = stored()
    const wrong = { ts: 5, meta: null, store_permanently: [], make_current: "maybe", type: 5 }
    const cases: ReadonlyArray<readonly [unknown, ReadonlyArray<unknown>]> = [
      [
        wrong,
        [
          stringType("type", 5),
          missing("data", wrong),
          {
            type: "bool_parsing",
            loc: ["body", "make_current"],
            msg: "Input should be a valid boolean, unable to interpret input",
            input: "maybe"
          },
          dictType(null),
          { type: "bool_type", loc: ["body", "store_permanently"], msg: "Input should be a valid boolean", input: [] },
          stringType("ts", 5)
        ]
      ],
      [{}, [missing("type", {}), missing("data", {})]],
      ["", [noBody]],
      ["null", [noBody]],
      ["[1]", [noObject([1])]],
      ['"text"', [noObject("text")]],
      ["5", [noObject(5)]],
      ...[true, null, [], {}].map((type) => [{ type, data: 1 }, [stringType("type", type)]] as const),
      ...[[], "x", 5, true].map((meta) => [{ type: "t", data: 1, meta }, [dictType(meta)]] as const)
    ]
    for (const [body, problems] of cases) {
      const answer = await server.post("/event", body)
      assert.deepStrictEqual([answer.status, answer.json], [422, { detail: problems }], JSON.stringify(body))
      assert.strictEqual(answer.headers["content-type"], "application/json")
      assert.match(answer.text, /^\{"detail":\[\{"type":"[a-z_]+","loc":\["body".*\],"msg":".*","input":/)
    }
    assert.strictEqual(stored(), before)
    assert.strictEqual((await server.post("/event", { type: "t", data: 1 })).json.seq, seq + 1)
  })

  it("broken JSON is named by its place in characters", async () => {
    for (const path of ["/event", "/run/start"]) {
      for (const [body, offset] of [
        ['{"type":"é",}', 12],
        ["{", 1],
        ['{"type":"t" "data":1}', 12],
        ["nonsense", 0],
        ['{"type":"t","data":1}x', 21]
      ] as const) {
        const { json, status } = await server.post(path, body)
        assert.strictEqual(status, 422, `${path} ${body}`)
        const [{ ctx, ...problem }] = json.detail
        assert.isString(ctx.error)
        const expected = { type: "json_invalid", loc: ["body", offset], msg: "JSON decode error", input: {} }
        assert.deepStrictEqual(problem, expected, `${path} ${body}`)
      }
    }
  })

  it("bytes that are not UTF-8 are 400", async () => {
    const body = Buffer.from('{"type":"\xff","data":1}', "latin1")
    for (const path of ["/event", "/run/start"]) {
      assert.deepStrictEqual(facts(await server.post(path, body)), [400, detail("There was an error parsing the body")])
    }
  })

  it("a run's body: none, empty, null and {} are alike; each field has its kind", async () => {
    for (const body of ["", "null", "{}", '{"run_dir":null,"run_id":null}', '{"other":1}', '{"run_id":""}']) {
      const answer = await start(body)
      await stop()
      assert.deepStrictEqual([answer.status, /^\d{3}$/.test(answer.json.run_id)], [200, true], body)
    }
    const none = await server.call("/run/start", { method: "POST" })
    await stop()
    assert.strictEqual(none.status, 200)
    const wrong = await start({ meta: null, run_id: 7, run_dir: 8 })
    assert.deepStrictEqual(wrong.json, { detail: [stringType("run_dir", 8), stringType("run_id", 7), dictType(null)] })
    assert.deepStrictEqual((await start("[1]")).json, { detail: [noObject([1])] })
    assert.strictEqual((await server.call("/run")).status, 404)
  })

  it("only JSON by name, or nothing by name, is read as JSON", async () => {
    const body = '{"type":"named","data":1}'
    const fine = ["application/json", "APPLICATION/JSON", "application/json; charset=x; y=z", "application/vnd.a+json"]
    for (const type of fine) {
      assert.strictEqual((await server.post("/event", body, { "content-type": type })).status, 200, type)
    }
    const bare = await server.call("/event", { method: "POST", body })
    assert.strictEqual(bare.status, 200)
    const before = stored()
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", "text/json"]) {
      for (const path of ["/event", "/run/start"]) {
        const answer = await server.post(path, body, { "content-type": type })
        assert.deepStrictEqual([answer.status, answer.json], [422, { detail: [noObject(body)] }], `${type} ${path}`)
      }
    }
    assert.strictEqual(stored(), before)
  })
})

describe("connections", () => {
  it("are kept open", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    agent.on("free", (socket) => ports.add(socket.localPort))
    for (let n = 0; n < 3; n++) assert.strictEqual((await server.call("/current", { agent })).status, 200)
    const headers = { "content-type": "application/json" }
    const posted = { agent, method: "POST", headers, body: '{"type":"t","data":1}' }
    for (let n = 0; n < 3; n++) assert.strictEqual((await server.call("/event", posted)).status, 200)
    agent.destroy()
    assert.strictEqual(ports.size, 1)
  })

  it("pipelined requests are answered in their order", async () => {
    const post = (n: number) => {
      const body = `{"type":"piped","data":${n}}`
      return `POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    }
    const ended = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    const received = await server.wire(post(1) + post(2) + post(3) + ended)
    const answers = Array.from(received.matchAll(/"seq":(\d+)[^}]*"data":(\d)/g), ([, seq, n]) => [Number(seq), n])
    const first = Number(answers[0]?.[0])
    assert.deepStrictEqual(answers, [
      [first, "1"],
      [first + 1, "2"],
      [first + 2, "3"]
    ])
    assert.match(received, /\{"ok":true\}$/)
  })

  it("chunked bodies are read", async () => {
    const head = "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    const chunks = '8\r\n{"type":\r\ne\r\n"c","data":42}\r\n0\r\n\r\n'
    assert.include(await server.wire(`POST /event ${head}${chunks}`), '"type":"c","data":42')
    const started = await server.wire(`POST /run/start ${head}10\r\n{"run_id":"chnk"\r\n1\r\n}\r\n0\r\n\r\n`)
    await stop()
    assert.include(started, '"run_id":"chnk"')
  })

  it("what is no request is 400 in plain text, and closed", async () => {
    const received = await server.wire("nonsense\r\n\r\n")
    assert.match(received, /^HTTP\/1\.1 400 .*\r\n/)
    assert.match(received, /content-type: text\/plain/i)
  })

  it("a request that breaks off stores nothing", async () => {
    const before = stored()
    const cut = 'POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"type":"cut","data":1}'
    const socket = net.connect(server.port, "127.0.0.1")
    await new Promise<void>((resolve) => socket.write(cut, () => resolve()))
    socket.destroy()
    await server.call("/health")
    assert.strictEqual((await server.call("/current/cut")).status, 404)
    assert.strictEqual(stored(), before)
  })
})
