import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as AppLauncher from "../../src/app/Launcher.js"
import { Launcher } from "../../src/cli/Launcher.js"
import { CollectorOperations } from "../../src/operations/CollectorOperations.js"

const config = `
jobs:
  a: {source: generator, pairs: [BTC/USDT], span: 1m, start: 1d, every: 1h}
  b: {source: generator, pairs: [BTC/USDT], span: 1h, start: 1d, cron: "5 * * * *"}
histo_jobs:
  - {exchange: okx, pairs: [BTC/USDT], span: 3600}
`

const site = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "outpost-launcher-"))
    writeFileSync(join(path, "outpost.yaml"), config)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Opened and closed again, as by one command. */
const command = <A, E>(
  path: string,
  use: (collector: Context.Tag.Service<CollectorOperations>) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const { connect } = yield* Launcher
    const { operations } = yield* connect({
      site: path,
      config: Option.none(),
      logLevel: Option.none(),
      url: Option.none(),
      token: Option.none(),
      need: "write"
    })
    return yield* use(Context.get(operations, CollectorOperations))
  }).pipe(Effect.provide(Layer.provideMerge(AppLauncher.layer, NodeContext.layer)), Effect.scoped)

describe("a command without a server", () => {
  it.scopedLive("knows the schedules of the config, runs none of them, and what it pauses stays paused", () =>
    Effect.gen(function* () {
      const path = yield* site
      const before = yield* command(path, ({ scheduler }) => scheduler)
      assert.isFalse(before.running)
      assert.deepStrictEqual(
        before.jobs.map(({ id, next_run, paused }) => [id, next_run, paused]),
        [
          ["okx_BTC_USDT_3600", null, false],
          ["a", null, false],
          ["b", null, false]
        ]
      )
      yield* command(path, ({ setSchedulePaused }) => setSchedulePaused("b", true))
      const after = yield* command(path, ({ scheduler, setSchedulePaused }) =>
        Effect.all({
          paused: scheduler,
          resumed: Effect.zipRight(setSchedulePaused("b", false), scheduler),
          unknown: Effect.flip(setSchedulePaused("c", true))
        })
      )
      const states = (scheduler: typeof before) => scheduler.jobs.map(({ last_run, paused }) => [last_run, paused])
      const waiting = [null, false]
      assert.deepStrictEqual(states(after.paused), [waiting, waiting, [null, true]])
      assert.deepStrictEqual(states(after.resumed), [waiting, waiting, waiting])
      assert.strictEqual(after.unknown._tag, "ScheduleNotFound")
    })
  )
})
