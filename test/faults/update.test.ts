/**
 * Updates of a station under the real launcher and the real server: the power goes at every step, and releases that are not
 * what they should be, before the switch and behind it.
 */
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { bin } from "../support/buildOnce.js"
import { rounds, sample } from "../support/Crashes.js"
import * as NextVersion from "../support/NextVersion.js"
import { type Offer, publish, tgz } from "../support/ReleaseMaker.js"
import { archiveWith, goodMain } from "../support/UpdateSite.js"
import { release, UpdateStation } from "../support/UpdateStation.js"

const closing = async <A>(station: UpdateStation, use: (station: UpdateStation) => Promise<A>): Promise<A> => {
  try {
    return await use(station)
  } finally {
    await station.close()
  }
}

const validates = (station: UpdateStation) =>
  assert.strictEqual(spawnSync(process.execPath, [bin, "config", "validate", "--site", station.site]).status, 0)

/** The steps of an update, and what is in the journal when each is about to be done. */
const steps = {
  download: "begun",
  unpack: "fetched",
  install: "unpacked",
  test: "installed",
  switch: "switching",
  restart: "switched",
  trial: "started",
  prune: "healthy"
} as const

describe("the power goes", () => {
  for (const [name, step] of sample(Object.entries(steps), 3)) {
    it(`at ${name}: the station comes up on a version that works, and the update comes to its end`, async () => {
      for (let round = 0; round < rounds(1, 10); round++) {
        await closing(new UpdateStation(), async (station) => {
          publish(station.offers, { version: "9.0.0", archive: release("good", "9.0.0") })
          station.start()
          await station.listens()
          assert.strictEqual((await station.ask("POST", "/update/apply")).status, 202)
          await station.until(step, () => station.steps().includes(step), 20_000, 1)
          station.cut()
          station.start()
          await station.until("over", () => station.steps().includes("healthy"))
          await station.listens()
          assert.strictEqual(station.current(), "9.0.0")
          assert.strictEqual(station.steps().filter((found) => found === "switched").length, 1)
          validates(station)
        })
      }
    }, 600_000)
  }

  it("in the middle of a line of the journal: that step is done once more", async () => {
    await closing(new UpdateStation(), async (station) => {
      publish(station.offers, { version: "9.0.0", archive: release("good", "9.0.0") })
      station.start()
      await station.listens()
      await station.ask("POST", "/update/apply")
      await station.until("fetched", () => station.steps().includes("fetched"), 20_000, 1)
      station.cut()
      writeFileSync(join(station.site, ".outpost/update.jsonl"), `{"step":"unpac`, { flag: "a" })
      station.start()
      await station.until("over", () => station.steps().includes("healthy"))
      assert.isTrue(readdirSync(join(station.site, ".outpost")).some((found) => found.startsWith("update.jsonl.torn-")))
    })
  }, 60_000)
})

