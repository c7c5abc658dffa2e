import * as Credentials from "../../src/http/Credentials.js"
import * as EdgeRules from "../../src/http/EdgeRules.js"
import { repr } from "../../src/domain/PythonRepr.js"
import * as RouteTable from "../../src/http/RouteTable.js"
import * as EventParams from "../../src/http/EventParams.js"
import * as QueryParams from "../../src/http/QueryParams.js"
import { EventFilter, EventQuery } from "../../src/domain/EventQuery.js"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"

const rules = EdgeRules.make({
  hosts: ["Outpost.Example.org"],
  allowOrigins: ["https://lab.example.org"],
  machine: "Station-7.local"
})

describe("the name a request calls us by", () => {
  const allowed = [
    undefined,
    "localhost",
    "LOCALHOST:6562",
    "127.0.0.1",
    "10.1.2.3:80",
    "[::1]:6562",
    "[fe80::1]",
    "station-7.local",
    "station-7:6562",
    "outpost.example.org:443"
  ]
  const refused = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "a@localhost",
    "localhost:",
    "[::1",
    "",
    "example.org",
    "localhost:80:80"
  ]
  for (const host of allowed) it(`${host} is one of ours`, () => assert.isTrue(EdgeRules.hostAllowed(rules, host)))
  for (const host of refused) it(`'${host}' is not`, () => assert.isFalse(EdgeRules.hostAllowed(rules, host)))
})

describe("the page a request comes from", () => {
  const cases = [
    [undefined, undefined, "direct"],
    [undefined, "none", "direct"],
    [undefined, "same-origin", "direct"],
    [undefined, "cross-site", "foreign"],
    ["http://localhost:6562", undefined, "same"],
    ["http://LOCALHOST:6562", "same-origin", "same"],
    ["https://localhost:6562", undefined, "same"],
    ["http://localhost:6563", "same-site", "foreign"],
    ["http://localhost:6562", "cross-site", "foreign"],
    ["http://evil.example", undefined, "foreign"],
    ["null", undefined, "foreign"],
    ["", undefined, "foreign"],
    ["file://", undefined, "foreign"],
    ["https://lab.example.org", "cross-site", "allowed"],
    ["https://lab.example.org.evil", "cross-site", "foreign"]
  ] as const
  for (const [origin, fetchSite, expected] of cases) {
    it(`origin ${origin}, fetch-site ${fetchSite}: ${expected}`, () => {
      assert.strictEqual(EdgeRules.provenance(rules, { host: "localhost:6562", origin, fetchSite }), expected)
    })
  }
  it("an origin without a host to compare with is foreign", () => {
    const request = { host: undefined, origin: "http://localhost", fetchSite: undefined }
    assert.strictEqual(EdgeRules.provenance(rules, request), "foreign")
  })
})

describe("loopback", () => {
  for (const address of ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost"]) {
    it(`${address} is`, () => assert.isTrue(EdgeRules.isLoopback(address)))
  }
  for (const address of [undefined, "10.0.0.1", "0.0.0.0", "::", "::ffff:10.0.0.1", "127.0.0.1.evil"]) {
    it(`${address} is not`, () => assert.isFalse(EdgeRules.isLoopback(address)))
  }
})

describe("credentials", () => {
  const make = (token: string) =>
    Credentials.make({
      token: Option.some(Redacted.make(token)),
      ownToken: Option.some(Redacted.make("own")),
      sessionMillis: 60_000
    })
  const credentials = make("s3cret")
  const session = (now: number) => credentials.session(now).split(";")[0] ?? ""
  type Shown = { readonly authorization?: string; readonly cookie?: string; readonly query?: string }
  const cases: ReadonlyArray<readonly [string, Shown, Credentials.Grant]> = [
    ["nothing", {}, "denied"],
    ["the right bearer", { authorization: "Bearer s3cret" }, "granted"],
    ["any case of the scheme", { authorization: "bEaReR s3cret" }, "granted"],
    ["the process's own token", { authorization: "Bearer own" }, "granted"],
    [
      "a wrong bearer is final",
      { authorization: "Bearer no", cookie: "dccd_token=s3cret", query: "token=s3cret" },
      "denied"
    ],
    ["an empty bearer is final", { authorization: "Bearer ", query: "token=s3cret" }, "denied"],
    ["a bearer without a blank is final", { authorization: "Bearer", query: "token=s3cret" }, "denied"],
    ["another scheme is ignored", { authorization: "Basic eDp5", query: "token=s3cret" }, "query"],
    ["the cookie", { cookie: "a=b; dccd_token=s3cret; c=d" }, "granted"],
    ["a wrong cookie is final", { cookie: "dccd_token=no", query: "token=s3cret" }, "denied"],
    ["an empty cookie is not", { cookie: "dccd_token=", query: "token=s3cret" }, "query"],
    ["the own token is no cookie", { cookie: "dccd_token=own" }, "denied"],
    ["the query", { query: "x=1&token=s3cret" }, "query"],
    ["a wrong query", { query: "token=s3cre" }, "denied"],
    ["a session", { cookie: session(0) }, "granted"],
    ["a session that has run out", { cookie: session(-60_000) }, "denied"],
    ["a session that has run out, with a query", { cookie: session(-60_000), query: "token=s3cret" }, "query"],
    ["a forged session", { cookie: `${session(0).split(".")[0]}.0000` }, "denied"],
    ["a session with a later end", { cookie: session(0).replace(/=[^.]*/, "=zzzzzz") }, "denied"],
    ["a session of another token", { cookie: make("other").session(0).split(";")[0] ?? "" }, "denied"]
  ]
  for (const [what, shown, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      const { authorization, cookie, query = "" } = shown
      assert.strictEqual(credentials.check({ authorization, cookie, query }, 1), expected)
    })
  }
  it("an empty token is none", () => {
    const open = make("")
    assert.isFalse(open.guarded)
    assert.strictEqual(open.check({ authorization: "Bearer x", cookie: undefined, query: "" }, 0), "granted")
    assert.isFalse(open.matches(""))
  })
})

