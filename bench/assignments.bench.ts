/**
 * Assignments from a controller to an ingester through a Redis of this benchmark's own, one entry of the log for each
 * assignment: written and read in turn, one round trip after the other, and through the ensemble, where what is in flight
 * shares round trips. Keys and payloads are the same. `BENCH_ASSIGNMENTS` (default 40,000), `BENCH_ROUNDS` (default 5).
 */
import { createClient } from "@redis/client"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { loadavg } from "node:os"
import { AssignmentLog } from "../src/assignment/AssignmentLog.js"
import * as InProcessEnsemble from "../src/assignment/InProcessEnsemble.js"
import * as RedisEnsemble from "../src/assignment/RedisEnsemble.js"
import { MappingId, type WorkAssignment } from "../src/assignment/WorkAssignment.js"
import * as RedisServer from "../test/support/RedisServer.js"
import { median, ratio, round, table } from "./support/Report.js"

const total = Number(process.env["BENCH_ASSIGNMENTS"] ?? 40_000)
const serialTotal = Math.max(1, Math.floor(total / 10))
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
/** What the field's own implementation is known for, for each chain. */
const reference = 1_200

const assignment = (event_number: number): WorkAssignment => ({ event_number, assignments: { eiger: ["w1", "w2"] } })
const newMapping = () => Schema.decodeSync(MappingId)(randomUUID())

const perSecond = (count: number, begin: number) => (count * 1_000) / (performance.now() - begin)

const serial = async (url: string): Promise<number> => {
  const [writer, reader] = [createClient({ url, RESP: 3 }), createClient({ url, RESP: 3 })]
  await Promise.all([writer.connect(), reader.connect()])
  const key = `dranspose:assigned:${newMapping()}`
  let last = "0"
  const begin = performance.now()
  for (let k = 0; k < serialTotal; k++) {
    await writer.sendCommand(["XADD", key, "*", "data", JSON.stringify([assignment(k)])])
    const answer = await reader.sendCommand<Record<string, ReadonlyArray<[string, ReadonlyArray<string>]>>>([
      "XREAD",
      "BLOCK",
      "1000",
      "COUNT",
      "1",
      "STREAMS",
      key,
      last
    ])
    const entry = answer[key]?.[0]
    JSON.parse(entry?.[1][1] ?? "")
    last = entry?.[0] ?? last
  }
  const rate = perSecond(serialTotal, begin)
  await writer.sendCommand(["DEL", key])
  writer.destroy()
  reader.destroy()
  return rate
}

/** `size` assignments in each entry of the log. */
const through = (size: number) =>
  Effect.gen(function* () {
    const log = yield* AssignmentLog
    const mapping = newMapping()
    const reader = yield* Effect.fork(Stream.runCount(Stream.take(log.read(mapping), total)))
    const entries = Array.from({ length: Math.ceil(total / size) }, (_, k) =>
      Array.from({ length: Math.min(size, total - k * size) }, (_, i) => assignment(k * size + i))
    )
    const begin = performance.now()
    yield* Effect.forEach(entries, (entry) => log.append(mapping, entry), { concurrency: 1_000, discard: true })
    yield* Fiber.join(reader)
    const rate = perSecond(total, begin)
    yield* log.remove(mapping)
    return rate
  })

const program = Effect.gen(function* () {
  const server = yield* RedisServer.make
  const redis = RedisEnsemble.layerWith(server.settings)
  const samples = { serial: [0], single: [0], ten: [0], within: [0] }
  for (const list of Object.values(samples)) list.pop()
  const measure = Effect.gen(function* () {
    samples.serial.push(yield* Effect.promise(() => serial(server.url)))
    samples.single.push(yield* through(1))
    samples.ten.push(yield* through(10))
    samples.within.push(yield* Effect.provide(through(1), InProcessEnsemble.layer))
  })
  yield* Effect.repeatN(measure, rounds - 1).pipe(Effect.provide(redis))
  const base = median(samples.serial)
  const row = (what: string, rates: ReadonlyArray<number>) => ({
    what,
    "assignments/s": round(median(rates)),
    "of serial": ratio(median(rates) / base),
    "of 1,200/s": ratio(median(rates) / reference)
  })
  console.log(
    `${total} assignments, ${rounds} rounds, load average ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`
  )
  table([
    row("one XADD and one XREAD in turn", samples.serial),
    row("RedisEnsemble, one in each entry", samples.single),
    row("RedisEnsemble, ten in each entry", samples.ten),
    row("InProcessEnsemble, one in each entry", samples.within)
  ])
}).pipe(Effect.scoped)

await Effect.runPromise(program)
