/** Rows from the venue to the dataset: when they are written, what is kept when that fails, what a stop and a kill leave. */
import { assert, describe, it } from "@effect/vitest"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { type LiveTuning, usual } from "../../../src/backfill/live/LiveTuning.js"
import { MemoryDataset } from "../../support/MemoryDataset.js"
import { ScriptedSockets, settle } from "../../support/ScriptedSockets.js"
import { temporaryDirectory } from "../../support/Store.js"
import { ToyFeed, tradeOf } from "../../support/ToyFeed.js"
import * as Collecting from "./Collecting.js"

const trades = "toy/trades/BTC-USDT"
const pass = (duration: Duration.DurationInput) => Effect.zipRight(TestClock.adjust(duration), settle)

const begin = (
  options: {
    readonly channels?: ReadonlyArray<string>
    readonly tuning?: Partial<LiveTuning>
    readonly dataset?: MemoryDataset
    readonly directory?: string
  } = {}
) =>
  Effect.gen(function* () {
    const { channels = ["trades"], dataset = new MemoryDataset(), directory } = options
    const sockets = new ScriptedSockets()
    const collecting = yield* Collecting.open({
      sockets: sockets.layer,
      feeds: [ToyFeed],
      dataset,
      tuning: { ...usual, ...options.tuning },
      ...(directory === undefined ? {} : { directory })
    })
    const jobs = [{ exchange: "toy", pairs: ["BTC/USDT"], channels, time_step: 60, durable: directory !== undefined }]
    yield* collecting.collectors.reconcile({ jobs, settings: () => ({}) }, { idle: false })
    yield* Effect.promise(() => waitFor(() => sockets.connections.length > 0))
    yield* settle
    return { sockets, collecting, dataset }
  })

const ids = (dataset: MemoryDataset) => dataset.rows(trades).map(({ tid }) => Number(tid))

describe("writing", () => {
  it.scoped("happens every time step, and tells of it", () =>
    Effect.gen(function* () {
      const { collecting, dataset, sockets } = yield* begin()
      yield* sockets.last.say({ t: [1, 2] })
      yield* pass("59 seconds")
      assert.deepStrictEqual(ids(dataset), [])
      yield* pass("1 second")
      assert.deepStrictEqual(dataset.rows(trades), [tradeOf(1), tradeOf(2)])
      yield* pass("1 minute")
      assert.deepStrictEqual(collecting.succeeded, [2, 0])
      assert.strictEqual((yield* Collecting.statusOf(collecting)).rows, 2)
      assert.strictEqual(dataset.writes, 1)
    })
  )

  it.scoped("happens before that when there is much to write", () =>
    Effect.gen(function* () {
      const { dataset, sockets } = yield* begin({ tuning: { flushRows: 3 } })
      yield* sockets.last.say({ t: [1, 2] })
      assert.deepStrictEqual(ids(dataset), [])
      yield* sockets.last.say({ t: [3] })
      assert.deepStrictEqual(ids(dataset), [1, 2, 3])
    })
  )

  it.scoped("merges no oftener than costs a twentieth of the time, but leaves parts that are durable", () =>
    Effect.gen(function* () {
      const slow = new MemoryDataset()
      slow.mergeTakes = "30 seconds"
      const { dataset, sockets } = yield* begin({ dataset: slow })
      yield* sockets.last.say({ ok: "trades" })
      for (let n = 1; n <= 10; n++) {
        yield* sockets.last.say({ t: [n] })
        yield* pass("1 minute")
      }
      assert.strictEqual(ids(dataset).length, 10)
      assert.strictEqual(dataset.merges, 1)
      slow.mergeTakes = 0
    })
  )
})

describe("dccd weak point 5: trades and books mix into one store", () => {
  it.scoped("each has a series of its own, and no trade of one moment and no level of one book is lost", () =>
    Effect.gen(function* () {
      const { dataset, sockets } = yield* begin({ channels: ["trades", "book"] })
      yield* sockets.last.say({ t: [1, 2, 3] }, { book: [10, 11], snap: true })
      yield* pass("1 minute")
      assert.deepStrictEqual(ids(dataset), [1, 2, 3])
      const book = dataset.rows("toy/orderbook/BTC-USDT")
      assert.deepStrictEqual(
        book.map(({ price, side, TS }) => ({ price, side, TS })),
        [
          { price: 10, side: "bid", TS: 60_000_000_000n },
          { price: 11, side: "ask", TS: 60_000_000_000n }
        ]
      )
    })
  )
})

describe("a disk that does not take rows", () => {
  it.scoped("loses none: they are written, in order, when it does", () =>
    Effect.gen(function* () {
      const { collecting, dataset, sockets } = yield* begin()
      yield* sockets.last.say({ t: [1] })
      dataset.full = true
      yield* pass("1 minute")
      assert.include((yield* Collecting.statusOf(collecting)).error ?? "", "ENOSPC")
      assert.deepStrictEqual(collecting.covered, [])
      yield* sockets.last.say({ t: [2] })
      yield* pass("1 minute")
      assert.isAtLeast(collecting.failed.length, 2)
      dataset.full = false
      yield* sockets.last.say({ t: [3] })
      yield* pass("1 minute")
      assert.deepStrictEqual(ids(dataset), [1, 2, 3])
      assert.isAbove(collecting.covered.length, 0)
      assert.strictEqual(collecting.covered[0]?.range.start, 0)
    })
  )

  it.scoped("makes the venue wait when too much waits already", () =>
    Effect.gen(function* () {
      const { collecting, dataset, sockets } = yield* begin({ tuning: { flushRows: 2, maxRows: 4 } })
      dataset.full = true
      yield* sockets.last.say({ t: [1, 2] })
      yield* sockets.last.say({ t: [3, 4] })
      yield* sockets.last.say({ t: [5] })
      yield* sockets.last.say({ t: [6] })
      yield* sockets.last.say({ t: [7] })
      const { messages } = yield* Collecting.statusOf(collecting)
      assert.isBelow(messages, 5)
      dataset.full = false
      yield* pass("3 seconds")
      yield* pass("1 minute")
      assert.deepStrictEqual(ids(dataset), [1, 2, 3, 4, 5, 6, 7])
    })
  )
})

