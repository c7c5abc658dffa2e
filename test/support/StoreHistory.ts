/**
 * Random histories of a store: lives of posts, batches, runs, checkpoints, failing calls and clocks that move, each ended in
 * order, by a kill or by a power cut at a chosen call of the disk. After each one the next life's start is held against the
 * model. One half runs on real files, the other on a simulated disk that loses what was not synced.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Database from "../../src/database/Database.js"
import type { Run } from "../../src/domain/Run.js"
import * as RunContext from "../../src/run/RunContext.js"
import * as SqlIndex from "../../src/telemetry/SqlIndex.js"
import * as TelemetryStore from "../../src/telemetry/TelemetryStore.js"
import { randomFrom } from "./Crashes.js"
import { KillableDisk } from "./KillableDisk.js"
import * as SetClock from "./SetClock.js"
import { type Call, SimulatedDisk } from "./SimulatedDisk.js"
import { StoreModel } from "./StoreModel.js"

export type Op =
  | {
      readonly op: "post"
      readonly events: ReadonlyArray<{ readonly type: number; readonly flags: number; readonly pad: number }>
    }
  | { readonly op: "batch"; readonly count: number; readonly type: number }
  | { readonly op: "start" | "stop" | "checkpoint" | "wait" }
  | {
      readonly op: "fault"
      readonly call: Call
      readonly code: string
      readonly times: number
      readonly written: number
    }
  | { readonly op: "clock"; readonly minutes: number }

export interface Life {
  readonly ops: ReadonlyArray<Op>
  readonly end: "order" | "kill" | "cut"
  /** How many calls of the disk the life has, where it does not end in order; `early` counts those of the start. */
  readonly calls: number
  readonly early: boolean
  /** What a power cut leaves of the index: the newest state, the last durable one, nothing. */
  readonly index: "newest" | "durable" | "lost"
}

export interface History {
  readonly seed: number
  readonly lives: ReadonlyArray<Life>
}

const event = FastCheck.record({ type: FastCheck.nat(3), flags: FastCheck.nat(9), pad: FastCheck.nat(700) })
const op: FastCheck.Arbitrary<Op> = FastCheck.oneof(
  {
    weight: 8,
    arbitrary: FastCheck.record({
      op: FastCheck.constant("post" as const),
      events: FastCheck.array(event, { minLength: 1, maxLength: 6 })
    })
  },
  {
    weight: 2,
    arbitrary: FastCheck.record({
      op: FastCheck.constant("batch" as const),
      count: FastCheck.nat(25),
      type: FastCheck.nat(3)
    })
  },
  { weight: 4, arbitrary: FastCheck.record({ op: FastCheck.constantFrom("start" as const, "stop" as const) }) },
  {
    weight: 3,
    arbitrary: FastCheck.record({
      op: FastCheck.constantFrom("checkpoint" as const, "wait" as const, "wait" as const)
    })
  },
  {
    weight: 2,
    arbitrary: FastCheck.record({
      op: FastCheck.constant("fault" as const),
      call: FastCheck.constantFrom<Call>(
        "append",
        "append",
        "sync",
        "sync",
        "open",
        "truncate",
        "makeDirectory",
        "syncDirectory",
        "read"
      ),
      code: FastCheck.constantFrom("EIO", "ENOSPC", "EROFS"),
      times: FastCheck.integer({ min: 1, max: 4 }),
      written: FastCheck.nat(400)
    })
  },
  {
    weight: 1,
    arbitrary: FastCheck.record({
      op: FastCheck.constant("clock" as const),
      minutes: FastCheck.integer({ min: -20, max: 900 })
    })
  }
)
const life = (ends: ReadonlyArray<Life["end"]>): FastCheck.Arbitrary<Life> =>
  FastCheck.record({
    ops: FastCheck.array(op, { minLength: 1, maxLength: 25 }),
    end: FastCheck.constantFrom(...ends),
    calls: FastCheck.integer({ min: 1, max: 220 }),
    early: FastCheck.boolean(),
    index: FastCheck.constantFrom("newest", "durable", "durable", "lost")
  })
const histories = (ends: ReadonlyArray<Life["end"]>): FastCheck.Arbitrary<History> =>
  FastCheck.record({ seed: FastCheck.nat(), lives: FastCheck.array(life(ends), { minLength: 1, maxLength: 4 }) })

/** Lives that a kill or an ordered stop ends. */
export const killed = histories(["order", "kill", "kill"])
/** Lives that a power cut may end too. */
export const cut = histories(["order", "kill", "cut", "cut"])

