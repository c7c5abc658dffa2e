/**
 * Let it crash, on purpose.
 *
 * A "source" that dies every few readings is put under a supervisor. Watch it come back after each crash, a little later
 * each time; watch a second one, hopeless, be set aside so that the rest runs on.
 *
 *     npx tsx scratchpad/02-supervise-a-flaky-source.ts
 */
import { Console, Effect, Random, Schedule, Stream } from "effect"
import * as ChildSpec from "../src/actor/ChildSpec.js"
import * as Self from "../src/actor/Self.js"
import * as SupervisionTree from "../src/actor/SupervisionTree.js"
import * as Supervisor from "../src/actor/Supervisor.js"

// One life of the source. It opens something, reads until it breaks, and leaves the cleaning up to its scope.
const read = Effect.gen(function* () {
  yield* Effect.acquireRelease(Console.log("  port opened"), () => Console.log("  port closed"))
  for (let n = 1; ; n++) {
    yield* Effect.sleep("60 millis")
    if (n === 4) return yield* Effect.fail({ _tag: "Disconnected", after: n })
    yield* Self.mark // "I made progress": silence for too long would show as degraded
    yield* Console.log(`  reading ${yield* Random.nextIntBetween(0, 100)}`)
  }
})

const flaky = ChildSpec.make({
  id: "flaky",
  run: read,
  backoff: Schedule.exponential("100 millis"),
  progress: { within: "1 second", restart: true }
})

// Dies at once, every time. Three restarts are enough to see that; then it is quarantined instead of taking us down.
const hopeless = ChildSpec.make({
  id: "hopeless",
  run: Effect.dieMessage("no such device"),
  backoff: Schedule.spaced("20 millis"),
  intensity: { maxRestarts: 3, within: "10 seconds" },
  onIntensity: "quarantine"
})

const program = Effect.gen(function* () {
  const tree = yield* SupervisionTree.SupervisionTree
  yield* tree.events.pipe(
    Stream.runForEach((event) => Console.log(`${event.path} ${event.type}${event.reason ? ` (${event.reason})` : ""}`)),
    Effect.forkScoped
  )
  yield* Supervisor.make({ children: [flaky, hopeless] })
  yield* Effect.sleep("1500 millis")
  for (const node of (yield* tree.get).nodes) yield* Console.log(`${node.path || "site"}: ${node.status}`)
}) // leaving the scope stops every child, right to left

Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(SupervisionTree.layer)))
