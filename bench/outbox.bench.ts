/**
 * The outbox: durable puts one after the other against a bare insert with fdatasync, puts from many fibers, whole lists; then
 * put, take and ack with nothing and with 100,000 messages waiting, which must cost the same.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import Database from "better-sqlite3"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { MessageInput } from "../src/domain/Message.js"
import { OutboxSettings } from "../src/outbox/Settings.js"
import * as SqlOutbox from "../src/outbox/SqlOutbox.js"
import { conditions, median, ratio, round, table } from "./support/Report.js"
import { temporary } from "./support/Server.js"

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const single = Number(process.env["BENCH_SINGLE"] ?? 1_000)
const waiting = Number(process.env["BENCH_WAITING"] ?? 100_000)
const fibers = 256
const perFiber = 200

const message: MessageInput = {
  body: { variant: "data", data: { temperature: 19.7, humidity: 81.25, count: 3, station: "roof-3" } }
}
const text = JSON.stringify(message.body)

const open = (directory: string) =>
  SqlOutbox.make({
    path: join(directory, "outbox.sqlite"),
    archive: join(directory, "messages"),
    settings: new OutboxSettings({}),
    revision: Effect.succeed(1),
    notify: () => undefined
  })

/** One insert, one commit, one fdatasync after the other. */
const insertBare = async (directory: string): Promise<number> => {
  const path = join(directory, "bare.sqlite")
  const database = new Database(path)
  database.pragma("journal_mode = wal")
  database.pragma("synchronous = normal")
  database.exec("create table if not exists messages (id integer primary key autoincrement, text text not null)")
  const insert = database.prepare("insert into messages (text) values (?)")
  const wal = fs.openSync(`${path}-wal`, "a")
  const begin = performance.now()
  for (let n = 0; n < single; n++) {
    insert.run(text)
    await new Promise<void>((resolve) => fs.fdatasync(wal, () => resolve()))
  }
  const rate = (single * 1_000) / (performance.now() - begin)
  fs.closeSync(wal)
  database.close()
  return rate
}

/** How many a second. */
const rateOf = <A, E, R>(count: number, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const begin = performance.now()
    yield* work
    return (count * 1_000) / (performance.now() - begin)
  })

const benchPut = Effect.gen(function* () {
  const directory = temporary("outbox")
  const outbox = yield* open(directory)
  yield* outbox.register("office")
  const many = Array.from({ length: fibers })
  const list = Array.from({ length: 1_000 }, () => message)
  const samples = []
  for (let n = 0; n <= rounds; n++) {
    samples.push({
      bare: yield* Effect.promise(() => insertBare(directory)),
      single: yield* rateOf(single, Effect.repeatN(outbox.put(message), single - 1)),
      fibers: yield* rateOf(
        fibers * perFiber,
        Effect.forEach(many, () => Effect.repeatN(outbox.put(message), perFiber - 1), {
          concurrency: "unbounded",
          discard: true
        })
      ),
      list: yield* rateOf(20_000, Effect.repeatN(outbox.putAll(list), 19))
    })
    yield* outbox.retain([])
    yield* outbox.register("office")
  }
  const measured = samples.slice(1)
  const row = (writer: string, rates: ReadonlyArray<number>) => ({
    writer,
    "messages/s": round(median(rates)),
    ratio: ratio(median(measured.map(({ bare }, n) => (rates[n] ?? NaN) / bare)))
  })
  console.log(`durable puts of ${text.length} B; ${conditions(directory)}; ${rounds} rounds`)
  table([
    row(
      "bare insert + fdatasync, one after the other",
      measured.map(({ bare }) => bare)
    ),
    row(
      "put, one after the other",
      measured.map((sample) => sample.single)
    ),
    row(
      `put from ${fibers} fibers`,
      measured.map((sample) => sample.fibers)
    ),
    row(
      "putAll of 1,000",
      measured.map((sample) => sample.list)
    )
  ])
}).pipe(Effect.scoped)

/** Microseconds each of a put, a take of 50 and an ack of 50. */
const costs = Effect.gen(function* () {
  const directory = temporary("outbox-waiting")
  const outbox = yield* open(directory)
  yield* outbox.register("office")
  const list = Array.from({ length: 1_000 }, () => message)
  const measure = Effect.gen(function* () {
    const drain = yield* outbox.drain("office")
    const puts = yield* rateOf(500, Effect.repeatN(outbox.put(message), 499))
    const samples = { take: [] as Array<number>, ack: [] as Array<number> }
    for (let n = 0; n < 10; n++) {
      const begin = performance.now()
      const messages = yield* drain.take(50)
      const taken = performance.now()
      yield* drain.ack(messages.map(({ id }) => id))
      samples.take.push(taken - begin)
      samples.ack.push(performance.now() - taken)
    }
    return { put: 1e6 / puts, take: median(samples.take) * 1e3, ack: median(samples.ack) * 1e3 }
  }).pipe(Effect.scoped)
  yield* measure
  const rows = []
  for (const [what, more] of [
    ["nothing", 0],
    [`${waiting}`, waiting]
  ] as const) {
    yield* outbox.retain([])
    yield* outbox.register("office")
    yield* Effect.repeatN(outbox.putAll(list), Math.max(0, more / 1_000 - 1)).pipe(Effect.when(() => more > 0))
    const { ack, put, take } = yield* measure
    rows.push({ waiting: what, "put µs": round(put), "take 50 µs": round(take), "ack 50 µs": round(ack) })
  }
  console.log(`\nmedian cost with messages waiting; ${conditions(directory)}`)
  table(rows)
  const { delivered, left } = yield* Effect.scoped(
    Effect.gen(function* () {
      const drain = yield* outbox.drain("office")
      const before = yield* drain.waiting
      const delivered = yield* rateOf(
        before,
        drain.take(200).pipe(
          Effect.tap((messages) => drain.ack(messages.map(({ id }) => id))),
          Effect.repeat({ until: (messages) => messages.length === 0 })
        )
      )
      return { delivered, left: yield* drain.waiting }
    })
  )
  console.log(`\ndrained 200 at a time: ${round(delivered)} messages/s, ${left} left`)
}).pipe(Effect.scoped)

await Effect.runPromise(Effect.zipRight(benchPut, costs).pipe(Effect.provide(NodeFileSystem.layer)))
