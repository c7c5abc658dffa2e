import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { restartCode } from "../../src/update/ExitCode.js"
import type { Step } from "../../src/update/UpdateJournal.js"
import { fold } from "../../src/update/UpdateState.js"
import * as Versions from "../../src/update/Versions.js"
import * as Launches from "../support/Launches.js"

const begun: Step = { step: "begun", from: null, to: "2.0.0", by: "operator", manifest: "{}" }
const switching = (path: string, before: string | null = null): Step => ({
  step: "switching",
  path,
  before,
  trial: 60_000,
  starts: 3
})

/** A site on which 2.0.0 is installed and about to be switched to. */
const ready = (config?: string) =>
  Effect.gen(function* () {
    const place = yield* Launches.place
    Launches.install(place.versions, "2.0.0")
    writeFileSync(place.config, "general: { name: old }\n")
    yield* Launches.write(place.versions, [
      config === undefined ? begun : { ...begun, config },
      switching(place.config, "general: { name: old }\n")
    ])
    return place
  })

const after = (versions: Versions.Versions) =>
  Effect.gen(function* () {
    const state = fold(yield* Launches.read(versions))
    return { current: yield* Versions.current(versions), phase: state.phase, last: state.last }
  })

const scoped = <A, E>(effect: Effect.Effect<A, E, NodeContext.NodeContext | Scope.Scope>) =>
  Effect.provide(effect, NodeContext.layer)

