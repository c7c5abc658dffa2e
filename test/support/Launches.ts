/** A launcher whose versions are scripted: what is started, and how each life ends. Time is the test's. */
import { FileSystem } from "@effect/platform"
import { Deferred, Effect, Fiber, Option, TestClock } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Launch from "../../src/update/Launch.js"
import * as UpdateJournal from "../../src/update/UpdateJournal.js"
import * as Versions from "../../src/update/Versions.js"
import { signed } from "./ReleaseMaker.js"

/** How a life goes: it ends by itself with a code after so long, or goes on until it is stopped. */
export interface Script {
  readonly version: string
  /** Run when it starts, as by the version itself. */
  readonly does?: ReadonlyArray<UpdateJournal.Step>
  /** Milliseconds. */
  readonly lasts?: number
  readonly code?: number
}

export const place = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const site = yield* fs.makeTempDirectoryScoped()
  const versions = Versions.at(join(site, ".outpost"))
  const config = join(site, "outpost.yaml")
  return { versions, config, site }
})

export const install = (versions: Versions.Versions, version: string): void => {
  mkdirSync(versions.of(version), { recursive: true })
  writeFileSync(join(versions.of(version), Versions.mark), signed({ version, archive: Buffer.from(version) }))
}

export const write = (versions: Versions.Versions, steps: ReadonlyArray<UpdateJournal.Step>) =>
  Effect.scoped(
    Effect.flatMap(UpdateJournal.open(versions.journal), ({ append }) =>
      Effect.forEach(steps, append, { discard: true })
    )
  )

export const read = (versions: Versions.Versions) =>
  Effect.scoped(Effect.flatMap(UpdateJournal.open(versions.journal), ({ entries }) => entries))

/** Runs the launcher over the scripts; whatever is started beyond them ends with code 0. Answers what was started. */
export const run = (versions: Versions.Versions, scripts: ReadonlyArray<Script>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<FileSystem.FileSystem>()
    const started: Array<string> = []
    let alive = 0
    const options: Launch.Options = {
      versions,
      base: "/base",
      start: (entry) =>
        Effect.gen(function* () {
          const version = entry === "/base" ? "base" : basename(join(entry, "../.."))
          const script = scripts[started.length]
          started.push(version)
          if (++alive > 1) return yield* Effect.dieMessage("two versions at the same time")
          if (script !== undefined && script.version !== version)
            return yield* Effect.dieMessage(`${version} was started, not ${script.version}`)
          yield* Effect.orDie(write(versions, script?.does ?? []))
          const over = yield* Deferred.make<Launch.Ended>()
          const stop = Deferred.succeed(over, { code: null, signal: "SIGTERM" })
          const ends = Effect.sleep(script === undefined ? 0 : (script.lasts ?? 1e12)).pipe(
            Effect.zipRight(Deferred.succeed(over, { code: script?.code ?? 0, signal: null }))
          )
          yield* Effect.forkDaemon(Effect.raceFirst(ends, Deferred.await(over)))
          const ended = Effect.tap(Deferred.await(over), () => Effect.sync(() => (alive = 0)))
          return { ended, stop: () => Effect.asVoid(Effect.zipRight(stop, ended)) }
        }).pipe(Effect.provide(context))
    }
    const fiber = yield* Effect.fork(Launch.run(options))
    for (let turn = 0; turn < 5_000; turn++) {
      if (Option.isSome(yield* Fiber.poll(fiber))) break
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
    }
    return { code: yield* Fiber.join(fiber), started }
  })
