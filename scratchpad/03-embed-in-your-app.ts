/**
 * Outpost inside your own program: a site on a directory, its server on a port, and a child of yours in its tree.
 *
 *     npx tsx scratchpad/03-embed-in-your-app.ts
 *
 * In a program of yours the imports are `from "outpost/app/Embedded"` and so on.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ChildSpec from "../src/actor/ChildSpec.js"
import * as Self from "../src/actor/Self.js"
import * as Embedded from "../src/app/Embedded.js"
import { EventFilter } from "../src/domain/EventQuery.js"
import { RunOperations } from "../src/operations/RunOperations.js"
import { TelemetryOperations } from "../src/operations/TelemetryOperations.js"

// Your instrument: one life reads until it is stopped. Each event is on disk before the next is taken.
const instrument = Effect.gen(function* () {
  const telemetry = yield* TelemetryOperations
  for (let n = 1; ; n++) {
    yield* telemetry.post(JSON.stringify({ type: "photometer", data: { n, mag: 21.5 + n / 100 } }))
    yield* Self.mark // progress: silence for longer than it says would show as degraded
    yield* Effect.sleep("100 millis")
  }
})

const program = Effect.gen(function* () {
  const { supervisor, url } = yield* Embedded.Station
  const runs = yield* RunOperations
  const telemetry = yield* TelemetryOperations

  const { run_id } = yield* runs.start({ metaJson: '{"field":"M42"}' })
  yield* supervisor.add(
    ChildSpec.make({ id: "photometer", run: instrument, progress: { within: "5 seconds", restart: true } })
  )
  yield* Console.log(`run ${run_id}, watched at ${url}`)

  // The first five as they become durable, then the same over HTTP: it is one store.
  yield* telemetry.tail(new EventFilter({ run: run_id }), {}).pipe(
    Stream.take(5),
    Stream.runForEach(({ line }) => Console.log(line))
  )
  yield* Console.log(yield* Effect.promise(() => fetch(`${url}/current/photometer`).then((answer) => answer.text())))
  const { last_seq } = yield* runs.stop
  yield* Console.log(`stopped with ${last_seq} events`)
}) // leaving the scope stops the photometer, then the server, then closes the store

const directory = mkdtempSync(join(tmpdir(), "outpost-embedded-"))
const site = Embedded.layer({ directory, port: 0 })

await Effect.runPromise(program.pipe(Effect.provide(site), Effect.provide(NodeContext.layer)))
rmSync(directory, { recursive: true })
