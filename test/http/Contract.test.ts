/** The telemetry server's contract over the wire: routes, errors, content types, framework rules. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SiteDouble } from "../support/SiteDouble.js"
import { TelemetryDouble } from "../support/TelemetryDouble.js"
import { call, postJson, raw, layer as server } from "../support/TestServer.js"
import { layer } from "../support/SharedLayer.js"

const live = { excludeTestServices: true } as const

const detail = (text: string) => JSON.stringify({ detail: text })

layer(server(), live)("health and events", (it) => {
  it.effect("answers compact JSON", () =>
    Effect.gen(function* () {
      const health = yield* call("/health")
      assert.deepStrictEqual([health.status, health.text], [200, '{"ok":true}'])
      assert.strictEqual(health.headers.get("content-type"), "application/json")
      const ready = yield* call("/ready")
      assert.deepStrictEqual([ready.status, ready.text], [200, '{"ready":true,"run_active":false,"version":"1.2.3"}'])
    })
  )

  it.effect("tells with 503 and reasons that no event can be taken", () =>
    Effect.gen(function* () {
      const site = yield* SiteDouble
      site.ready = false
      const ready = yield* call("/ready")
      site.ready = true
      assert.strictEqual(ready.status, 503)
      assert.deepStrictEqual(ready.json, {
        ready: false,
        run_active: false,
        version: "1.2.3",
        reasons: ["the disk is full"]
      })
    })
  )

  it.effect("an accepted event is answered with five keys in order, its text untouched", () =>
    Effect.gen(function* () {
      const data = '{"b":1,"10":2,"2":3,"n":90071992547409931234567890,"f":1.0,"u":"é😀"}'
      const posted = yield* postJson(
        "/event",
        `{"type":"numbers","data":${data},"meta":{"k":1.50},"seq":99,"stream":"x"}`
      )
      assert.strictEqual(posted.status, 200)
      assert.strictEqual(posted.headers.get("content-type"), "application/json")
      assert.match(posted.text, /^\{"seq":\d+,"ts":"2026-01-02T03:04:05\.678Z","type":"numbers","data":/)
      assert.include(posted.text, `"data":${data},"meta":{"k":1.50}}`)
      const read = yield* call("/current/numbers")
      assert.strictEqual(read.text, posted.text)
      const all = yield* call("/current")
      assert.include(all.text, `"numbers":${posted.text}`)
      assert.isTrue(all.text.startsWith('{"current":{'))
    })
  )

  it.effect("types are percent-decoded and case-sensitive", () =>
    Effect.gen(function* () {
      for (const type of ["a;b", "a b", "ü", "50%", "a?b#c", "%2F", "x".repeat(300), "__proto__", "a+b:c@d"]) {
        const posted = yield* postJson("/event", { type, data: 1 })
        assert.strictEqual(posted.status, 200, type)
        if (type.includes("/")) continue
        const read = yield* call(`/current/${encodeURIComponent(type)}`)
        assert.deepStrictEqual([read.status, read.text], [200, posted.text], type)
      }
      yield* postJson("/event", { type: "Case", data: 1 })
      assert.strictEqual((yield* call("/current/case")).status, 404)
      assert.strictEqual((yield* call("/CURRENT/Case")).status, 404)
    })
  )

  it.effect("a type nobody sent is quoted as Python would", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [string, string]> = [
        ["x", "'x'"],
        ["it's", '"it\'s"'],
        [`it's "so"`, `'it\\'s "so"'`],
        ["a\nb\\c\x00", "'a\\nb\\\\c\\x00'"],
        ["äöü😀", "'äöü😀'"],
        ["\u2028", "'\\u2028'"]
      ]
      for (const [type, quoted] of cases) {
        const answer = yield* call(`/current/${encodeURIComponent(type)}`)
        assert.deepStrictEqual([answer.status, answer.text], [404, detail(`No current event for type ${quoted}`)])
      }
    })
  )

  it.effect("a slash in a type makes an unknown path", () =>
    Effect.gen(function* () {
      for (const path of ["/current/a/b", "/current/a%2Fb", "/nope", "/runs/a/b", "//health"]) {
        const answer = yield* call(path)
        assert.deepStrictEqual([answer.status, answer.text], [404, detail("Not Found")], path)
      }
    })
  )

  it.effect("a wrong method is 405 with Allow, HEAD and OPTIONS too", () =>
    Effect.gen(function* () {
      const cases = [
        ["DELETE", "/health", "GET"],
        ["OPTIONS", "/health", "GET"],
        ["GET", "/event", "POST"],
        ["PUT", "/event", "POST"],
        ["GET", "/run/start", "POST"],
        ["POST", "/current/x", "GET"],
        ["DELETE", "/events", "POST, GET"]
      ] as const
      for (const [method, path, allow] of cases) {
        const answer = yield* call(path, { method })
        assert.deepStrictEqual(
          [answer.status, answer.text, answer.headers.get("allow")],
          [405, detail("Method Not Allowed"), allow],
          `${method} ${path}`
        )
      }
      const head = yield* call("/health", { method: "HEAD" })
      assert.deepStrictEqual([head.status, head.headers.get("allow")], [405, "GET"])
    })
  )

  it.effect("a trailing slash is redirected with the method and the query kept", () =>
    Effect.gen(function* () {
      const cases = [
        ["GET", "/health/", "/health"],
        ["GET", "/current/", "/current"],
        ["GET", "/current/x/?a=1", "/current/x?a=1"],
        ["POST", "/event/", "/event"]
      ] as const
      for (const [method, path, location] of cases) {
        const answer = yield* call(path, { method })
        assert.deepStrictEqual([answer.status, answer.headers.get("location")], [307, location])
      }
      assert.strictEqual((yield* call("/nope/")).status, 404)
    })
  )

  it.effect("problems of a body are listed, all at once and in field order", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      const before = lines.length
      const body = { type: 5, make_current: "maybe", meta: null }
      const answer = yield* postJson("/event", body)
      assert.strictEqual(answer.status, 422)
      assert.deepStrictEqual(answer.json, {
        detail: [
          { type: "string_type", loc: ["body", "type"], msg: "Input should be a valid string", input: 5 },
          { type: "missing", loc: ["body", "data"], msg: "Field required", input: body },
          {
            type: "bool_parsing",
            loc: ["body", "make_current"],
            msg: "Input should be a valid boolean, unable to interpret input",
            input: "maybe"
          },
          { type: "dict_type", loc: ["body", "meta"], msg: "Input should be a valid dictionary", input: null }
        ]
      })
      const broken = yield* postJson("/event", '{"type":"é",}')
      assert.strictEqual(broken.status, 422)
      assert.deepStrictEqual(
        [broken.json.detail[0].type, broken.json.detail[0].loc, broken.json.detail[0].msg, broken.json.detail[0].input],
        ["json_invalid", ["body", 12], "JSON decode error", {}]
      )
      assert.isString(broken.json.detail[0].ctx.error)
      for (const empty of ["", "null"]) {
        const answer = yield* postJson("/event", empty)
        assert.deepStrictEqual(answer.json, {
          detail: [{ type: "missing", loc: ["body"], msg: "Field required", input: null }]
        })
      }
      assert.strictEqual(lines.length, before)
    })
  )

  it.effect("bytes that are not UTF-8 are 400", () =>
    Effect.gen(function* () {
      const body = Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xff]), Buffer.from('","data":1}')])
      for (const path of ["/event", "/run/start"]) {
        const answer = yield* call(path, { method: "POST", headers: { "content-type": "application/json" }, body })
        assert.deepStrictEqual([answer.status, answer.text], [400, detail("There was an error parsing the body")])
      }
    })
  )

  it.effect("JSON under other names is taken, anything else is not", () =>
    Effect.gen(function* () {
      const { lines } = yield* TelemetryDouble
      const body = '{"type":"t","data":1}'
      for (const type of ["application/json", "Application/JSON; charset=latin1", "application/vnd.x+json"]) {
        const answer = yield* call("/event", { method: "POST", headers: { "content-type": type }, body })
        assert.strictEqual(answer.status, 200, type)
      }
      const none = yield* raw(
        `POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
      )
      assert.match(none, /^HTTP\/1\.1 200 /)
      const before = lines.length
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]) {
        for (const path of ["/event", "/run/start"]) {
          const answer = yield* call(path, { method: "POST", headers: { "content-type": type }, body })
          assert.strictEqual(answer.status, 422)
          assert.deepStrictEqual(answer.json.detail, [
            {
              type: "model_attributes_type",
              loc: ["body"],
              msg: "Input should be a valid dictionary or object to extract fields from",
              input: body
            }
          ])
        }
      }
      assert.strictEqual(lines.length, before)
    })
  )

  it.effect("pipelined requests are answered in order, chunked bodies are read", () =>
    Effect.gen(function* () {
      const post = (n: number) => {
        const body = `{"type":"piped","data":${n}}`
        return `POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      }
      const received = yield* raw(post(1) + post(2) + post(3), (text) => text.split('"type":"piped"').length === 4)
      assert.deepStrictEqual(
        Array.from(received.matchAll(/"data":(\d)/g), (found) => found[1]),
        ["1", "2", "3"]
      )
      const chunked = yield* raw(
        'POST /event HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n8\r\n{"type":\r\ne\r\n"c","data":42}\r\n0\r\n\r\n'
      )
      assert.include(chunked, '"data":42')
    })
  )

  it.effect("requests that came before what is no request are answered before it is", () =>
    Effect.gen(function* () {
      const double = yield* TelemetryDouble
      double.gate = Effect.sleep("100 millis")
      const body = '{"type":"before","data":1}'
      const post = `POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const statuses = (received: string) =>
        Array.from(received.matchAll(/HTTP\/1\.1 (\d{3})/g), (found) => found[1]).join()
      assert.strictEqual(statuses(yield* raw(`${post}${post}nonsense\r\n\r\n`)), "200,200,400")
      const cutShort = "POST /event HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n"
      assert.strictEqual(statuses(yield* raw(`${post}${cutShort}`)), "200,400")
      assert.strictEqual(statuses(yield* raw(cutShort)), "400")
      double.gate = Effect.void
    })
  )

  it.effect("what is no request is 400 in plain text", () =>
    Effect.gen(function* () {
      const received = yield* raw("nonsense\r\n\r\n")
      assert.match(received, /^HTTP\/1\.1 400 /)
      assert.match(received, /content-type: text\/plain/i)
    })
  )
})

layer(server(), live)("runs", (it) => {
  it.effect("one run at a time, ended by stop alone", () =>
    Effect.gen(function* () {
      const none = yield* call("/run")
      assert.deepStrictEqual([none.status, none.text], [404, detail("No run is active")])
      const started = yield* postJson("/run/start", '{"run_id":"r1","meta":{"big":12345678901234567890,"x":1.0}}')
      assert.strictEqual(
        started.text,
        '{"run_dir":"/site/r1","run_id":"r1","meta":{"big":12345678901234567890,"x":1.0,"run_id":"r1"},"started_at":"2026-01-02T03:04:05.678Z"}'
      )
      assert.strictEqual((yield* call("/run")).text, started.text)
      const second = yield* postJson("/run/start", {})
      assert.deepStrictEqual([second.status, second.text], [409, detail("A run is already active")])
      const stopped = yield* postJson("/run/stop", "{broken")
      assert.deepStrictEqual([stopped.status, stopped.text], [200, started.text])
      const again = yield* call("/run/stop", { method: "POST" })
      assert.deepStrictEqual([again.status, again.text], [404, detail("No run is active")])
    })
  )

  it.effect("no body, an empty one, null and {} are alike", () =>
    Effect.gen(function* () {
      for (const init of [{}, { body: "" }, { body: "null" }, { body: "{}" }]) {
        const headers = { "content-type": "application/json" }
        const answer = yield* call("/run/start", { method: "POST", headers, ...init })
        assert.strictEqual(answer.status, 200)
        assert.match(answer.json.run_id, /^\d{3}$/)
        yield* call("/run/stop", { method: "POST" })
      }
    })
  )

  it.effect("fields of the wrong kind are listed", () =>
    Effect.gen(function* () {
      const answer = yield* postJson("/run/start", { run_id: 7, run_dir: false, meta: null, other: 1 })
      assert.strictEqual(answer.status, 422)
      assert.deepStrictEqual(answer.json, {
        detail: [
          { type: "string_type", loc: ["body", "run_dir"], msg: "Input should be a valid string", input: false },
          { type: "string_type", loc: ["body", "run_id"], msg: "Input should be a valid string", input: 7 },
          { type: "dict_type", loc: ["body", "meta"], msg: "Input should be a valid dictionary", input: null }
        ]
      })
      assert.strictEqual((yield* call("/run")).status, 404)
      const list = yield* postJson("/run/start", "[1]")
      assert.deepStrictEqual(list.json.detail[0].type, "model_attributes_type")
      const refused = yield* postJson("/run/start", { run_id: "../up" })
      assert.strictEqual(refused.status, 422)
      assert.deepStrictEqual(Object.keys(refused.json), ["detail"])
    })
  )

  it.effect("all runs and one of them, on routes of our own", () =>
    Effect.gen(function* () {
      yield* postJson("/run/start", { run_id: "listed" })
      yield* call("/run/stop", { method: "POST" })
      const list = yield* call("/runs")
      assert.strictEqual(list.json.runs[0].run_id, "listed")
      assert.strictEqual(list.json.runs[0].last_seq, 5)
      assert.strictEqual((yield* call("/runs/listed")).json.stopped_at, "2026-01-02T04:04:05.678Z")
      const none = yield* call("/runs/none")
      assert.strictEqual(none.status, 404)
      assert.deepStrictEqual(none.json, { detail: "No run 'none'", error: { _tag: "RunNotFound", run_id: "none" } })
    })
  )
})

layer(server(), live)("a parameter that nobody knows", (it) => {
  it.effect("is refused by name on our own routes, with what was probably meant", () =>
    Effect.gen(function* () {
      const answer = yield* call("/events?typ=weather&limit=3")
      assert.strictEqual(answer.status, 422)
      assert.deepStrictEqual(answer.json.error.problems, [
        {
          type: "extra_forbidden",
          loc: ["query", "typ"],
          msg: "Unknown parameter: did you mean type?",
          input: "weather"
        }
      ])
      const collectors = [
        "/api/schedules?x=1",
        "/api/coverage?serie=a/b/c",
        "/api/data?serie=a/b/c",
        "/api/jobs/any/chunks?state=FAILED",
        "/api/jobs/any/events?x=1",
        "/api/events?x=1"
      ]
      for (const path of [
        "/events/tail?foo=1",
        "/events/export?x=1",
        "/runs?x=1",
        "/runs/001?x",
        "/logs/lines?x=1",
        ...collectors
      ]) {
        const { json, status } = yield* call(path)
        assert.deepStrictEqual([status, json.error.problems[0].type], [422, "extra_forbidden"], path)
      }
      assert.strictEqual((yield* call("/verify?repiar=true", { method: "POST" })).status, 422)
      for (const path of ["/events?", "/events?type=a&type=b&limit=1", "/status?token=x", "/runs?token=x"]) {
        assert.strictEqual((yield* call(path)).status, 200, path)
      }
      const odd = yield* call("/api/jobs/any/chunks?status=bogus")
      assert.deepStrictEqual([odd.status, odd.json.error.problems[0].loc], [422, ["query", "status"]])
      for (const path of ["/api/scheduler?x=1", "/api/inventory?x=1", "/api/backfill?x=1", "/api/streams?x=1"]) {
        assert.strictEqual((yield* call(path)).status, 200, path)
      }
    })
  )

  it.effect("is passed over on the routes of others' contracts", () =>
    Effect.gen(function* () {
      for (const path of ["/health?x=1", "/ready?x=1", "/current?x=1", "/api/jobs?x=1", "/api/logs?x=1"]) {
        assert.strictEqual((yield* call(path)).status, 200, path)
      }
      assert.strictEqual((yield* call("/run?x=1")).status, 404)
    })
  )
})

layer(server(), live)("shutdown", (it) => {
  it.effect("is for loopback, whatever a header says", () =>
    Effect.gen(function* () {
      const site = yield* SiteDouble
      for (const addresses of ["8.8.8.8", "127.0.0.1, 8.8.8.8", "8.8.8.8, 127.0.0.1", "unknown", ""]) {
        const forwarded = yield* call("/shutdown", { method: "POST", headers: { "x-forwarded-for": addresses } })
        assert.deepStrictEqual(
          [forwarded.status, forwarded.text, site.shutdowns],
          [403, detail("Server shutdown is restricted to loopback clients"), 0],
          addresses
        )
      }
      const answer = yield* call("/shutdown", { method: "POST", headers: { "x-forwarded-for": "127.0.0.1, ::1" } })
      assert.deepStrictEqual([answer.status, answer.text, site.shutdowns], [200, '{"shutting_down":true}', 1])
      site.canShutDown = false
      const refused = yield* call("/shutdown", { method: "POST" })
      assert.deepStrictEqual([refused.status, refused.text], [409, detail("Server shutdown not available")])
    })
  )
})