describe("Python's way with a text", () => {
  const cases = [
    ["", "''"],
    ["it's", '"it\'s"'],
    [`'"`, `'\\'"'`],
    ["\t\r\n\\", "'\\t\\r\\n\\\\'"],
    ["\x7f\x00\x1b", "'\\x7f\\x00\\x1b'"],
    ["\u00a0\u00ad", "'\\xa0\\xad'"],
    ["\u200b\ue000", "'\\u200b\\ue000'"],
    ["\u{e0001}", "'\\U000e0001'"],
    ["ßé漢😀", "'ßé漢😀'"]
  ] as const
  for (const [text, expected] of cases) it(expected, () => assert.strictEqual(repr(text), expected))
})

describe("the route table", () => {
  const table = RouteTable.make([
    { method: "GET", path: "/events" },
    { method: "POST", path: "/events" },
    { method: "GET", path: "/current/:type" },
    { method: "GET", path: "/app/*" },
    { method: "GET", path: "/events/tail" }
  ])
  it("finds a route under every spelling of its path", () => {
    const found = table.find("/%65vents")
    assert.deepStrictEqual(found, { _tag: "Route", path: "/events", methods: ["GET", "POST"], pattern: "/events" })
    assert.strictEqual(table.find("/current/a;b%20c")._tag, "Route")
    assert.strictEqual(table.find("/app/x/y")._tag, "Route")
  })
  it("knows what it does not know", () => {
    for (const path of [
      "/",
      "",
      "/Events",
      "/current/a/b",
      "/current/a%2fb",
      "/current/%zz",
      "/current/%ff",
      "x",
      "//events"
    ]) {
      assert.strictEqual(table.find(path)._tag, "Unknown", path)
    }
  })
  it("takes a slash off the end where that helps", () => {
    assert.deepStrictEqual(table.find("/events/"), { _tag: "Redirect", path: "/events" })
    assert.deepStrictEqual(table.find("/events//"), { _tag: "Unknown" })
    assert.strictEqual(table.find("/current/")._tag, "Unknown")
  })
})

describe("filters and queries in a URL", () => {
  it.effect("come back as they went", () =>
    Effect.gen(function* () {
      const query = new EventQuery({
        filter: new EventFilter({
          stream: "site",
          run: "a b",
          types: ["x&y", "z"],
          since: 1_700_000_000_123,
          until: 1_700_000_001_000,
          afterSeq: 7
        }),
        limit: 12,
        descending: true,
        cursor: { site: 3, run: 4 }
      })
      const params: Record<string, string | Array<string>> = {}
      for (const [name, value] of EventParams.ofQuery(query)) {
        const known = params[name]
        params[name] = known === undefined ? value : [known, value].flat()
      }
      assert.deepStrictEqual(yield* EventParams.query(params), query)
    })
  )
  it.effect("name every parameter that is wrong", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        EventParams.query({ stream: "x", since: "soon", limit: "0", order: "up", cursor: "y", after_seq: "-1" })
      )
      assert.deepStrictEqual(error.problems.map(({ loc }) => loc[1]).sort(), [
        "after_seq",
        "cursor",
        "limit",
        "order",
        "since",
        "stream"
      ])
    })
  )
  it("times are ISO 8601, UTC without a zone, or Unix seconds", () => {
    const cases = [
      ["1700000000.5", 1_700_000_000_500],
      ["2026-01-02", 1_767_312_000_000],
      ["2026-01-02T00:00:00", 1_767_312_000_000],
      ["2026-01-02T01:00:00+01:00", 1_767_312_000_000],
      ["2026-01-02T01:00:00 01:00", 1_767_312_000_000],
      ["2026-01-02 00:00:00Z", 1_767_312_000_000]
    ] as const
    for (const [text, millis] of cases) assert.deepStrictEqual(QueryParams.time(text), Option.some(millis), text)
    for (const text of ["", "now", "12:00", "2026-13-01"]) assert.isTrue(Option.isNone(QueryParams.time(text)), text)
  })
})