/** Where a history takes place. */
interface Place {
  readonly root: string
  /** The disk of the next life; files of the root are what it holds. */
  readonly disk: KillableDisk | SimulatedDisk
  readonly read: (path: string) => string
  readonly paths: () => ReadonlyArray<string>
  /** Nothing happens on the disk any more. */
  readonly kill: () => Promise<void>
  /** Puts into the root what is left for the next life. */
  readonly leave: (end: Life["end"], dice: () => number) => void
}

const realPlace = (root: string): Place => {
  const disk = new KillableDisk()
  return {
    root,
    disk,
    read: (path) => fs.readFileSync(path, "utf8"),
    paths: () => filesIn(root),
    kill: () => disk.kill(),
    leave: () => undefined
  }
}

const simulatedPlace = (root: string, before: SimulatedDisk | undefined): Place => {
  const disk = before ?? SimulatedDisk.of(root)
  return {
    root,
    disk,
    read: (path) => disk.text(path),
    paths: () => disk.paths(),
    kill: async () => {
      disk.halt()
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    },
    leave: (end, dice) => {
      for (const path of filesIn(root)) if (!/index\.sqlite/.test(path)) fs.rmSync(path)
      if (end === "cut") disk.materialiseCut(root, root, dice)
      else disk.materialiseKilled(root, root)
    }
  }
}

const filesIn = (root: string): ReadonlyArray<string> =>
  fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => join(root, name))
    .filter((path) => fs.statSync(path).isFile())

const isEventFile = (path: string): boolean => /\/site_\d{8}\.ndjson$|\/telemetry\.ndjson$/.test(path)

/** Runs a history; fails with what the model says. Answers how many events were acknowledged. */
export const play = async (history: History, on: "files" | "simulation"): Promise<number> => {
  const root = fs.mkdtempSync(join(tmpdir(), "outpost-history-"))
  fs.mkdirSync(join(root, ".outpost"))
  const dice = randomFrom(history.seed)
  const model = new StoreModel()
  const clock = SetClock.make(Date.UTC(2026, 2, 17, 11, 30))
  let simulated: SimulatedDisk | undefined
  let torn = false
  let rebuilt = false
  try {
    const last: Life = {
      ops: [{ op: "post", events: [{ type: 0, flags: 5, pad: 0 }] }, { op: "wait" }],
      end: "order",
      calls: 0,
      early: false,
      index: "newest"
    }
    for (const current of [...history.lives, last]) {
      const place = on === "files" ? realPlace(root) : simulatedPlace(root, simulated)
      await live(place, current, { model, clock, torn, rebuilt, dice })
      simulated = current.end !== "cut" && place.disk instanceof SimulatedDisk ? place.disk.revived() : undefined
      if (current.end === "cut") torn = true
      rebuilt = current.end === "cut" && current.index === "lost"
    }
    return model.events.filter(({ outcome }) => outcome === "acked").length
  } finally {
    fs.rmSync(root, { recursive: true, force: true })
  }
}

interface Circumstances {
  readonly model: StoreModel
  readonly clock: SetClock.SetClock
  readonly torn: boolean
  readonly rebuilt: boolean
  readonly dice: () => number
}

