import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { Row } from "../../../src/domain/RowLayout.js"
import type { TimeRange } from "../../../src/domain/TimeRange.js"
import * as Outgoing from "../../../src/outgoing/Outgoing.js"
import { OutgoingSettings } from "../../../src/outgoing/Settings.js"
import { HttpHistory } from "../../../src/plugins/history/HttpHistory.js"
import { Secrets } from "../../../src/site/Secrets.js"
import { type Opened, rowsOf, series, type Subject, suite } from "../../conformance/HistorySuite.js"
import * as RawServer from "../../support/RawServer.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"

/** A weather archive: a reading every ten minutes, none on the second day of a month, two sensors. */
const step = 600_000
const within = { start: Date.UTC(2024, 0, 30), end: Date.UTC(2024, 2, 5) }
const now = Date.UTC(2024, 3, 1)

interface Reading {
  readonly at: number
  readonly sensor: string
  readonly temperature: number | null
}

const readings = ({ end, start }: TimeRange): ReadonlyArray<Reading> => {
  const found: Array<Reading> = []
  for (let at = Math.ceil(start / step) * step; at < end; at += step)
    if (new Date(at).getUTCDate() !== 2)
      for (const sensor of ["a", "b"])
        found.push({
          at,
          sensor,
          temperature: at % 13 === 5 ? null : ((at / step) % 400) / 10 - (sensor === "a" ? 0 : 7)
        })
  return found
}

const truth = (range: TimeRange): ReadonlyArray<Row> =>
  readings(range).map(({ at, sensor, temperature }) => ({ TS: BigInt(at) * 1_000_000n, sensor, temperature }))

