/** A process that dumps events as fast as the disk takes them, until it is killed: `<path> <bytes of a frame>`. */
import { NodeRuntime } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as DumpWriter from "../../src/ingest/archive/DumpWriter.js"

const [, , path = "", bytes = "1000"] = process.argv

const program = Effect.scoped(
  Effect.gen(function* () {
    const writer = yield* DumpWriter.make({ path, onStopped: (alarm) => Effect.fail(alarm).pipe(Effect.orDie) })
    const streams = [{ name: "cam", typ: "STINS", parts: [Buffer.from("{}"), Buffer.alloc(Number(bytes), 0xd9)] }]
    for (let event = 0; ; event++) {
      while ((yield* writer.status).waitingBytes > 32 * 2 ** 20) yield* Effect.sleep("1 millis")
      writer.offer(event, streams)
      if (event % 50 === 0) yield* Effect.yieldNow()
    }
  })
)

NodeRuntime.runMain(program)
