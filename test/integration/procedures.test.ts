/** The examples of docs/procedures.md, as they stand there, on a real site; and a module that brings its own copy of the library. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { build } from "esbuild"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as AwakeSite from "../support/AwakeSite.js"
import { cleanUp, newDirectory } from "../support/SiteServer.js"

const root = join(import.meta.dirname, "../..")

/** The code that follows the mark of an example. */
const example = (name: string): string => {
  const page = readFileSync(join(root, "docs/procedures.md"), "utf8")
  const [, code] = new RegExp(`<!-- example: ${name} -->\\n\`\`\`\\w+\\n(.*?)\`\`\``, "s").exec(page) ?? []
  assert.isDefined(code, name)
  return code ?? ""
}

let site: AwakeSite.AwakeSite

beforeAll(async () => {
  const directory = newDirectory()
  for (const name of ["weather.py", "disk.sh", "dome.mjs", "counter.ts"])
    writeFileSync(join(directory, name), example(name))
  await build({
    entryPoints: [join(directory, "counter.ts")],
    outfile: join(directory, "counter.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    // Its own copy of the library and of effect: the site's bin has others.
    alias: { outpost: join(root, "src") },
    nodePaths: [join(root, "node_modules")],
    logLevel: "silent"
  })
  site = await AwakeSite.serve(
    {
      weather: { command: ["python3", "weather.py"], settings: { station: "roof" } },
      disk: { command: ["/bin/sh", "disk.sh"], every: "1s" },
      dome: { module: "dome.mjs", settings: { azimuth: 90 } },
      counter: { module: "counter.mjs", every: "200ms", settings: { from: 40 } },
      walk: { use: "random-walk", every: "100ms" }
    },
    directory
  )
})

afterAll(async () => {
  await AwakeSite.endAll()
  await cleanUp()
})

describe("write a procedure", () => {
  it("in Python", async () => {
    await site.until("it measures", () => site.events("weather").length >= 3)
    assert.deepStrictEqual(site.events("weather")[0]?.data, { station: "roof", wind: 4.2 })
    await site.until("its state stands", async () => (await site.json("/state")).parts.weather?.wind === 4.2)
    const stopped = await site.json("/procedures/weather/stop", { method: "POST" })
    assert.deepInclude(stopped, { status: "stopped", exit: { code: 0, signal: null } })
    await site.until("its last line is logged", async () => (await site.log()).includes("closing the instrument"))
  })

  it("in shell", async () => {
    await site.until("it measures", () => site.events("disk").length >= 2)
    assert.isAbove(site.events("disk")[0]?.data.free, 0)
    assert.deepInclude(await site.procedure("disk"), { restarts: 0, exit: { code: 0, signal: null } })
  })

  it("as a function, which tears itself down", async () => {
    await site.until("it turns", () => site.events("dome").length >= 2)
    assert.strictEqual((await site.procedure("dome")).progress, "turning")
    await site.json("/procedures/dome/restart", { method: "POST" })
    await site.until("its state is kept", async () => (await site.json("/state")).parts.dome?.rounds === 2)
    assert.lengthOf(site.events("dome.closed"), 1)
    const { changes } = await site.json("/state/history?part=dome")
    assert.deepStrictEqual(
      changes.map((change: { value: unknown; by: string }) => [change.value, change.by]),
      [
        [{ rounds: 2 }, "dome"],
        [{ rounds: 1 }, "dome"]
      ]
    )
  })

  it("with Effect, out of another copy of the library than the site's", async () => {
    await site.until("it counts", () => site.events("counter").length >= 3)
    assert.deepStrictEqual(
      site
        .events("counter")
        .slice(0, 3)
        .map(({ data }) => data),
      [41, 42, 43]
    )
  })

  it("state.json shows readers outside the same document", async () => {
    const file = join(site.site, ".outpost", "state.json")
    await site.until("it is written", () => JSON.parse(readFileSync(file, "utf8")).dome?.rounds === 2)
  })
})
