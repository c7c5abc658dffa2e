import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { NodeStatus } from "../../src/actor/NodeStatus.js"
import * as Metrics from "../../src/operations/Metrics.js"
import { SiteStatus } from "../../src/operations/SiteOperations.js"
import { TelemetryStats } from "../../src/operations/TelemetryOperations.js"

const node = (path: string, status: NodeStatus["status"] = "ready", restarts = 0) =>
  new NodeStatus({
    id: path,
    path,
    kind: "worker",
    status,
    restarts,
    since: DateTime.unsafeMake(0)
  })

const telemetry = {
  seq: { site: 12, run: 5, system: 3 },
  eventsAccepted: 17,
  bytesWritten: 4_096,
  syncs: 9,
  pendingEvents: 2
}

const site = {
  version: "1.0.0",
  site: "/site",
  siteName: "north",
  host: "h",
  pid: 1,
  startedAt: 1_000_000,
  now: 1_090_500,
  ready: true,
  reasons: [],
  alarms: [],
  run: null,
  telemetry: new TelemetryStats(telemetry),
  disk: { free: 123_456_789_012, total: 2e12 },
  memory: { rss: 50_000_000 },
  config: { path: null, error: null },
  tree: []
}

interface Family {
  readonly help: string
  readonly kind: string
  readonly samples: Map<string, number>
}

const unescape = (text: string) => text.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))

/** Reads the text exposition format 0.0.4, and throws at the first line that is not as it should be. */
const parse = (text: string): Map<string, Family> => {
  assert.isTrue(text.endsWith("\n"), "the last line has no end")
  const families = new Map<string, Family>()
  let help: readonly [string, string] | undefined
  let open: (Family & { readonly name: string }) | undefined
  for (const line of text.slice(0, -1).split("\n")) {
    const helpLine = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\[\\n])+)$/.exec(line)
    const typeLine = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line)
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/.exec(
        line
      )
    if (helpLine !== null) {
      assert.isUndefined(help, `a HELP without a TYPE before: ${line}`)
      assert.isTrue(open === undefined || open.samples.size > 0, `a family without samples before: ${line}`)
      help = [helpLine[1] ?? "", helpLine[2] ?? ""]
    } else if (typeLine !== null) {
      assert.strictEqual(help?.[0], typeLine[1], `a TYPE of something else than the HELP: ${line}`)
      assert.isFalse(families.has(help?.[0] ?? ""), `a family twice: ${line}`)
      open = { name: help?.[0] ?? "", help: help?.[1] ?? "", kind: typeLine[2] ?? "", samples: new Map() }
      families.set(open.name, open)
      help = undefined
    } else if (sample !== null) {
      assert.isTrue(open !== undefined && help === undefined && open.name === sample[1], `a stray sample: ${line}`)
      const labels = sample[2] === undefined ? "" : `${sample[2]}=${unescape(sample[3] ?? "")}`
      assert.isFalse(open?.samples.has(labels), `a sample twice: ${line}`)
      open?.samples.set(labels, Number(sample[4]))
    } else assert.fail(`not a line of the format: ${JSON.stringify(line)}`)
  }
  assert.isTrue(help === undefined && (open === undefined || open.samples.size > 0), "the end is cut")
  return families
}

const render = (change: Partial<typeof site> = {}, tree: ReadonlyArray<NodeStatus> = []) =>
  parse(Metrics.render(new SiteStatus({ ...site, ...change }), tree))
const value = (families: Map<string, Family>, name: string, labels = "") => families.get(name)?.samples.get(labels)

describe("the metrics of a site", () => {
  it("are families with one HELP and one TYPE, before their samples", () => {
    assert.isTrue(
      Metrics.render(new SiteStatus(site), []).startsWith(
        "# HELP outpost_ready 1 while an event can be accepted\n# TYPE outpost_ready gauge\noutpost_ready 1\n"
      )
    )
    const families = render({}, [node("")])
    for (const [name, { help, kind }] of families) {
      assert.match(name, /^outpost_[a-z_]+$/)
      assert.isAbove(help.length, 5, name)
      assert.strictEqual(kind, name.endsWith("_total") ? "counter" : "gauge", name)
    }
  })

  it("tell the figures of the status, in seconds and bytes", () => {
    const families = render({
      run: null,
      telemetry: new TelemetryStats({ ...telemetry, lastDurableAt: site.now - 2_500 })
    })
    const table: ReadonlyArray<readonly [string, number, string?]> = [
      ["outpost_ready", 1],
      ["outpost_run_active", 0],
      ["outpost_stream_seq", 12, "stream=site"],
      ["outpost_stream_seq", 5, "stream=run"],
      ["outpost_stream_seq", 3, "stream=system"],
      ["outpost_events_accepted_total", 17],
      ["outpost_journal_written_bytes_total", 4_096],
      ["outpost_journal_syncs_total", 9],
      ["outpost_journal_pending_events", 2],
      ["outpost_journal_failing", 0],
      ["outpost_last_durable_age_seconds", 2.5],
      ["outpost_disk_free_bytes", 123_456_789_012],
      ["outpost_process_resident_bytes", 50_000_000],
      ["outpost_uptime_seconds", 90.5]
    ]
    for (const [name, expected, labels] of table) assert.strictEqual(value(families, name, labels), expected, name)
  })

  it("tell a run, a site that is not ready and a disk that refuses", () => {
    const failing = new TelemetryStats({ ...telemetry, failure: "no space left" })
    const text = Metrics.render(new SiteStatus({ ...site, run: "007", ready: false, telemetry: failing }), [])
    const families = parse(text)
    assert.deepStrictEqual(
      ["outpost_ready", "outpost_run_active", "outpost_journal_failing"].map((name) => value(families, name)),
      [0, 1, 1]
    )
  })

  it("what is absent leaves neither sample nor family", () => {
    const families = render()
    for (const name of ["outpost_last_durable_age_seconds", "outpost_actor_up", "outpost_actor_restarts_total"])
      assert.isFalse(families.has(name), name)
    assert.notInclude(Metrics.render(new SiteStatus(site), []), "undefined")
  })

  it("tell each node by its path; only one that is ready is up", () => {
    const states = ["starting", "degraded", "backing-off", "stopping", "stopped", "quarantined", "failed"] as const
    const families = render({}, [node(""), node("http/edge", "ready", 4), ...states.map((state) => node(state, state))])
    assert.deepStrictEqual(
      [...(families.get("outpost_actor_up")?.samples ?? [])],
      [["path=/", 1], ["path=http/edge", 1], ...states.map((state) => [`path=${state}`, 0])]
    )
    assert.strictEqual(value(families, "outpost_actor_restarts_total", "path=http/edge"), 4)
  })

  it("escape quotes, backslashes and line ends in labels", () => {
    const paths = ['say "hi"', "C:\\n", "two\nlines", '\\"', "{a=1} 2", "ünïcode 𝟗", 'a"} 1\noutpost_ready 0']
    const families = render(
      {},
      paths.map((path, restarts) => node(path, "ready", restarts))
    )
    for (const [restarts, path] of paths.entries())
      assert.strictEqual(value(families, "outpost_actor_restarts_total", `path=${path}`), restarts, path)
    assert.strictEqual(value(families, "outpost_ready"), 1)
  })
})
