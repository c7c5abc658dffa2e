import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Option } from "effect"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ReleaseVersion } from "../../src/domain/ReleaseVersion.js"
import type { UpdateReason } from "../../src/domain/Update.js"
import { ReleaseSettings, UpdateLimits } from "../../src/update/Settings.js"
import * as Signature from "../../src/update/Signature.js"
import * as Versions from "../../src/update/Versions.js"
import * as Launches from "../support/Launches.js"
import { type Offer, publish, signed, tgz } from "../support/ReleaseMaker.js"
import * as RawServer from "../support/RawServer.js"
import * as UpdateSite from "../support/UpdateSite.js"

const { archiveWith, goodMain } = UpdateSite

const good = archiveWith(goodMain)

/** Offers a release, applies it as a command does, and tells how that went. */
const attempted = (offer: Partial<Offer>, options: UpdateSite.Options & { config?: string } = {}) =>
  Effect.gen(function* () {
    const ground = yield* UpdateSite.ground
    publish(ground.offers, { version: "1.1.0", archive: good, ...offer })
    const { finish, reports, updater } = yield* UpdateSite.life(ground, options)
    const begun = yield* Effect.either(
      updater.apply({ by: "operator", ...(options.config === undefined ? {} : { config: options.config }) })
    )
    yield* finish
    const status = yield* updater.status
    const left = existsSync(ground.versions.directory) ? readdirSync(ground.versions.directory).sort() : []
    return { begun, status, left, ground, reports: yield* reports }
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

/** A station that has switched to 1.1.0, as the life before left it. */
const afterSwitch = Effect.gen(function* () {
  const ground = yield* UpdateSite.ground
  publish(ground.offers, { version: "1.1.0", archive: good })
  const before = yield* UpdateSite.life(ground)
  yield* before.updater.apply({ by: "operator" })
  yield* before.finish
  return { before, ground }
})

describe("an update", () => {
  it.live(
    "ivy 12: pytest run of a downloaded version: it is fetched, installed beside, tested by itself and switched to",
    () =>
      Effect.gen(function* () {
        const { begun, left, status } = yield* attempted({})
        assert.deepInclude(begun, { _tag: "Right" })
        assert.deepInclude(status, { phase: "trial", current: "1.1.0", running: "1.0.0", installed: ["1.1.0"] })
        assert.includeMembers(left, ["1.1.0", "current"])
      })
  )

  it.live("ivy 12: repository reachable: what the source offers is told, also where it would not be taken", () =>
    Effect.gen(function* () {
      const ground = yield* UpdateSite.ground
      publish(ground.offers, { version: "1.1.0", archive: good })
      publish(ground.offers, { version: "1.0.0", archive: good })
      const { updater } = yield* UpdateSite.life(ground)
      assert.deepInclude(yield* updater.check(), { version: "1.1.0", refused: null })
      assert.deepInclude((yield* updater.check("1.0.0")).refused, { reason: "Older" })
      assert.deepInclude(yield* Effect.flip(updater.check("3.0.0")), { reason: "NotFound" })
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live("ivy 12: GitHub and GitLab download create exactly one dir", () =>
    Effect.gen(function* () {
      const name = "outpost-1.1.0.tgz"
      const files = ["release.json", name]
      const { url } = yield* RawServer.make((request, response) => {
        const place = `http://${request.headers.host}`
        const answers: Readonly<Record<string, string | Buffer>> = {
          "/repos/a/b/releases/latest": JSON.stringify({
            tag_name: "v1.1.0",
            assets: files.map((file) => ({ name: file, url: `${place}/${file}` }))
          }),
          "/projects/a%2Fb/releases/permalink/latest": JSON.stringify({
            tag_name: "v1.1.0",
            assets: { links: files.map((file) => ({ name: file, url: `${place}/${file}` })) }
          }),
          "/release.json": signed({ version: "1.1.0", archive: good }),
          [`/${name}`]: good
        }
        const path = (request.url ?? "").replace("/tags/v1.1.0", "/latest").replace(/v1\.1\.0$/, "permalink/latest")
        response.writeHead(answers[path] === undefined ? 404 : 200).end(answers[path])
      })
      for (const [use, settings] of [
        ["github", { repository: "a/b", base_url: url }],
        ["gitlab", { project: "a/b", base_url: url }]
      ] as const) {
        const source = Option.some(new ReleaseSettings({ use, settings }))
        const { left, status } = yield* attempted({}, { settings: { source } })
        assert.deepInclude(status, { phase: "trial", current: "1.1.0" }, `${use} ${JSON.stringify(status)}`)
        assert.deepStrictEqual(
          left.filter((entry) => entry !== "current" && entry !== "downloads"),
          ["1.1.0"],
          use
        )
      }
    }).pipe(Effect.scoped)
  )

  it.live("a manifest that is refused begins nothing", () =>
    Effect.gen(function* () {
      const stranger = yield* Signature.keygen
      const past = DateTime.unsafeMake("2020-01-01T00:00:00Z")
      const cases: ReadonlyArray<readonly [Partial<Offer>, UpdateReason]> = [
        [{ signer: stranger }, "BadSignature"],
        [{ version: "0.9.0" }, "Older"],
        [{ change: { expires: past } }, "Expired"],
        [{ change: { platforms: ["darwin-x64"] } }, "WrongPlatform"],
        [{ change: { minimum_version: ReleaseVersion.make("1.0.1") } }, "NeedsNewer"]
      ]
      for (const [offer, reason] of cases) {
        const { begun, left, status } = yield* attempted(offer)
        assert.deepInclude(begun, { _tag: "Left" }, reason)
        assert.deepInclude(begun._tag === "Left" ? begun.left : {}, { _tag: "UpdateFailed", reason })
        assert.deepInclude(status, { phase: "idle", attempt: null, current: null })
        assert.deepStrictEqual(left, [])
      }
    })
  )

  it.live(
    "ivy 13: failed update keeps the current config running: a release that is not what it should be leaves the station as it was, and nothing of itself",
    () =>
      Effect.gen(function* () {
        const limits = new UpdateLimits({ self_test: Duration.seconds(1), install: Duration.seconds(1) })
        const needy = { "package.json": `{"dependencies":{"x":"1"}}`, "package-lock.json": "{}" }
        const exits = ["node", "-e", "console.error('no such package'); process.exit(7)"] as const
        const cases: ReadonlyArray<readonly [string, Partial<Offer>, UpdateReason, UpdateSite.Options]> = [
          ["wrong hash", { change: { sha256: "0".repeat(64) } }, "Mismatch", {}],
          ["wrong size", { change: { size: good.length + 1 } }, "Mismatch", {}],
          ["path escape", { archive: tgz([{ path: "package/../../x", content: "x" }]) }, "UnsafeArchive", {}],
          ["no archive", { archive: Buffer.from("nothing") }, "BrokenArchive", {}],
          ["no entry", { archive: tgz([{ path: "package/a", content: "" }]) }, "InstallFailed", {}],
          [
            "no lockfile",
            { archive: archiveWith(goodMain, { "package.json": `{"dependencies":{"x":"1"}}` }) },
            "InstallFailed",
            {}
          ],
          [
            "failing install",
            { archive: archiveWith(goodMain, needy) },
            "InstallFailed",
            { settings: { install: Option.some(exits) } }
          ],
          [
            "hanging install",
            { archive: archiveWith(goodMain, needy) },
            "InstallFailed",
            { settings: { install: Option.some(["sleep", "60"] as const), limits } }
          ],
          [
            "failing self-test",
            { archive: archiveWith(`console.error("no SQLite"); process.exit(1)`) },
            "SelfTestFailed",
            {}
          ],
          [
            "hanging self-test",
            { archive: archiveWith(`setInterval(() => 0, 1000)`) },
            "SelfTestFailed",
            { settings: { limits } }
          ]
        ]
        for (const [name, offer, reason, options] of cases) {
          const { left, reports, status } = yield* attempted(offer, options)
          assert.deepInclude(status, { phase: "idle", current: null, attempt: null }, name)
          assert.deepInclude(status.last, { outcome: "failed", reason, to: "1.1.0" }, name)
          assert.deepStrictEqual(left, [], name)
          assert.deepInclude(reports[0], { outcome: "failed", reason }, name)
          assert.strictEqual(reports.length, 1, name)
        }
      })
  )

  it.live("one that uses too much memory in its self-test is ended", () =>
    Effect.gen(function* () {
      const main = `const held = []; setInterval(() => held.push(Buffer.alloc(20e6, 1)), 20)`
      const limits = new UpdateLimits({ memory_bytes: 200 * 2 ** 20 })
      const { status } = yield* attempted({ archive: archiveWith(main) }, { settings: { limits } })
      assert.include(status.last?.detail, "memory")
    })
  )

  it.live("config and software move together, and a config that the new version does not take is refused", () =>
    Effect.gen(function* () {
      const refused = yield* attempted({}, { config: "general: { bad: 1 }" })
      assert.deepInclude(refused.status.last, { reason: "ConfigInvalid" })
      assert.include(refused.status.last?.detail, "general.bad")
      const { status } = yield* attempted({}, { config: "general: { name: new }" })
      assert.strictEqual(status.phase, "trial")
    })
  )

  it.live("a release that carries its packages, and one with a lockfile, are supplied", () =>
    Effect.gen(function* () {
      const main = `import "x"`
      const module = { "node_modules/x/package.json": `{"name":"x","main":"i.js"}`, "node_modules/x/i.js": "" }
      const needs = { "package.json": `{"type":"module","dependencies":{"x":"1"}}` }
      const carried = yield* attempted({ archive: archiveWith(main, { ...needs, ...module }) })
      assert.strictEqual(carried.status.phase, "trial")
      const script =
        "const fs=require('fs');fs.mkdirSync('node_modules/x',{recursive:true});fs.writeFileSync('node_modules/x/index.js','')"
      const locked = yield* attempted(
        { archive: archiveWith(main, { ...needs, "package-lock.json": "{}" }) },
        { settings: { install: Option.some([process.execPath, "-e", script] as const) } }
      )
      assert.strictEqual(locked.status.phase, "trial")
    })
  )
})

describe("lives of a process", () => {
  it.live("a server that nobody would start again after itself begins nothing", () =>
    Effect.gen(function* () {
      const { begun, status } = yield* attempted({}, { succession: { _tag: "Nobody" } })
      assert.deepInclude(begun._tag === "Left" ? begun.left : {}, { _tag: "NotLaunched" })
      assert.strictEqual(status.phase, "idle")
    })
  )

  it.live("only one is under way; a later life takes it up, removes what is half done, and gives up in the end", () =>
    Effect.gen(function* () {
      const ground = yield* UpdateSite.ground
      publish(ground.offers, { version: "1.1.0", archive: good })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { updater } = yield* UpdateSite.life(ground)
          yield* updater.apply({ by: "operator" })
          assert.deepInclude(yield* Effect.flip(updater.apply({ by: "operator" })), { _tag: "UpdateBusy" })
          assert.deepInclude(yield* Effect.flip(updater.rollback), { _tag: "UpdateBusy" })
        })
      )
      mkdirSync(ground.versions.unfinished("1.1.0"), { recursive: true })
      writeFileSync(join(ground.versions.unfinished("1.1.0"), "half"), "")
      const next = yield* UpdateSite.life(ground)
      yield* next.finish
      assert.strictEqual((yield* next.updater.status).phase, "trial")
      assert.isFalse(existsSync(join(ground.versions.of("1.1.0"), "half")))
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live(
    "what an uplink brings a second time, config and all, is the update it has begun; another config is not",
    () =>
      Effect.gen(function* () {
        const ground = yield* UpdateSite.ground
        publish(ground.offers, { version: "1.1.0", archive: good })
        const { updater } = yield* UpdateSite.life(ground)
        const request = { by: "office", version: "1.1.0", config: "general: { config_revision: 4 }\n" }
        const begun = yield* updater.apply(request)
        assert.deepStrictEqual(yield* updater.apply(request), begun)
        for (const other of [{ by: "operator" }, { config: "general: {}\n" }, { version: "1.2.0" }]) {
          assert.deepInclude(yield* Effect.flip(updater.apply({ ...request, ...other })), { _tag: "UpdateBusy" })
        }
      }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live("one that is cut off each time ends", () =>
    Effect.gen(function* () {
      const ground = yield* UpdateSite.ground
      publish(ground.offers, { version: "1.1.0", archive: good })
      yield* Launches.write(ground.versions, [
        {
          step: "begun",
          from: null,
          to: "1.1.0",
          by: "operator",
          manifest: signed({ version: "1.1.0", archive: good })
        },
        ...Array.from({ length: 5 }, () => ({ step: "resumed" }) as const)
      ])
      const { finish, updater } = yield* UpdateSite.life(ground)
      yield* finish
      assert.deepInclude((yield* updater.status).last, { outcome: "failed", reason: "Interrupted" })
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live(
    "ivy 13: old dependencies removed after a successful change: the version on trial is healthy after half of it; then few are kept, and a rollback leads back",
    () =>
      Effect.gen(function* () {
        const ground = yield* UpdateSite.ground
        const settings = { trial: Duration.seconds(1), keep: 2 }
        for (const [version, running] of [
          ["1.1.0", "1.0.0"],
          ["1.2.0", "1.1.0"],
          ["1.3.0", "1.2.0"]
        ] as const) {
          publish(ground.offers, { version, archive: good })
          const before = yield* UpdateSite.life(ground, { running, settings })
          yield* before.updater.apply({ by: "operator" })
          yield* before.finish
          const trial = yield* UpdateSite.life(ground, { running: version, settings })
          yield* trial.finish
          assert.deepInclude((yield* trial.updater.status).last, { outcome: "healthy", to: version })
          assert.deepInclude((yield* trial.reports)[0], { outcome: "healthy" })
        }
        const { updater } = yield* UpdateSite.life(ground, { running: "1.3.0", settings })
        assert.deepStrictEqual((yield* updater.status).installed, ["1.2.0", "1.3.0"])
        // A config that the version of before does not take would keep it from starting.
        const config = join(ground.site, "outpost.yaml")
        writeFileSync(config, "bad: 1\n")
        assert.deepInclude(yield* Effect.flip(updater.rollback), { _tag: "UpdateFailed", reason: "ConfigInvalid" })
        assert.strictEqual(yield* Versions.current(ground.versions), "1.3.0")
        writeFileSync(config, "good: 1\n")
        assert.deepStrictEqual(yield* updater.rollback, { to: "1.2.0" })
        assert.strictEqual(yield* Versions.current(ground.versions), "1.2.0")
        assert.deepInclude(yield* Effect.flip(updater.rollback), { _tag: "NoPreviousVersion" })
      }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live("a version on trial that has complaints is not healthy, and the journal has them", () =>
    Effect.gen(function* () {
      const { ground } = yield* afterSwitch
      const complaints = ["uplink office: nothing was confirmed"]
      const trial = yield* UpdateSite.life(ground, {
        running: "1.1.0",
        complaints,
        settings: { trial: Duration.seconds(1) }
      })
      yield* Effect.timeoutOption(trial.work, "1500 millis")
      const status = yield* trial.updater.status
      assert.strictEqual(status.phase, "trial")
      assert.deepInclude(status.trial, { starts: 0, most_starts: 3, complaints })
      const switched = (yield* Launches.read(ground.versions)).find(({ step }) => step === "switched")
      assert.strictEqual(Date.parse(status.trial?.until ?? "") - Date.parse(switched?.at ?? ""), 600_000)
      assert.include(readFileSync(ground.versions.journal, "utf8"), "nothing was confirmed")
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )

  it.live("a version on trial that is asked to end takes its start back, one that fails does not", () =>
    Effect.gen(function* () {
      const { before, ground } = yield* afterSwitch
      const succession = { _tag: "Launcher", restart: Effect.void } as const
      const starts = Effect.map(before.updater.status, ({ trial }) => trial?.starts)
      const life = <A, E>(ending: Effect.Effect<A, E>, options: UpdateSite.Options) =>
        Launches.write(ground.versions, [{ step: "started" }]).pipe(
          Effect.zipRight(Effect.scoped(Effect.zipRight(UpdateSite.life(ground, options), ending))),
          Effect.exit,
          Effect.zipRight(starts)
        )
      assert.strictEqual(yield* life(Effect.void, { running: "1.1.0", succession }), 0)
      assert.strictEqual(yield* life(Effect.interrupt, { running: "1.1.0", succession }), 0)
      assert.strictEqual(yield* life(Effect.fail("the port is taken"), { running: "1.1.0", succession }), 1)
      assert.strictEqual(yield* life(Effect.void, { running: "1.0.0", succession }), 2, "not its own start")
      assert.strictEqual(yield* life(Effect.void, { running: "1.1.0" }), 3, "a command started nothing")
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )
})