describe("dccd weak point 16: up to a step of data is lost at a stop", () => {
  it.scoped("a stop writes what there is, closes the connection, and says stopped", () =>
    Effect.gen(function* () {
      const { collecting, dataset, sockets } = yield* begin()
      yield* sockets.last.say({ t: [1] })
      const answer = yield* collecting.collectors.stop({ exchange: "toy", pair: "BTC/USDT", channels: ["trades"] })
      assert.deepStrictEqual(answer, { key: "toy_BTC_USDT_trades", wasRunning: true })
      assert.deepStrictEqual(ids(dataset), [1])
      assert.strictEqual(dataset.parts.get(trades)?.length, 0)
      assert.isTrue(sockets.last.closed)
      const status = yield* Collecting.statusOf(collecting)
      assert.strictEqual(status.state, "stopped")
      assert.isFalse(status.running)
    })
  )

  it.live("a stop is not held up by a disk that hangs for longer than the shutdown time", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const dataset = new MemoryDataset()
      const { sockets } = yield* Scope.extend(begin({ dataset, tuning: { shutdown: Duration.millis(200) } }), scope)
      yield* sockets.last.say({ t: [1] })
      dataset.hangs = true
      yield* Scope.close(scope, Exit.void)
    })
  )
})

describe("durable: true", () => {
  const life = <A>(
    directory: string,
    dataset: MemoryDataset,
    use: (begun: Effect.Effect.Success<ReturnType<typeof begin>>) => Effect.Effect<A>
  ) => Effect.scoped(Effect.flatMap(begin({ directory, dataset }), use))
  const files = (directory: string) =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ndjson"))

  it.scoped("keeps rows on the disk until they are written, and no longer", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const dataset = new MemoryDataset()
      dataset.full = true
      yield* life(directory, dataset, ({ sockets }) =>
        Effect.zipRight(
          sockets.last.say({ t: [1, 2] }, { t: [3] }),
          Effect.promise(() => waitFor(() => files(directory).length === 1))
        )
      )
      assert.deepStrictEqual(ids(dataset), [])
      dataset.full = false
      yield* life(directory, dataset, () => Effect.promise(() => waitFor(() => ids(dataset).length > 0)))
      assert.deepStrictEqual(dataset.rows(trades), [1, 2, 3].map(tradeOf))
      assert.deepStrictEqual(files(directory), [])
    })
  )

  it.scoped("passes over a line that was half written", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const dataset = new MemoryDataset()
      dataset.full = true
      yield* life(directory, dataset, ({ sockets }) =>
        Effect.zipRight(
          sockets.last.say({ t: [1] }),
          Effect.promise(() => waitFor(() => files(directory).length === 1))
        )
      )
      const [file = ""] = files(directory)
      appendFileSync(join(directory, file), `{"channel":"trades","rows":[{"TS":["20`)
      dataset.full = false
      yield* life(directory, dataset, () => Effect.promise(() => waitFor(() => ids(dataset).length > 0)))
      assert.deepStrictEqual(ids(dataset), [1])
    })
  )

  it.scopedLive(
    "kill -9 loses no row that counted",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const child = yield* Effect.acquireRelease(
          Effect.sync((): ChildProcess =>
            spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "durableLife.ts"), directory], {
              stdio: ["ignore", "pipe", "inherit"]
            })
          ),
          (running) => Effect.sync(() => running.kill("SIGKILL"))
        )
        let counted = 0
        child.stdout?.on("data", (text) => {
          counted = Math.max(counted, ...String(text).trim().split("\n").map(Number))
        })
        yield* Collecting.until("a hundred rows counted", () => counted > 100)
        child.kill("SIGKILL")
        yield* Collecting.until("it is gone", () => child.signalCode !== null)
        const last = counted
        const fs = yield* FileSystem.FileSystem
        assert.isAbove((yield* fs.readDirectory(join(directory, "toy_BTC_USDT_trades"))).length, 0)
        const dataset = new MemoryDataset()
        yield* life(directory, dataset, () => Effect.promise(() => waitFor(() => ids(dataset).length > 0)))
        const found = ids(dataset)
        assert.isAtLeast(found.length, last)
        assert.deepStrictEqual(
          found,
          found.map((_, n) => n + 1)
        )
      }).pipe(Effect.provide(NodeContext.layer)),
    60_000
  )
})

const waitFor = async (holds: () => boolean) => {
  for (let n = 0; n < 500 && !holds(); n++) await new Promise((resolve) => setTimeout(resolve, 10))
}