describe.concurrent(
  "ivy 13: update process ensures a node does not move to a version that does not run on local hardware: releases that do not work",
  () => {
    for (const manner of ["crashes", "hangs", "silent"] as const) {
      it(`one that starts and then ${deeds[manner]} ends on the old version within the trial time`, async () => {
        const title = { crashes: "Crashed", hangs: "Unproven", silent: "Unproven" }[manner]
        await closing(new UpdateStation(undefined, { trial: "4s" }), async (station) => {
          const config = readFileSync(join(station.site, "outpost.yaml"), "utf8")
          publish(station.offers, { version: "9.0.0", archive: release(manner, "9.0.0") })
          station.start()
          await station.listens()
          await station.ask("POST", "/update/apply")
          await station.until("begun to return", () => station.steps().includes("rolling-back"), 20_000)
          const switched = station.journal().find(({ step }) => step === "switched") as unknown as { at: string }
          const back = station.journal().find(({ step }) => step === "rolling-back") as unknown as { at: string }
          assert.isAtMost(Date.parse(back.at) - Date.parse(switched.at), 9_000)
          await station.until("told", () => station.steps().includes("told"))
          const { body } = await station.ask("GET", "/update")
          assert.deepInclude(body["last"], { outcome: "rolled-back", reason: title, to: "9.0.0" })
          assert.isNull(station.current())
          assert.strictEqual(readFileSync(join(station.site, "outpost.yaml"), "utf8"), config)
          validates(station)
        })
      }, 60_000)
    }

    it("those that are refused, can't be had, unpacked, installed or tested leave the station as it was", async () => {
      const more = `  install: ["false"]\n  limits: { self_test: 2s, unpacked_bytes: 64 MiB }\n`
      await closing(new UpdateStation(undefined, { more }), async (station) => {
        const good = archiveWith(goodMain)
        const past = DateTime.unsafeMake("2020-01-01T00:00:00Z")
        const bomb = tgz([{ path: "package/zeros", content: Buffer.alloc(80 * 2 ** 20) }])
        const cases: ReadonlyArray<readonly [string, string, Partial<Offer>]> = [
          ["expired", "Expired", { change: { expires: past } }],
          ["wrong name", "WrongName", { change: { name: "other" } }],
          ["wrong hash", "Mismatch", { change: { sha256: "0".repeat(64) } }],
          ["longer than it says", "Mismatch", { change: { size: good.length - 1 } }],
          ["truncated", "BrokenArchive", { archive: good.subarray(0, good.length - 100) }],
          ["no archive", "BrokenArchive", { archive: gzipSync("nothing") }],
          ["zip bomb", "UnsafeArchive", { archive: bomb }],
          ["path escape", "UnsafeArchive", { archive: tgz([{ path: "package/../../../evil", content: "x" }]) }],
          ["failing install", "InstallFailed", { archive: archiveWith(goodMain, needy) }],
          ["failing self-test", "SelfTestFailed", { archive: archiveWith("process.exit(1)") }],
          ["hanging self-test", "SelfTestFailed", { archive: archiveWith("setInterval(() => {}, 1000)") }]
        ]
        station.start()
        await station.listens()
        for (const [index, [name, reason, offer]] of cases.entries()) {
          const version = `9.0.${index}`
          publish(station.offers, { version, archive: good, ...offer })
          const { body, status } = await station.ask("POST", "/update/apply")
          if (status === 422) assert.deepInclude(body["error"], { _tag: "UpdateFailed", reason }, name)
          else {
            await station.until("told", () => station.steps().at(-1) === "told", 15_000)
            const { last } = (await station.ask("GET", "/update")).body
            assert.deepInclude(last, { outcome: "failed", reason, to: version }, name)
          }
          assert.isNull(station.current(), name)
        }
        publish(station.offers, { version: "99.0.0", archive: good })
        const manifest = join(station.offers, "99.0.0.json")
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/"signature": "..../, `"signature": "AAAA`))
        const forged = await station.ask("POST", "/update/apply")
        assert.deepInclude(forged.body["error"], { reason: "BadSignature" })
        assert.strictEqual((await station.ask("GET", "/ready")).status, 200)
        assert.isFalse(readdirSync(station.base).includes("evil"))
      })
    }, 120_000)
  }
)

describe("the real thing", () => {
  it("ivy 13: suite tests an update from a known good version to this one and back: a built version updates itself to the next one, which proves itself, and goes back when it is told to", async () => {
    await closing(new UpdateStation(NextVersion.home("faults")), async (station) => {
      publish(station.offers, { version: "9.0.0", archive: NextVersion.archive(station.base, "9.0.0") })
      station.start()
      await station.listens()
      assert.strictEqual((await station.ask("POST", "/update/apply")).status, 202)
      await station.until("healthy", () => station.steps().includes("healthy"), 60_000)
      await station.until("told", () => station.steps().includes("told"))
      assert.deepInclude((await station.ask("GET", "/update")).body, {
        running: "9.0.0",
        current: "9.0.0",
        launched: true
      })
      assert.strictEqual((await station.ask("POST", "/update/rollback")).status, 202)
      await station.until("back", () => station.steps().at(-1) === "told" && station.current() === null)
      assert.deepInclude((await station.ask("GET", "/update")).body, { running: NextVersion.built, current: null })
    })
  }, 180_000)
})

const deeds = { crashes: "crashes", hangs: "hangs, SIGTERM or not,", silent: "loses its uplink" }

const needy = { "package.json": `{"dependencies":{"x":"1"}}`, "package-lock.json": "{}" }