const live = async (
  place: Place,
  { calls, early, end, index, ops }: Life,
  { clock, dice, model, rebuilt, torn }: Circumstances
) => {
  const { disk, root } = place
  const saved = join(root, ".outpost", "durable")
  const run = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.runPromise(effect.pipe(Effect.withClock(clock.clock), Effect.provide(Logger.remove(Logger.defaultLogger))))
  const scopes = { database: await run(Scope.make()), store: await run(Scope.make()) }
  const state = join(root, ".outpost")
  const recordPath = join(state, "runs.jsonl")
  if (early && end !== "order") disk.dieAt = calls
  const opening = run(
    Effect.gen(function* () {
      const database = yield* Database.make(join(state, "index.sqlite"), SqlIndex.migrations, "test").pipe(
        Scope.extend(scopes.database)
      )
      const opened = yield* TelemetryStore.make(
        {
          ...TelemetryStore.defaults,
          siteDirectory: root,
          systemDirectory: join(state, "system"),
          stateDirectory: state,
          checkpointInterval: "1 hour",
          blockBytes: 4_096,
          zone: DateTime.zoneUnsafeMakeNamed("UTC"),
          disk,
          step: (step) => {
            if (step === "checkpoint.durable") copyIndex(state, saved)
          }
        },
        database
      )
      const context = yield* RunContext.make({ siteDirectory: root, recordPath, allowAbsolute: true, disk }).pipe(
        Effect.provideService(TelemetryStore.TelemetryStore, opened)
      )
      return { runs: context, store: opened }
    }).pipe(Scope.extend(scopes.store))
  )
  const over = async () => {
    await place.kill()
    await new Promise((resolve) => setImmediate(resolve))
    if (end === "cut" && index !== "newest") {
      for (const name of indexFiles(state)) fs.rmSync(join(state, name))
      if (index === "durable" && fs.existsSync(saved))
        for (const name of fs.readdirSync(saved)) fs.copyFileSync(join(saved, name), join(state, name))
    }
    await run(Scope.close(scopes.database, Exit.void))
    void run(Scope.close(scopes.store, Exit.void)).catch(() => undefined)
    model.ended(false)
    place.leave(end, dice)
  }
  const opened = await Promise.race([opening, disk.died])
  if (opened === undefined) return over()
  const { runs, store } = opened

  const files = new Map(
    place
      .paths()
      .filter(isEventFile)
      .map((path) => [path, place.read(path)])
  )
  const active = Option.getOrUndefined(await run(runs.active))
  model.check({
    files,
    current: await run(store.current),
    run: active && { runId: active.run_id, afterSeq: active.after_seq ?? 0 },
    torn,
    rebuilt
  })

  const waiting = new Set<Promise<void>>()
  const begin = <A, E>(effect: Effect.Effect<A, E>, done: (exit: Exit.Exit<A, E>) => void) => {
    const ended = run(Effect.exit(effect)).then((exit) => {
      waiting.delete(ended)
      done(exit)
    })
    waiting.add(ended)
  }
  const settled = () => Promise.race([Promise.all(waiting), disk.died])
  const acted = (id: number) => (exit: Exit.Exit<string, unknown>) => {
    if (Exit.isFailure(exit)) return model.refused(id)
    const { meta, seq } = JSON.parse(exit.value)
    model.acked(id, seq, meta.run_id === undefined ? "site" : "run")
  }

  if (end !== "order" && !early) disk.dieAt = disk.calls + calls
  for (const op of ops) {
    if (disk.isDead) break
    if (op.op === "post") {
      for (const { flags, pad, type } of op.events) {
        const { body, id } = model.send(`t${type}`, flags % 5 !== 0, flags % 4 !== 3, pad)
        begin(store.post(body), acted(id))
      }
    } else if (op.op === "batch") {
      const sent = Array.from({ length: op.count }, () => model.send(`t${op.type}`, true, true, 0))
      const text = Buffer.concat(sent.flatMap(({ body }) => [body, Buffer.from("\n")]))
      begin(store.postLines(Stream.make(text)), (exit) => {
        if (Exit.isFailure(exit)) return sent.forEach(({ id }) => model.refused(id))
        for (const { line } of exit.value.refused) model.refused(sent[line - 1]?.id ?? -1)
        for (const { line, seq } of exit.value.accepted) model.ackedSomewhere(sent[line - 1]?.id ?? -1, seq)
      })
    } else if (op.op === "start" || op.op === "stop") {
      const place = model.ask(op.op)
      const switched: Effect.Effect<Run, { readonly _tag: string }> = op.op === "start" ? runs.start({}) : runs.stop
      begin(Effect.either(switched), (exit) => {
        if (Exit.isFailure(exit)) return
        if (Either.isRight(exit.value)) model.answered(place, op.op === "start" ? exit.value.right.run_id : "none")
        else if (/^(RunAlreadyActive|NoActiveRun)$/.test(exit.value.left._tag)) model.declined(place)
      })
    } else if (op.op === "checkpoint") begin(store.checkpoint, () => undefined)
    else if (op.op === "wait") await settled()
    else if (op.op === "clock") clock.now += op.minutes * 60_000
    else if (op.op === "fault") {
      let left = op.times
      disk.fault = (call) => (call === op.call && left-- > 0 ? { code: op.code, written: op.written } : undefined)
    }
    if (dice() < 0.5) await new Promise((resolve) => setImmediate(resolve))
  }

  if (end === "order") {
    disk.fault = () => undefined
    await settled()
    // Everything refused is cut off before the next record is written.
    const { body, id } = model.send("last", true, true, 0)
    begin(store.post(body), acted(id))
    await settled()
    await run(Scope.close(scopes.store, Exit.void))
    await run(Scope.close(scopes.database, Exit.void))
    model.ended(true)
    place.leave(end, dice)
  } else {
    await settled()
    await over()
  }
}

const indexFiles = (state: string): ReadonlyArray<string> =>
  fs.readdirSync(state).filter((name) => name.startsWith("index.sqlite"))

/** What a power cut leaves of the index at least. */
const copyIndex = (state: string, to: string): void => {
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(to)
  for (const name of indexFiles(state)) if (!name.endsWith("-shm")) fs.copyFileSync(join(state, name), join(to, name))
}
