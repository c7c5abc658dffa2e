/** A durable stream of numbered trades in a process of its own, to be killed: prints the number up to which rows counted. */
import * as Effect from "effect/Effect"
import { MemoryDataset } from "../../support/MemoryDataset.js"
import { ScriptedSockets } from "../../support/ScriptedSockets.js"
import { ToyFeed } from "../../support/ToyFeed.js"
import * as Collecting from "./Collecting.js"

const [directory = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const sockets = new ScriptedSockets()
  const dataset = new MemoryDataset()
  // Nothing but the journal survives: what is written counts for nothing here.
  dataset.full = true
  const collecting = yield* Collecting.open({ sockets: sockets.layer, feeds: [ToyFeed], dataset, directory })
  const jobs = [{ exchange: "toy", pairs: ["BTC/USDT"], channels: ["trades"], time_step: 0.05, durable: true }]
  yield* collecting.collectors.reconcile({ jobs, settings: () => ({}) }, { idle: false })
  yield* Collecting.until("connected", () => sockets.connections.length > 0)
  for (let n = 1; ; n++) {
    yield* sockets.last.say({ t: [n] })
    // A message is read only when the rows of the one before are kept.
    while ((yield* Collecting.statusOf(collecting)).messages < n) yield* Effect.sleep("1 millis")
    process.stdout.write(`${n - 1}\n`)
  }
})

void Effect.runPromise(Effect.scoped(program))