/** Answers in the ways that paths name. */
const archive: RawServer.Answer = (request, response) => {
  const url = new URL(request.url ?? "", "http://archive.example")
  const q = url.searchParams
  const range = { start: Number(q.get("from")), end: Number(q.get("to")) }
  const all = readings(range).map(({ at, ...rest }) => ({ time: new Date(at).toISOString(), ...rest }))
  const size = 100
  const json = (value: unknown, headers = {}) => void response.writeHead(200, headers).end(JSON.stringify(value))
  switch (url.pathname) {
    case "/cursor": {
      const from = Number(q.get("cursor") ?? 0)
      const next = from + size < all.length ? { next: String(from + size) } : {}
      return json({ data: { items: all.slice(from, from + size) }, meta: next })
    }
    case "/page": {
      const page = Number(q.get("page"))
      return json(all.slice((page - 1) * size, page * size))
    }
    case "/link": {
      const from = Number(q.get("skip") ?? 0)
      q.set("skip", String(from + size))
      const link = from + size < all.length ? { link: `<${url.pathname}?${q}>; rel="next", </>; rel="first"` } : {}
      return json(all.slice(from, from + size), link)
    }
    case "/stac": {
      const from = Number(q.get("skip") ?? 0)
      q.set("skip", String(from + size))
      const more = [
        { rel: "self", href: "/" },
        { rel: "next", href: `${url.pathname}?${q}` }
      ]
      const features = all
        .slice(from, from + size)
        .map(({ time, ...properties }) => ({ properties: { ...properties, datetime: time } }))
      return json({ features, links: from + size < all.length ? more : more.slice(0, 1) })
    }
    case "/time":
      return json(all.slice(0, size))
    case "/columns":
      return json({
        hourly: {
          time: all.map(({ time }) => time),
          sensor: all.map(({ sensor }) => sensor),
          temperature: all.map(({ temperature }) => temperature)
        }
      })
    case "/csv":
      return void response.end(
        [
          "# comment",
          "when;sensor;temperature",
          ...all.map((r) => `"${r.time}";${r.sensor};${r.temperature ?? "NA"}`)
        ].join("\r\n")
      )
    case "/ndjson":
      return void response.end(all.map((r) => `${JSON.stringify([r.time, r.sensor, r.temperature])}\n`).join(""))
    case "/posted": {
      const { from, to } = JSON.parse(request.body)
      return json(
        readings({ start: Date.parse(from), end: Date.parse(to) + 1 }).map((r) => ({ ...r, at: r.at / 1000 }))
      )
    }
    case "/days": {
      const [, day = ""] = /^(\d{8})$/.exec(q.get("day") ?? "") ?? []
      const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`)
      const found = readings({ start, end: start + 86_400_000 })
      return found.length === 0 ? void response.writeHead(404).end() : json(found)
    }
    default:
      return void response.writeHead(500).end()
  }
}

const basic = {
  query: { from: "{start:ms}", to: "{end:ms}" },
  columns: { sensor: { type: "text" }, temperature: "temperature" },
  key: ["sensor"],
  types: ["weather"],
  window: "12h"
}

const open = (settings: object): Effect.Effect<Opened, never, import("effect").Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* RawServer.make(archive)
    const outgoing = yield* Outgoing.make({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) })
    const path = "path" in settings ? String(settings.path) : ""
    const { path: _, ...rest } = { path, ...basic, ...settings }
    return { settings: { url: `${server.url}${path}`, ...rest }, outgoing }
  })

const context: Subject<Secrets>["context"] = Effect.provideService(Secrets, SecretsDouble.make({ key: "s3cret" }))

const of = (settings: object): ReadonlyArray<Subject<Secrets>> => [
  {
    history: HttpHistory,
    open: open(settings),
    context,
    series: [{ request: series("weather", "berlin"), within, now, truth, longest: 5 * 86_400_000 }]
  }
]

suite(
  "over HTTP, by cursor",
  of({
    path: "/cursor",
    rows: "data.items",
    query: { ...basic.query, cursor: "{cursor}" },
    paging: { by: "cursor", next: "meta.next" }
  })
)
suite(
  "over HTTP, by page",
  of({
    path: "/page",
    query: { ...basic.query, page: "{page}" },
    paging: { by: "page", size: 100 }
  })
)
suite("over HTTP, by the header Link", of({ path: "/link", paging: { by: "link" } }))
suite(
  "over HTTP, by a link in the answer",
  of({
    path: "/stac",
    rows: "features",
    time: { field: "properties.datetime" },
    columns: { sensor: { field: "properties.sensor", type: "text" }, temperature: "properties.temperature" },
    paging: { by: "link", next: "links[rel=next].href" }
  })
)
suite("over HTTP, by time", of({ path: "/time", paging: { by: "time", size: 100 } }))
suite("over HTTP, columns of one length", of({ path: "/columns", rows: "hourly", shape: "columns" }))
suite("over HTTP, CSV", of({ path: "/csv", format: "csv", delimiter: ";", comment: "#", time: { field: "when" } }))
suite(
  "over HTTP, JSON lines of lists",
  of({
    path: "/ndjson",
    format: "ndjson",
    time: { field: 0 },
    columns: { sensor: { field: 1, type: "text" }, temperature: 2 }
  })
)
suite(
  "over HTTP, by POST",
  of({
    path: "/posted",
    method: "POST",
    query: {},
    body: '{"from":"{start}","to":"{last}"}',
    time: { field: "at", format: "s" }
  })
)
suite(
  "over HTTP, day by day",
  of({
    path: "/days",
    query: { day: "{start:%Y%m%d}" },
    time: { field: "at", format: "ms" },
    empty_status: [404],
    window: "1d",
    align: "1d"
  }).map((subject) => ({
    ...subject,
    // Asked for whole days, as the engine does on this grid.
    series: subject.series.map((given) => ({
      ...given,
      longest: 86_400_000,
      truth: (range: TimeRange) =>
        truth({ start: range.start, end: Math.min(range.end, Math.floor(range.start / 86_400_000 + 1) * 86_400_000) })
    }))
  }))
)

const ask = (settings: object, answer: RawServer.Answer, window: TimeRange = { start: 0, end: 1000 }) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now)
    const server = yield* RawServer.make(answer)
    const outgoing = yield* Outgoing.make({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) })
    const prepared = yield* context(HttpHistory.prepare({ url: server.url, columns: { v: "v" }, ...settings }))
    const rows = yield* Effect.either(rowsOf(prepared, series("any", "a/b", 60), window, outgoing))
    return { rows, server }
  })

describe("requests", () => {
  it.scoped("placeholders are filled in and escaped; secrets go into headers and parameters", () =>
    Effect.gen(function* () {
      const { server } = yield* ask(
        {
          query: {
            pair: "{pair}",
            halves: "{base}-{quote}",
            span: "{span}",
            range: "{start:%Y-%m-%d %H:%M}..{last:iso}",
            nano: "{end:ns}",
            key: "${file:key}",
            cursor: "{cursor}"
          },
          headers: { authorization: "${file:key}", "x-day": "{start:date}" },
          paging: { by: "cursor", next: "next" }
        },
        (_, response) => response.end("[]"),
        { start: Date.UTC(2024, 1, 29, 23, 5), end: Date.UTC(2024, 2, 1) }
      )
      const url = new URL(server.requests[0]?.url ?? "", "http://x")
      assert.deepStrictEqual(Object.fromEntries(url.searchParams), {
        pair: "a/b",
        halves: "a-b",
        span: "60",
        range: "2024-02-29 23:05..2024-02-29T23:59:59.999Z",
        nano: "1709251200000000000",
        key: "s3cret"
      })
      assert.deepInclude(server.requests[0]?.headers, { authorization: "s3cret", "x-day": "2024-02-29" })
    })
  )

  it.scoped("what comes into a body or a path can't break out of it", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const server = yield* RawServer.make((_, response) => response.end("[]"))
      const outgoing = yield* Outgoing.make({ settings: new OutgoingSettings({ allow_private: ["127.0.0.1"] }) })
      const settings = { url: `${server.url}/{pair}/x`, method: "POST", body: '{"p":"{pair}"}', columns: { v: "v" } }
      const prepared = yield* context(HttpHistory.prepare(settings))
      yield* rowsOf(prepared, series("any", 'a/../"b'), { start: 0, end: 1 }, outgoing)
      assert.strictEqual(server.requests[0]?.url, "/a%2F..%2F%22b/x")
      assert.deepStrictEqual(JSON.parse(server.requests[0]?.body ?? ""), { p: 'a/../"b' })
    })
  )
})

describe("answers that can't be right", () => {
  const row = { time: "1970-01-01T00:00:00Z", v: 1 }
  const send = (value: unknown) => (_: unknown, response: import("node:http").ServerResponse) =>
    void response.end(JSON.stringify(value))
  it.scoped("the same page again, pages in a circle, a link elsewhere, a page of one time, half a line", () =>
    Effect.gen(function* () {
      const page = { query: { page: "{page}" }, paging: { by: "page", size: 1 } }
      const cursor = { rows: "r", query: { c: "{cursor}" }, paging: { by: "cursor", next: "c" } }
      let n = 0
      const cases = [
        yield* ask(page, send([row])),
        yield* ask(cursor, (q, r) => send({ r: [{ ...row, v: n++ }], c: "x" })(q, r)),
        yield* ask({ rows: "r", paging: { by: "link", next: "c" } }, send({ r: [row], c: "http://10.0.0.1/" })),
        yield* ask({ query: { s: "{start}" }, paging: { by: "time", size: 1 } }, send([row])),
        yield* ask(cursor, (q, r) => send({ r: [{ ...row, v: n++ }], c: n % 3 })(q, r)),
        yield* ask({ rows: "r", paging: { by: "link", next: "c" } }, (q, r) =>
          send({ r: [{ ...row, v: n++ }], c: `/${n % 3}` })(q, r)
        ),
        yield* ask({ rows: "r" }, send({ r: 1 })),
        yield* ask({}, (_, response) => response.end("<html>")),
        yield* ask({ format: "csv" }, (_, response) => response.end('a,"b')),
        yield* ask({ format: "ndjson" }, (_, response) => response.end(`${JSON.stringify(row)}\n{"time":"19`))
      ]
      for (const { rows } of cases) assert.deepInclude(rows, { _tag: "Left" })
      for (const { rows } of cases) if (rows._tag === "Left") assert.strictEqual(rows.left.reason, "Malformed")
    })
  )
})

