/**
 * What supervision costs: 1,000 children that tick once a second beside the same number of bare fibers, the time from a
 * crash to the next life, and requests answered per second by a mailbox actor.
 *
 *     npx tsx bench/supervisor.bench.ts [seconds per measurement]
 */
import { Deferred, Effect, Schema } from "effect"
import { none } from "../src/actor/Backoff.js"
import * as ChildSpec from "../src/actor/ChildSpec.js"
import * as Mailbox from "../src/actor/Mailbox.js"
import * as Self from "../src/actor/Self.js"
import * as SupervisionTree from "../src/actor/SupervisionTree.js"
import * as Supervisor from "../src/actor/Supervisor.js"

const count = 1_000
const seconds = Number(process.argv[2] ?? 10)

/** Percent of one core that this process uses while it lets `seconds` go by. */
const cpuPercent = Effect.gen(function* () {
  yield* Effect.sleep("1 second")
  const before = process.cpuUsage()
  const from = performance.now()
  yield* Effect.sleep(`${seconds} seconds`)
  const { system, user } = process.cpuUsage(before)
  return (user + system) / 10 / (performance.now() - from)
})

const bare = Effect.scoped(
  Effect.gen(function* () {
    let ticks = 0
    const tick = Effect.forever(
      Effect.zipRight(
        Effect.sync(() => ticks++),
        Effect.sleep("1 second")
      )
    )
    for (let n = 0; n < count; n++) yield* Effect.forkScoped(tick)
    return yield* cpuPercent
  })
)

const supervised = Effect.scoped(
  Effect.gen(function* () {
    const tick = Effect.flatMap(Self.Self, (self) =>
      Effect.forever(Effect.zipRight(self.mark, Effect.sleep("1 second")))
    )
    const from = performance.now()
    yield* Supervisor.make({
      children: Array.from({ length: count }, (_, n) =>
        ChildSpec.make({ id: `child-${n}`, run: tick, progress: { within: "10 seconds", restart: true } })
      )
    })
    const startMillis = performance.now() - from
    const percent = yield* cpuPercent
    const tree = yield* SupervisionTree.SupervisionTree
    const asked = performance.now()
    const { nodes } = yield* tree.get
    const pictureMillis = performance.now() - asked
    if (nodes.some((node) => node.status !== "ready")) return yield* Effect.dieMessage("not all children are ready")
    return { percent, startMillis, pictureMillis }
  })
).pipe(Effect.provide(SupervisionTree.layer))

const restartMicros = Effect.scoped(
  Effect.gen(function* () {
    const rounds = 2_000
    const times: Array<number> = []
    const done = yield* Deferred.make<void>()
    let crashedAt = 0
    const run = Effect.suspend(() => {
      if (crashedAt > 0) times.push((performance.now() - crashedAt) * 1_000)
      if (times.length === rounds) return Effect.zipRight(Deferred.succeed(done, undefined), Effect.never)
      crashedAt = performance.now()
      return Effect.dieMessage("crash")
    })
    const intensity = { maxRestarts: rounds * 2, within: "1 hour" } as const
    yield* Supervisor.make({ children: [ChildSpec.make({ id: "crashing", run, backoff: none, intensity })] })
    yield* Deferred.await(done)
    times.sort((a, b) => a - b)
    return { median: times[rounds / 2] ?? 0, p99: times[Math.floor(rounds * 0.99)] ?? 0 }
  })
).pipe(Effect.provide(SupervisionTree.layer))

class Add extends Schema.TaggedRequest<Add>()("Add", {
  payload: { by: Schema.Number },
  success: Schema.Number,
  failure: Schema.Never
}) {}

const asksPerSecond = (askers: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const rounds = 100_000
      const mailbox = yield* Mailbox.make<Add>({ name: "counter", capacity: 256 })
      const behavior = { Add: ({ by }: Add, total: number) => Effect.succeed(Mailbox.answer(total + by, total + by)) }
      yield* Effect.forkScoped(Mailbox.serve(mailbox, { initial: Effect.succeed(0), behavior }))
      const request = new Add({ by: 1 })
      const ask = Effect.repeatN(mailbox.ask(request), rounds / askers - 1)
      yield* Effect.repeatN(mailbox.ask(request), 5_000)
      const from = performance.now()
      yield* Effect.all(
        Array.from({ length: askers }, () => ask),
        { concurrency: "unbounded", discard: true }
      )
      return rounds / ((performance.now() - from) / 1_000)
    })
  )

const print = (name: string, value: number, unit: string, note = "") =>
  console.log(`${name.padEnd(44)} ${value.toFixed(value < 100 ? 1 : 0).padStart(9)} ${unit.padEnd(6)} ${note}`)

const program = Effect.gen(function* () {
  const plain = yield* bare
  const { percent, pictureMillis, startMillis } = yield* supervised
  print(`${count} bare fibers, a tick a second`, plain, "% core")
  print(`${count} supervised, marking progress`, percent, "% core", `${(percent / plain).toFixed(2)}x bare; limit 15`)
  print(`start of ${count} supervised`, startMillis, "ms")
  print(`one picture of ${count + 1} nodes`, pictureMillis, "ms")
  const restart = yield* restartMicros
  print("crash to next life, no back-off: median", restart.median, "us", `p99 ${restart.p99.toFixed(0)}`)
  print("asks answered, 1 asker", yield* asksPerSecond(1), "/s")
  print("asks answered, 32 askers", yield* asksPerSecond(32), "/s")
})

Effect.runPromise(program)
