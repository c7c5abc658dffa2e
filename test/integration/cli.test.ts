/** The built bin, run as users run it: real processes, files, ports and signals. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, vi } from "vitest"
import { SiteStatus } from "../../src/operations/SiteOperations.js"
import { bin } from "../support/buildOnce.js"
import { type Running, run, start } from "../support/OutpostProcess.js"

const sites: Array<string> = []
const running: Array<Running> = []

const newSite = () => {
  const site = mkdtempSync(join(tmpdir(), "outpost-cli-"))
  sites.push(site)
  return site
}

const serve = async (site: string, ...args: ReadonlyArray<string>) => {
  const server = start(["serve", "--site", site, "--port", "0", "--idle", ...args])
  running.push(server)
  const [, url = ""] = await server.prints(/^listening on (http:\S+)\n/)
  return { ...server, url }
}

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill("SIGKILL")
    await ended
  }
  for (const site of sites.splice(0)) rmSync(site, { recursive: true, force: true })
})

describe("start-up", () => {
  it("help loads nothing of the server", () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, "utf8")
      for (const [, target = ""] of text.matchAll(/^(?:import|export)\b[^;]*?from\s*"([^"]+)"|^import\s*"([^"]+)"/gm)) {
        assert.notMatch(target, /better-sqlite3|duckdb|systeminformation/, file)
        if (target.startsWith(".")) visit(join(dirname(file), target))
      }
    }
    visit(bin)
    assert.isAbove(seen.size, 1)
  })

  it("ivy 12: pyproject name/version match: the bin is executable, and says the name and version of package.json", async () => {
    const { bin: bins, name, version } = JSON.parse(readFileSync(join(dirname(bin), "../package.json"), "utf8"))
    const locked = JSON.parse(readFileSync(join(dirname(bin), "../package-lock.json"), "utf8"))
    assert.deepStrictEqual([locked.name, locked.version], [name, version])
    assert.property(bins, name)
    assert.strictEqual(spawnSync(bin, ["--version"], { encoding: "utf8" }).stdout, `${version}\n`)
  })

  it("help and completions touch no site", async () => {
    const cwd = newSite()
    for (const args of [[], ["--help"], ["run", "start", "--help"], ["completions", "bash"], ["config", "schema"]]) {
      const { code, err } = await run(args, { cwd })
      assert.deepStrictEqual([code, err], [0, ""], args.join(" "))
    }
    assert.isFalse(existsSync(join(cwd, "site")))
  })
})

describe("with a server", () => {
  it("run, event, current, export, status, tree, stop", async () => {
    const site = newSite()
    const { ended, url } = await serve(site)
    const at = (...args: ReadonlyArray<string>) => run([...args, "--site", site])

    const posted = await at("event", "post", "weather", '{"n":12345678901234567890,"x":1.50}', "--json")
    assert.strictEqual(posted.code, 0, posted.err)
    assert.include(posted.err, `on the server at ${url}`)
    assert.include(posted.out, '"data":{"n":12345678901234567890,"x":1.50}')
    assert.strictEqual((await at("run", "start", "r1", "--meta", "a=b")).code, 0)
    assert.strictEqual((await at("run", "start", "r2")).code, 4)
    assert.strictEqual((await at("event", "post", "image", "1")).code, 0)
    assert.strictEqual(JSON.parse((await at("run", "show", "--json")).out).meta.a, "b")

    const listed = (await at("event", "list")).out.trimEnd().split("\n")
    assert.deepStrictEqual(
      listed.map((line) => JSON.parse(line).type),
      ["weather", "image"]
    )
    const batch = await run(["event", "post", "--ndjson", "-", "--url", url], {
      input: '{"type":"a","data":1}\nrubbish\n{"type":"b","data":2}\n'
    })
    assert.deepStrictEqual([batch.code, batch.out], [1, "2 accepted, 1 refused of 3 lines\n"])
    assert.strictEqual(JSON.parse((await at("current", "a", "--json")).out).data, 1)
    assert.strictEqual((await at("current", "nothing")).code, 3)

    const file = join(site, "out.csv")
    const exported = await at("export", "--format", "csv", "--out", file)
    assert.strictEqual(exported.code, 0, exported.err)
    assert.isAbove(readFileSync(file, "utf8").trim().split("\n").length, 3)

    const status = await at("status", "--json")
    assert.strictEqual(status.code, 0, status.err)
    assert.strictEqual(JSON.parse(status.out).run, "r1")
    assert.isAbove(JSON.parse((await at("tree", "--json")).out).nodes.length, 0)
    assert.strictEqual((await at("actor", "restart", "no/such")).code, 3)
    assert.strictEqual((await at("logs", "--tail", "5")).code, 0)
    assert.strictEqual((await at("verify")).code, 0)
    assert.strictEqual((await at("run", "stop")).code, 0)
    assert.strictEqual((await at("run", "stop")).code, 3)

    const stopped = await at("stop")
    assert.strictEqual(stopped.code, 0, stopped.err)
    assert.strictEqual((await ended).code, 0)
    assert.strictEqual((await at("status")).code, 5)
  })

  it("ivy 13: `start` does nothing when any version runs: a second one on the site exits 4, one on its port 4, and the first lives on", async () => {
    const site = newSite()
    const { url } = await serve(site)
    const second = await run(["serve", "--site", site, "--port", "0", "--idle"])
    assert.strictEqual(second.code, 4, second.err)
    assert.strictEqual(second.out, "")
    const port = new URL(url).port
    const sameport = await run(["serve", "--site", newSite(), "--port", port, "--idle"])
    assert.strictEqual(sameport.code, 4, sameport.err)
    assert.strictEqual((await run(["status", "--url", url])).code, 0)
  })

  it("ivy 14.25: stop returns when the site is free again, however long that takes, and status tells by its exit code", async () => {
    const site = newSite()
    const stubborn = { command: ["/bin/sh", "-c", "trap '' TERM; echo up >&2; while :; do sleep 0.1; done"] }
    const procedures = { "system-checks": { enabled: false }, stubborn: { ...stubborn, shutdown: "2s" } }
    writeFileSync(join(site, "outpost.yaml"), JSON.stringify({ procedures }))
    for (const _ of [1, 2]) {
      assert.strictEqual((await run(["status", "--site", site])).code, 5)
      const server = start(["serve", "--site", site, "--port", "0"])
      running.push(server)
      await server.prints(/^listening on/)
      await vi.waitUntil(() => /\bup\b/.test(server.printed.err), { timeout: 120_000, interval: 50 })
      assert.strictEqual((await run(["status", "--site", site])).code, 0)
      const stopped = await run(["stop", "--site", site])
      assert.strictEqual(stopped.code, 0, stopped.err)
      assert.strictEqual((await server.ended).code, 0)
    }
    assert.strictEqual((await run(["stop", "--site", site])).code, 5)
  })

  it("ends with 0 by SIGTERM and SIGINT", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const { child, ended } = await serve(newSite())
      child.kill(signal)
      const { code, err } = await ended
      assert.strictEqual(code, 0, `${signal}: ${err}`)
    }
  })

  it("event tail prints what comes and ends with 130 by SIGINT", async () => {
    const site = newSite()
    await serve(site)
    const tail = start(["event", "tail", "--site", site])
    running.push(tail)
    // What is posted before the tail has begun is not its business: post until one arrives.
    for (let i = 0; i < 100 && tail.printed.out === ""; i++)
      await run(["event", "post", "beat", String(i), "--site", site])
    const [line] = await tail.prints(/^.*\n/)
    assert.strictEqual(JSON.parse(line).type, "beat")
    tail.child.kill("SIGINT")
    assert.strictEqual((await tail.ended).code, 130)
  })

  it("a reader that goes away ends it quietly", async () => {
    const site = newSite()
    const { url } = await serve(site)
    const events = Array.from({ length: 5000 }, (_, i) => `{"type":"t","data":{"i":${i},"pad":"${"x".repeat(200)}"}}`)
    assert.strictEqual(
      (await run(["event", "post", "--ndjson", "-", "--url", url], { input: events.join("\n") })).code,
      0
    )
    const { stderr, stdout } = spawnSync(
      "sh",
      ["-c", `"${process.execPath}" "${bin}" event list --quiet --url ${url} | head -n 1`],
      {
        encoding: "utf8"
      }
    )
    assert.strictEqual(stdout.trimEnd().split("\n").length, 1)
    assert.strictEqual(stderr, "")
  })
})

describe("without a server", () => {
  it("commands act on the site in this process, and a server takes over where they left", async () => {
    const site = newSite()
    const started = await run(["run", "start", "r1", "--site", site])
    assert.strictEqual(started.code, 0, started.err)
    assert.include(started.err, "in this process on the site")
    assert.strictEqual((await run(["event", "post", "a", "1"], { env: { OUTPOST_SITE: site } })).code, 0)
    const { url } = await serve(site)
    assert.strictEqual(JSON.parse((await run(["run", "show", "--json", "--url", url])).out).run_id, "r1")
    assert.strictEqual(JSON.parse((await run(["current", "a", "--json", "--url", url])).out).data, 1)
  })

  it("what needs one exits 5, what only reads a site that is none 3, and neither makes one", async () => {
    const cwd = newSite()
    for (const args of [["status"], ["stop"], ["tree"], ["event", "tail"], ["procedure", "list"]]) {
      const { code, err, out } = await run(args, { cwd })
      assert.deepStrictEqual([code, out], [5, ""], `${args.join(" ")}: ${err}`)
      assert.match(err, /^error: .*\nhint: .*\n$/)
    }
    for (const args of [["run", "list"], ["event", "list"], ["current"]]) {
      assert.strictEqual((await run(args, { cwd })).code, 3, args.join(" "))
    }
    assert.strictEqual((await run(["status", "--url", "http://127.0.0.1:1"], { cwd })).code, 5)
    assert.isFalse(existsSync(join(cwd, "site")))
  })

  it("config init, validate, show", async () => {
    const site = newSite()
    const at = (...args: ReadonlyArray<string>) => run([...args, "--site", site])
    const written = await at("config", "init")
    assert.strictEqual(written.code, 0, written.err)
    assert.strictEqual((await at("config", "init")).code, 4)
    assert.strictEqual((await at("config", "validate")).code, 0)
    const twice = join(site, "twice.yaml")
    writeFileSync(twice, "histo_jobs: [{exchange: okx, pairs: [BTC/USDT, BTC/USDT], span: 60}]\n")
    const refused = await at("config", "validate", twice)
    assert.strictEqual(refused.code, 2)
    assert.include(refused.out, "by histo_jobs[0].pairs[0] and histo_jobs[0].pairs[1]")
    assert.strictEqual((await at("config", "validate", "/no/such.yaml")).code, 3)
    assert.isObject(JSON.parse((await at("config", "show", "--json")).out).http)
  })

  it("who stands in the directory of a site is told how to name it", async () => {
    const cwd = newSite()
    writeFileSync(join(cwd, "outpost.yaml"), "general: {name: roof}\n")
    const { code, err } = await run(["config", "validate"], { cwd })
    assert.strictEqual(code, 3)
    assert.include(err, "add --site .")
    assert.strictEqual((await run(["config", "validate", "--site", "."], { cwd })).code, 0)
  })
})

it("the config of an ivy station is taken over once, with its password beside it", async () => {
  const site = newSite()
  const file = join(site, "config.json")
  const example = join(import.meta.dirname, "../fixtures/ivy/config_example.json")
  writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(example, "utf8")).config))
  const taken = await run(["config", "import", "ivy", file, "--site", site])
  assert.strictEqual(taken.code, 0, taken.err)
  assert.match(taken.out, /^wrote .*outpost\.yaml\nnote: /)
  assert.strictEqual(readFileSync(join(site, "secrets", "mqtt"), "utf8"), "test_password\n")
  assert.strictEqual((await run(["config", "validate", "--site", site])).code, 0)
  assert.strictEqual((await run(["config", "import", "ivy", file, "--site", site])).code, 4)
  assert.strictEqual((await run(["config", "import", "ivy", join(site, "none.json"), "--site", site])).code, 3)
})

describe("alarms", () => {
  it("a type of event that falls silent is told until it comes again, and not twice", async () => {
    const site = newSite()
    writeFileSync(
      join(site, "outpost.yaml"),
      "alarms:\n  silence:\n    weather: 1s\n  disk: { free_bytes: 0, free_percent: 0 }\n"
    )
    const { url } = await serve(site)
    const alarms = async (): Promise<ReadonlyArray<{ readonly key: string }>> =>
      Schema.decodeUnknownSync(SiteStatus)(await (await fetch(`${url}/status`)).json()).alarms
    await vi.waitUntil(async () => (await alarms()).length > 0, { timeout: 120_000, interval: 100 })
    assert.deepStrictEqual(
      (await alarms()).map(({ key }) => key),
      ["silence:weather"]
    )
    const told = await run(["status", "--site", site])
    assert.match(told.out, /alarm +no event of type weather for 1s, since /)
    const poster = setInterval(() => {
      const headers = { "content-type": "application/json" }
      fetch(`${url}/event`, { method: "POST", headers, body: '{"type":"weather","data":1}' }).catch(() => undefined)
    }, 200)
    try {
      await vi.waitUntil(async () => (await alarms()).length === 0, { timeout: 120_000, interval: 100 })
    } finally {
      clearInterval(poster)
    }
    const events = await run(["event", "list", "--site", site, "--stream", "system", "--json"])
    const types = [...events.out.matchAll(/"type":"(alarm\.\w+)"/g)].map(([, type]) => type)
    assert.deepStrictEqual(types.slice(0, 2), ["alarm.raised", "alarm.cleared"])
  })
})