describe("a provider that repeats what it was asked", () => {
  it.scoped("gives no secret away, whole or cut, plain or encoded", () =>
    Effect.gen(function* () {
      const secret = { query: { key: "${file:key}" }, headers: { authorization: "${file:key}" } }
      const told =
        (lead: number): RawServer.Answer =>
        (request, response) =>
          void response.writeHead(400).end(`${"x".repeat(lead)} ${request.url} ${request.headers.authorization}`)
      const redirect: RawServer.Answer = (request, response) =>
        void response.writeHead(302, { location: `http://10.0.0.1/${request.headers.authorization}` }).end()
      for (const answer of [told(0), told(193), redirect]) {
        const { rows } = yield* ask(secret, answer)
        assert.deepInclude(rows, { _tag: "Left" })
        if (rows._tag === "Left") assert.notMatch(`${rows.left.detail} ${rows.left.message}`, /s3c/)
      }
    })
  )
})

describe("settings", () => {
  const refusal = (settings: object) =>
    Effect.map(
      Effect.flip(context(HttpHistory.prepare({ url: "http://archive.example/", columns: { v: "v" }, ...settings }))),
      ({ detail, reason }) => `${reason}: ${detail}`
    )
  it.effect("mistakes are named with their place and a remedy", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [object, RegExp]> = [
        [{ url: "ftp://x" }, /url[^]*http or https with a fixed host/],
        [{ url: "http://{pair}.example/" }, /fixed host/],
        [{ query: { a: "{begin}" } }, /query[^]*a[^]*no placeholder \{begin\}/],
        [{ query: { a: "{start:nonsense}" } }, /no format of time/],
        [{ query: { a: "{pair:iso}" } }, /is no time/],
        [{ columns: {} }, /at least one column/],
        [{ columns: { "a b": "x" } }, /columns/],
        [{ key: ["w"] }, /key names w, which is no column/],
        [{ time: { format: "%Q" } }, /time[^]*format[^]*expected iso/],
        [{ paging: { by: "cursor", next: "n" } }, /needs \{cursor\}/],
        [{ paging: { by: "page", size: 10 } }, /needs \{page\}/],
        [{ paging: { by: "time", size: 10 } }, /needs \{start\}/],
        [{ headers: { a: "${file:absent}" } }, /is not there/],
        [{ rows: "a..b" }, /expected a path/]
      ]
      for (const [settings, expected] of cases) {
        const told = yield* refusal(settings).pipe(Effect.orElseSucceed(() => `taken: ${JSON.stringify(settings)}`))
        assert.match(told, /^Misconfigured/)
        assert.match(told, expected)
      }
      assert.notInclude(yield* refusal({ headers: { a: "${file:key}" }, rows: "a..b" }), "s3cret")
    })
  )
})
