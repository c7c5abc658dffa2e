/** A disk that is full, then has room again; a disk whose sync fails: real ones, under the real server. */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bin } from "../support/buildOnce.js"
import { rounds } from "../support/Crashes.js"
import { type Running, start } from "../support/OutpostProcess.js"

const required = process.env["OUTPOST_REQUIRE_SERVICES"] === "1"

const post = async (url: string, data: unknown) => {
  const answer = await fetch(`${url}/event`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "fill", data })
  })
  return { status: answer.status, body: (await answer.json()) as { seq?: number; detail?: unknown } }
}

const listening = async (server: Running) => (await server.prints(/listening on (http:\/\/\S+)/))[1] ?? ""

const eventually = async (what: string, holds: () => Promise<boolean>) => {
  for (let k = 0; k < 300; k++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`in 30 s not: ${what}`)
}

const sequence = (site: string) =>
  fs
    .readdirSync(site)
    .filter((name) => name.endsWith(".ndjson"))
    .flatMap((name) => fs.readFileSync(join(site, name), "utf8").split("\n").slice(0, -1))
    .map((line) => (JSON.parse(line) as { seq: number }).seq)

describe("a full disk", () => {
  const mount = fs.mkdtempSync(join(tmpdir(), "outpost-full-"))
  let mounted = false
  beforeAll(() => {
    mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", mount]).status === 0
  })
  afterAll(() => {
    if (mounted) spawnSync("umount", [mount])
    fs.rmSync(mount, { recursive: true, force: true })
  })

  const count = rounds(1, 3)
  it(`refuses with 507, says so, and resumes by itself, ${count} times`, { timeout: 600_000 }, async (context) => {
    if (!mounted) {
      console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)")
      return context.skip()
    }
    const site = join(mount, "site")
    const server = start(["serve", "--idle", "--site", site, "--port", "0"])
    const url = await listening(server)
    const acked: Array<number> = []
    const pad = "x".repeat(50_000)
    for (let k = 0; k < count; k++) {
      const ballast = join(mount, "ballast")
      const { bavail, bsize } = fs.statfsSync(mount)
      fs.writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 400_000)))
      let refused = 0
      for (let n = 0; n < 60 && refused < 3; n++) {
        const { body, status } = await post(url, { n, pad })
        if (status === 200) acked.push(body.seq ?? 0)
        else {
          assert.strictEqual(status, 507, JSON.stringify(body))
          refused++
        }
      }
      assert.strictEqual(refused, 3, "the disk never filled")
      const ready = await fetch(`${url}/ready`)
      assert.strictEqual(ready.status, 503)
      assert.match(await ready.text(), /"reasons":\[".*ENOSPC/)
      assert.strictEqual((await fetch(`${url}/current`)).status, 200)
      assert.strictEqual((await fetch(`${url}/events?limit=1`)).status, 200)
      fs.rmSync(ballast)
      await eventually("ready again, with nobody posting", async () => (await fetch(`${url}/ready`)).status === 200)
      const after = await post(url, "after")
      assert.strictEqual(after.status, 200)
      acked.push(after.body.seq ?? 0)
      for (const name of fs.readdirSync(site)) if (name.includes(".torn-")) fs.rmSync(join(site, name))
      if (k + 1 < count) {
        for (const name of fs.readdirSync(site))
          if (name.endsWith(".ndjson")) assert.deepStrictEqual(sequence(site).slice(-acked.length), acked)
        for (const name of fs.readdirSync(site)) if (name.endsWith(".ndjson")) fs.rmSync(join(site, name))
        acked.length = 0
      }
    }
    server.child.kill("SIGTERM")
    assert.strictEqual((await server.ended).code, 0)
    assert.deepStrictEqual(sequence(site).slice(-acked.length), acked)
  })

  it("after a kill a server comes up on it, answers, and resumes by itself", { timeout: 120_000 }, async (context) => {
    if (!mounted) {
      console.warn("SKIPPED: a tmpfs can't be mounted here (root is needed)")
      return context.skip()
    }
    const site = join(mount, "rebooted")
    const serve = ["serve", "--idle", "--site", site, "--port", "0"]
    const first = start(serve)
    assert.strictEqual((await post(await listening(first), "before")).status, 200)
    first.child.kill("SIGKILL")
    await first.ended
    const ballast = join(mount, "ballast")
    const file = fs.openSync(ballast, "a")
    try {
      for (;;) fs.writeSync(file, Buffer.alloc(4_096))
    } catch {
      fs.closeSync(file)
    }
    const second = start(serve)
    const url = await listening(second)
    assert.strictEqual((await post(url, "x".repeat(9_000))).status, 507)
    const ready = await fetch(`${url}/ready`)
    assert.deepStrictEqual([ready.status, /ENOSPC/.test(await ready.text())], [503, true])
    assert.strictEqual((await fetch(`${url}/events?limit=1`)).status, 200)
    const check = await fetch(`${url}/verify`, { method: "POST" })
    assert.deepStrictEqual([check.status, ((await check.json()) as { findings: unknown }).findings], [200, []])
    fs.rmSync(ballast)
    await eventually("ready again", async () => (await fetch(`${url}/ready`)).status === 200)
    assert.strictEqual((await post(url, "x".repeat(9_000))).status, 200)
    await eventually("found by commands", async () => {
      const path = join(site, ".outpost", "server.json")
      return fs.existsSync(path) && fs.readFileSync(path, "utf8").includes(url)
    })
    second.child.kill("SIGTERM")
    assert.strictEqual((await second.ended).code, 0)
  })
})