describe("the launcher", () => {
  it.scoped("starts what is installed by hand while there is no other, and ends with it", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* Launches.place
        assert.deepStrictEqual(yield* Launches.run(versions, []), { code: 0, started: ["base"] })
      })
    )
  )

  it.scoped("starts it again when it crashes, later each time, and not where the config is wrong", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* Launches.place
        const crash = { version: "base", lasts: 10, code: 1 }
        const wrong = { version: "base", lasts: 10, code: 2 }
        const { code, started } = yield* Launches.run(versions, [crash, crash, crash, wrong])
        assert.deepStrictEqual([code, started.length], [2, 4])
      })
    )
  )

  it.scoped("finishes a switch that was begun, and one that proves itself stays", () =>
    scoped(
      Effect.gen(function* () {
        const { config, versions } = yield* ready("general: { name: new }\n")
        const { started } = yield* Launches.run(versions, [
          { version: "2.0.0", does: [{ step: "healthy" }], lasts: 90_000, code: 0 }
        ])
        assert.deepStrictEqual(started, ["2.0.0"])
        const { current, last, phase } = yield* after(versions)
        assert.deepStrictEqual([current, phase, last?.outcome], ["2.0.0", "idle", "healthy"])
        assert.strictEqual(readFileSync(config, "utf8"), "general: { name: new }\n")
      })
    )
  )

  it.scoped("ivy 14.6: the next version is started when the last has ended, never beside it", () =>
    scoped(
      Effect.gen(function* () {
        const { config, versions } = yield* Launches.place
        Launches.install(versions, "2.0.0")
        const { started } = yield* Launches.run(versions, [
          // Teardown takes long after the switch was written: `run` of the double dies where two live at the same time.
          { version: "base", does: [begun, switching(config)], lasts: 30_000, code: restartCode },
          { version: "2.0.0", does: [{ step: "healthy" }], lasts: 1_000, code: 0 }
        ])
        assert.deepStrictEqual(started, ["base", "2.0.0"])
      })
    )
  )

  it.scoped(
    "ivy 13: Hermes predecessor: 38 remote updates, 20 nodes: as many in a row, each from what the last one left",
    () =>
      scoped(
        Effect.gen(function* () {
          const { config, versions } = yield* Launches.place
          const names = ["base", ...Array.from({ length: 38 }, (_, n) => `2.${n}.0`)]
          for (const name of names.slice(1)) Launches.install(versions, name)
          const lives = names.map((version, n): Launches.Script => {
            const proved: ReadonlyArray<Step> = n === 0 ? [] : [{ step: "healthy" }, { step: "told" }]
            const to = names[n + 1]
            if (to === undefined) return { version, does: proved, lasts: 1_000, code: 0 }
            const next: Step = { ...begun, from: n === 0 ? null : version, to }
            return { version, does: [...proved, next, switching(config)], lasts: 1_000, code: restartCode }
          })
          const { code, started } = yield* Launches.run(versions, lives)
          assert.deepStrictEqual(started, names)
          assert.strictEqual(code, 0)
          assert.deepInclude(yield* after(versions), { current: "2.37.0", phase: "idle" })
        })
      )
  )

  it.scoped("ivy 14.14: one that starts and then crashes is rolled back, its config with it", () =>
    scoped(
      Effect.gen(function* () {
        const { config, site, versions } = yield* ready("general: { name: new }\n")
        const crash = { version: "2.0.0", lasts: 500, code: 1 }
        const { started } = yield* Launches.run(versions, [crash, crash, crash, { version: "base", lasts: 10 }])
        assert.deepStrictEqual(started, ["2.0.0", "2.0.0", "2.0.0", "base"])
        const { current, last } = yield* after(versions)
        assert.isNull(current)
        assert.deepInclude(last, { outcome: "rolled-back", reason: "Crashed", told: false })
        assert.strictEqual(readFileSync(config, "utf8"), "general: { name: old }\n")
        const aside = readdirSync(site).filter((name) => name.includes(".replaced-"))
        assert.isAtLeast(aside.length, 1)
      })
    )
  )

  it.scoped("one that ends by itself as if all were well is rolled back like one that crashes", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        const ends = { version: "2.0.0", lasts: 1_500, code: 0 }
        const { started } = yield* Launches.run(versions, [ends, ends, ends, { version: "base", lasts: 10 }])
        assert.deepStrictEqual(started, ["2.0.0", "2.0.0", "2.0.0", "base"])
        assert.deepInclude((yield* after(versions)).last, { outcome: "rolled-back", reason: "Crashed" })
      })
    )
  )

  it.scoped("one that was asked to end during its trial ends the launcher, and the start does not count", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        const asked: Launches.Script = { version: "2.0.0", does: [{ step: "discounted" }], lasts: 1_500, code: 0 }
        assert.deepStrictEqual(yield* Launches.run(versions, [asked]), { code: 0, started: ["2.0.0"] })
        assert.strictEqual(fold(yield* Launches.read(versions)).attempt?.starts, 0)
      })
    )
  )

  it.scoped("one that is up but not healthy within its time is ended and rolled back, with what it lacked", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        const doubted: Step = { step: "doubted", complaints: ["uplink office: nothing was confirmed"] }
        const { started } = yield* Launches.run(versions, [{ version: "2.0.0", does: [doubted] }])
        assert.deepStrictEqual(started, ["2.0.0", "base"])
        const { last } = yield* after(versions)
        assert.deepInclude(last, { outcome: "rolled-back", reason: "Unproven" })
        assert.include(last?.detail, "nothing was confirmed")
      })
    )
  )

  it.scoped("starts count over power cuts, but not those that another holder of the site refused", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        yield* Launches.write(versions, [{ step: "switched" }, { step: "started" }, { step: "started" }])
        yield* Versions.point(versions, "2.0.0")
        const { started } = yield* Launches.run(versions, [
          { version: "2.0.0", lasts: 10, code: 4 },
          { version: "2.0.0", lasts: 10, code: 4 },
          { version: "2.0.0", lasts: 10, code: 1 },
          { version: "base", lasts: 10, code: 0 }
        ])
        assert.deepStrictEqual(started, ["2.0.0", "2.0.0", "2.0.0", "base"])
      })
    )
  )

  it.scoped("one that is refused the site, or its address, for ever is rolled back, too", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        const refused = Array.from({ length: 63 }, () => ({ version: "2.0.0", lasts: 10, code: 4 }))
        const { started } = yield* Launches.run(versions, [...refused, { version: "base", lasts: 10, code: 0 }])
        assert.deepStrictEqual([started.length, started.at(-1)], [64, "base"])
        assert.deepInclude((yield* after(versions)).last, { outcome: "rolled-back", reason: "Crashed" })
      })
    )
  )

  it.scoped("a version on trial whose directory is gone is not waited for", () =>
    scoped(
      Effect.gen(function* () {
        const { versions } = yield* ready()
        yield* Launches.write(versions, [{ step: "switched" }])
        rmSync(versions.of("2.0.0"), { recursive: true })
        assert.deepStrictEqual((yield* Launches.run(versions, [])).started, ["base"])
        assert.deepInclude((yield* after(versions)).last, { reason: "Crashed" })
      })
    )
  )

  it.scoped("a return that was cut off is finished, and again where that is cut off", () =>
    scoped(
      Effect.gen(function* () {
        const { config, versions } = yield* ready()
        yield* Versions.point(versions, "2.0.0")
        const because = { reason: "Unproven", detail: "why" } as const
        yield* Launches.write(versions, [
          { step: "switched" },
          { step: "rolling-back", to: null, path: config, config: "general: { name: old }\n", ...because }
        ])
        assert.deepStrictEqual((yield* Launches.run(versions, [])).started, ["base"])
        assert.deepStrictEqual((yield* Launches.run(versions, [])).started, ["base"])
        assert.deepInclude((yield* after(versions)).last, { outcome: "rolled-back", reason: "Unproven" })
      })
    )
  )

  it.scoped("a journal that can't be written keeps nothing from being started", () =>
    scoped(
      Effect.gen(function* () {
        const { site, versions } = yield* Launches.place
        writeFileSync(`${site}/.outpost`, "in the way")
        assert.deepStrictEqual((yield* Launches.run(versions, [])).started, ["base"])
        assert.isFalse(existsSync(versions.journal))
      })
    )
  )
})
