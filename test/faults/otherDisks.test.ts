/** Disks beside the site's own, and a site whose disk is full when its server starts. */
import { afterAll, afterEach, assert, beforeEach, describe, it } from "vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { cleanUp, linesOf, newDirectory, serve, siteLines } from "../support/SiteServer.js"

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const eventually = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let k = 0; k < 300; k++) {
    if (await holds()) return
    await pause(100)
  }
  assert.fail(`not within 30 s: ${what}`)
}

describe("with a small disk", () => {
  let disk = ""
  let mounted = false
  beforeEach(() => {
    disk = fs.mkdtempSync(join(tmpdir(), "outpost-disk-"))
    mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]).status === 0
  })
  afterEach(async () => {
    await cleanUp()
    if (mounted) spawnSync("umount", [disk])
    fs.rmSync(disk, { recursive: true, force: true })
  })
  afterAll(cleanUp)

  const skipped = (skip: () => void): boolean => {
    if (mounted) return false
    if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("a tmpfs can't be mounted: root is required")
    console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)")
    skip()
    return true
  }

  const fill = () => {
    const { bavail, bsize } = fs.statfsSync(disk)
    fs.writeFileSync(join(disk, "ballast"), Buffer.alloc(bavail * bsize))
  }

  it(
    "a run on a disk of its own that is full: not ready, and steadily so, until there is room or the run ends",
    { timeout: 120_000 },
    async (context) => {
      if (skipped(context.skip)) return
      const server = await serve(newDirectory())
      const ready = async () => (await server.call("/ready")).status === 200
      const post = () => server.post("/event", { type: "a", data: "x".repeat(5_000) })
      const runDir = join(disk, "night")
      assert.strictEqual((await server.post("/run/start", { run_dir: runDir })).status, 200)
      assert.strictEqual((await post()).status, 200)
      fill()
      let told = 200
      for (let k = 0; k < 5 && told === 200; k++) told = (await post()).status
      assert.strictEqual(told, 507)
      for (let k = 0; k < 30; k++) {
        assert.isFalse(await ready(), "the site's own disk takes what it is given, the run's does not")
        await pause(100)
      }
      fs.rmSync(join(disk, "ballast"))
      await eventually("ready again, with nobody posting", ready)
      assert.strictEqual((await post()).status, 200)
      const numbers = linesOf(join(runDir, "telemetry.ndjson")).map((line) => JSON.parse(line).seq as number)
      assert.deepStrictEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, i) => i + 1)
      )
      fill()
      for (let k = 0; k < 5 && told === 507; k++) told = (await post()).status === 507 ? 0 : 507
      await eventually("not ready", async () => !(await ready()))
      assert.strictEqual((await server.post("/run/stop", "")).status, 200, "the record is on the site's disk")
      assert.isTrue(await ready())
      assert.strictEqual((await post()).json.seq, 1)
      assert.deepStrictEqual(fs.readdirSync(disk).sort(), ["ballast", "night"])
      assert.deepStrictEqual(
        fs.readdirSync(runDir).filter((name) => fs.statSync(join(runDir, name)).size === 0),
        [],
        "no empty files are left of what could not be set aside"
      )
    }
  )

  it(
    "a site whose disk is full starts all the same, takes nothing until there is room, and loses nothing by it",
    { timeout: 120_000 },
    async (context) => {
      if (skipped(context.skip)) return
      const site = join(disk, "site")
      const first = await serve(site)
      for (let k = 0; k < 20; k++) assert.strictEqual((await first.post("/event", { type: "a", data: k })).status, 200)
      await first.kill()
      fill()
      const second = await serve(site)
      assert.strictEqual((await second.call("/current/a")).json.seq, 20)
      const event = { type: "a", data: "last" }
      const answers: Array<number> = []
      // The last page of the file has room for some more, and what is confirmed then is there.
      for (let k = 0; k < 100 && answers.at(-1) !== 507; k++) answers.push((await second.post("/event", event)).status)
      assert.strictEqual(answers.pop(), 507)
      assert.strictEqual((await second.call("/ready")).status, 503)
      fs.rmSync(join(disk, "ballast"))
      await eventually("there is room", async () => (await second.post("/event", event)).status === 200)
      assert.deepStrictEqual(new Set(answers), new Set(answers.length > 0 ? [200] : []))
      const kept = siteLines(site).map((line) => JSON.parse(line).seq)
      assert.deepStrictEqual(
        kept,
        kept.map((_, index) => index + 1)
      )
      assert.lengthOf(kept, 21 + answers.length)
    }
  )
})