describe("a sync that fails", () => {
  const strace = spawnSync("strace", ["-V"]).status === 0

  const underStrace = async (site: string, inject: string, use: (url: string) => Promise<void>) => {
    const child = spawn(
      "strace",
      [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync,write,pwrite64",
        "-e",
        `inject=${inject}`,
        process.execPath,
        bin,
        "serve",
        "--idle",
        "--site",
        site,
        "--port",
        "0"
      ],
      { stdio: ["ignore", "pipe", "inherit"] }
    )
    const ended = new Promise((resolve) => child.once("exit", resolve))
    const url = await new Promise<string>((resolve, reject) => {
      let said = ""
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk
        const found = /listening on (http:\/\/\S+)/.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
      child.once("exit", () => reject(new Error(`ended early: ${said}`)))
    })
    try {
      await use(url)
    } finally {
      await fetch(`${url}/shutdown`, { method: "POST" })
      await ended
    }
  }

  for (const first of Array.from({ length: rounds(1, 4) }, (_, k) => 4 + 2 * k)) {
    it(
      `EIO on fdatasync from the ${first}th on, five times: nothing is acknowledged by it, later events are`,
      { timeout: 120_000 },
      async (context) => {
        if (!strace) {
          if (required) assert.fail("strace is required and not installed")
          console.warn("SKIPPED: strace is not installed")
          return context.skip()
        }
        const site = fs.mkdtempSync(join(tmpdir(), "outpost-eio-"))
        try {
          const acked: Array<number> = []
          let refused = 0
          await underStrace(site, `fdatasync:error=EIO:when=${first}..${first + 4}`, async (url) => {
            for (let n = 0; n < 60; n++) {
              const { body, status } = await post(url, n)
              if (status === 200) acked.push(body.seq ?? 0)
              else {
                assert.strictEqual(status, 507, JSON.stringify(body))
                refused++
              }
            }
          })
          assert.isAbove(refused, 0, "no sync failed")
          assert.isAbove(acked.length, 30)
          assert.deepStrictEqual(
            acked,
            Array.from({ length: acked.length }, (_, i) => i + 1),
            "numbers of refused events are used again"
          )
          assert.deepStrictEqual(sequence(site), acked)
        } finally {
          fs.rmSync(site, { recursive: true, force: true })
        }
      }
    )
  }
})

describe("two servers", () => {
  it("on one site: the second exits with 4 and names the holder", { timeout: 60_000 }, async () => {
    const site = fs.mkdtempSync(join(tmpdir(), "outpost-two-"))
    const first = start(["serve", "--idle", "--site", site, "--port", "0"])
    const url = await listening(first)
    for (let k = 0; k < rounds(1, 5); k++) {
      const second = await start(["serve", "--idle", "--site", site, "--port", "0"]).ended
      assert.strictEqual(second.code, 4)
      assert.include(second.err, String(first.child.pid))
      assert.include(second.err, url)
    }
    assert.strictEqual((await post(url, 1)).body.seq, 1)
    first.child.kill("SIGTERM")
    assert.strictEqual((await first.ended).code, 0)
    fs.rmSync(site, { recursive: true })
  })
})
