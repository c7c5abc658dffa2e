/**
 * What procedures cost: 1,000 that tick each second, the start and the stop of all of them, the restart of one that crashes
 * (its back-off aside), and ten idle ones beside ten processes of Python, the way of one process for each procedure.
 *
 *     npm run bench -- procedures
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { DateTime, Effect, Option, Schema } from "effect"
import * as NestedSupervisor from "../src/actor/NestedSupervisor.js"
import * as Supervisor from "../src/actor/Supervisor.js"
import * as SupervisionTree from "../src/actor/SupervisionTree.js"
import { Emitter, make, ProcedureError } from "../src/procedure/Procedure.js"
import * as Procedures from "../src/procedure/Procedures.js"
import { ProcedureLimits, ProcedureSettings } from "../src/procedure/Settings.js"
import { DurationText } from "../src/site/Setting.js"
import * as ProcedureGround from "../test/support/ProcedureGround.js"
import { median } from "./support/Report.js"

const count = 1_000
const seconds = Number(process.argv[2] ?? 10)
const megabytes = () => process.memoryUsage.rss() / 2 ** 20
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

let ticks = 0
let crashedAt = 0
const restarts: Array<number> = []

const available = [
  make({
    name: "tick",
    description: "Counts and emits nothing",
    settings: Schema.Struct({}),
    prepare: () => Effect.succeed(Effect.sync(() => void ticks++))
  }),
  make({
    name: "crash",
    description: "Crashes at each run",
    settings: Schema.Struct({}),
    prepare: () =>
      Effect.sync(() => {
        if (crashedAt > 0) restarts.push(performance.now() - crashedAt)
        return Effect.zipRight(
          Effect.sync(() => void (crashedAt = performance.now())),
          Effect.flatMap(
            Emitter,
            () => new ProcedureError({ procedure: "crash", reason: "Failed", detail: "on purpose" })
          )
        )
      })
  })
]

const every = (text: string) => Option.some(Schema.decodeSync(DurationText)(text))
const entries = (names: number, use: string, more: object = {}) =>
  Object.fromEntries(
    Array.from({ length: names }, (_, n) => [`p${n}`, new ProcedureSettings({ use: Option.some(use), ...more })])
  )

const engine = Effect.gen(function* () {
  const root = yield* Supervisor.make({})
  const supervisor = yield* NestedSupervisor.nest(root, "procedures", {})
  return yield* Procedures.make({
    supervisor,
    available,
    directory: "/tmp",
    environment: {},
    siteMark: "bench",
    zone: DateTime.zoneMakeOffset(0)
  })
})

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const begin = performance.now()
  return Effect.map(effect, () => performance.now() - begin)
}

const thousand = Effect.scoped(
  Effect.gen(function* () {
    const procedures = yield* engine
    const started = yield* timed(procedures.reconcile(entries(count, "tick", { every: every("1s") }), { idle: false }))
    yield* Effect.sleep("2 seconds")
    const [before, ticked, from] = [process.cpuUsage(), ticks, performance.now()]
    yield* Effect.sleep(`${seconds} seconds`)
    const { system, user } = process.cpuUsage(before)
    const percent = (user + system) / 10 / (performance.now() - from)
    const tree = yield* SupervisionTree.SupervisionTree
    if ((yield* tree.get).nodes.some(({ status }) => status !== "ready")) yield* Effect.dieMessage("not all are ready")
    const rss = megabytes()
    const stopped = yield* timed(procedures.reconcile({}, { idle: false }))
    return { started, percent, rate: (ticks - ticked) / seconds, rss, stopped }
  })
).pipe(Effect.provide(ProcedureGround.layer))

/** From a failure to the next life's beginning, less the wait that its node names. */
const crashing = Effect.scoped(
  Effect.gen(function* () {
    const procedures = yield* engine
    const tree = yield* SupervisionTree.SupervisionTree
    const limits = new ProcedureLimits({ restarts: 1_000 })
    const waits: Array<number> = []
    yield* procedures.reconcile(entries(1, "crash", { every: every("1s"), limits }), { idle: false })
    while (restarts.length < 4) {
      const { since, status, until } = yield* tree.node("procedures/p0")
      if (status === "backing-off" && until !== undefined && waits.length === restarts.length)
        waits.push(DateTime.toEpochMillis(until) - DateTime.toEpochMillis(since))
      yield* Effect.sleep("5 millis")
    }
    return restarts.map((took, n) => took - (waits[n] ?? 0))
  })
).pipe(Effect.provide(ProcedureGround.layer))

const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024

/** Ten processes that import what a measurement in Python does, and wait. */
const tenProcesses = async () => {
  const begin = performance.now()
  const children = Array.from({ length: 10 }, () =>
    spawn("python3", ["-c", "import asyncio, json, sqlite3, urllib.request; print('up', flush=True); input()"], {
      stdio: ["pipe", "pipe", "inherit"]
    })
  )
  await Promise.all(children.map((child) => new Promise((resolve) => child.stdout.once("data", resolve))))
  const start = performance.now() - begin
  const rss = children.reduce((sum, { pid }) => sum + residentOf(pid ?? 0), 0)
  for (const child of children) child.stdin.end("\n")
  return { start, rss }
}

const tenFibers = Effect.scoped(
  Effect.gen(function* () {
    const procedures = yield* engine
    const before = megabytes()
    const start = yield* timed(procedures.reconcile(entries(10, "tick", { every: every("1h") }), { idle: false }))
    return { start, rss: megabytes() - before }
  })
).pipe(Effect.provide(ProcedureGround.layer))

const print = (name: string, value: number, unit: string, note = "") =>
  console.log(`${name.padEnd(52)} ${value.toFixed(value < 100 ? 1 : 0).padStart(8)} ${unit.padEnd(7)} ${note}`)

const program = Effect.gen(function* () {
  const bare = megabytes()
  const fibers = yield* tenFibers
  const processes = yield* Effect.promise(tenProcesses)
  const all = yield* thousand
  print(`${count} procedures, a tick a second: CPU`, all.percent, "% core", `limit 30; ${all.rate.toFixed(0)} ticks/s`)
  print(`${count} procedures: memory of the process`, all.rss, "MiB", `limit 300; ${bare.toFixed(0)} before any`)
  print(`start of ${count}`, all.started, "ms", "limit 5,000")
  print(`stop of ${count}`, all.stopped, "ms", "limit 5,000")
  print("crash to next life, its back-off aside: median", median(yield* crashing), "ms", "limit 5")
  print("ten idle procedures: memory", fibers.rss, "MiB", `ten processes of Python: ${processes.rss.toFixed(0)} MiB`)
  print("ten idle procedures: start", fibers.start, "ms", `ten processes of Python: ${processes.start.toFixed(0)} ms`)
  yield* Effect.promise(() => pause(0))
})

Effect.runPromise(program).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  }
)
