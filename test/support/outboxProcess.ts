/**
 * A process that puts numbered messages and drains them at the same time, until it is killed: `<directory> <first number>`. It
 * prints `put <n>` behind each that was acknowledged, `sent <n>` when the far side has one, `done <n>` when that is noted.
 */
import { NodeFileSystem, NodeRuntime } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import * as Failpoint from "../../src/app/Failpoint.js"
import { numbered, numberOf, open } from "./OutboxSite.js"

const [, , directory = "", first = "0"] = process.argv
const writers = 8

const tell = (what: string, n: unknown) => Effect.sync(() => void writeSync(1, `${what} ${String(n)}\n`))

const program = Effect.gen(function* () {
  const outbox = yield* open(directory, { step: yield* Failpoint.step })
  yield* outbox.register("office")
  let next = Number(first)
  const put = Effect.suspend(() => {
    const n = next++
    return Effect.zipRight(outbox.put(numbered(n)), tell("put", n))
  })
  const drain = yield* outbox.drain("office")
  const send = Effect.gen(function* () {
    yield* drain.awaitWork
    const messages = yield* drain.take(20)
    for (const message of messages) yield* tell("sent", numberOf(message))
    yield* drain.ack(messages.map(({ id }) => id))
    for (const message of messages) yield* tell("done", numberOf(message))
  })
  yield* Effect.all([...Array.from({ length: writers }, () => Effect.forever(put)), Effect.forever(send)], {
    concurrency: "unbounded"
  })
})

NodeRuntime.runMain(program.pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
