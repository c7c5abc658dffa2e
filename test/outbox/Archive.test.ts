/** The archive's files: ivy's form byte for byte, one a day, whole after a crash. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Schema, Stream, TestClock } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as ArchiveLine from "../../src/outbox/ArchiveLine.js"
import { archiveText, drainAll, numbered, numberOf, open } from "../support/OutboxSite.js"
import { temporaryDirectory } from "../support/Store.js"

const noon = Date.UTC(2026, 10, 21, 12)
const day = 86_400_000

/** What an outbox finds archived. */
const archivedIn = (directory: string) =>
  Effect.scoped(
    Effect.flatMap(open(directory), (outbox) =>
      Effect.map(Stream.runCollect(outbox.archived({})), (lines) => [...lines].map(numberOf))
    )
  )

describe("a line of the archive", () => {
  const capture = join(import.meta.dirname, "../../../shared/fixtures/ivy/message_archive_example.csv")

  it.skipIf(!fs.existsSync(capture))("is read and written as ivy writes it, byte for byte", () => {
    const [head, ...lines] = fs.readFileSync(capture, "utf8").trimEnd().split("\n")
    assert.strictEqual(`${head}\n`, ArchiveLine.header)
    assert.isAbove(lines.length, 5)
    for (const line of lines) {
      const { text, timestamp } = Either.getOrThrowWith(ArchiveLine.decode(line), (reason) => new Error(reason))
      assert.strictEqual(ArchiveLine.encode(timestamp, text), `${line}\n`)
    }
  })

  it("names a whole second as Python writes a float", () => {
    assert.strictEqual(ArchiveLine.encode(1_795_304_058, "{}"), '1795304058.0,"{}"\n')
  })

  it.prop("comes back as it was, whatever stands in it", { text: Schema.String }, ({ text }) => {
    const body = JSON.stringify({ variant: "data", data: { text } })
    const line = ArchiveLine.encode(1.5, body)
    assert.strictEqual(line.indexOf("\n"), line.length - 1)
    assert.strictEqual(Either.getOrThrow(ArchiveLine.decode(line.slice(0, -1))).text, body)
  })
})

describe("the archive", () => {
  it.scoped("ivy 12: archive round-trip of 6 messages", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const outbox = yield* open(directory)
      const bodies = [
        { variant: "data", data: { a: 1, b: 'x,"y"\n' } },
        { variant: "data", data: {} },
        { variant: "log", level: "ERROR", subject: "s", body: "é ☃ 😀" },
        { variant: "log", level: "DEBUG", subject: "", body: "" },
        { variant: "config", status: "accepted", config: { general: { config_revision: 1 } } },
        { variant: "config", status: "startup", config: {} }
      ] as const
      yield* outbox.putAll(bodies.map((body) => ({ body })))
      const lines = yield* Stream.runCollect(outbox.archived({}))
      assert.deepStrictEqual(
        [...lines].map(({ body }) => body),
        [...bodies]
      )
      const times = [...lines].map(({ timestamp }) => timestamp)
      assert.deepStrictEqual(
        times,
        [...new Set(times)].sort((a, b) => a - b)
      )
    })
  )

  it.scoped(
    "ivy 13: logs/archive named by system date: ours has a file for each UTC day, by the day on which a message was put",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(noon)
        const directory = yield* temporaryDirectory
        yield* Effect.scoped(Effect.flatMap(open(directory), (outbox) => outbox.put(numbered(1))))
        yield* TestClock.setTime(noon + day / 2)
        const outbox = yield* open(directory)
        yield* outbox.put(numbered(2, { at: noon + 1 }))
        assert.deepStrictEqual(fs.readdirSync(join(directory, "messages")), ["2026-11-21.csv", "2026-11-22.csv"])
        assert.strictEqual(
          archiveText(directory, "2026-11-22"),
          `timestamp,message_body\n${noon / 1000}.001,"{""variant"":""data"",""data"":{""n"":2}}"\n`
        )
        const some = yield* Stream.runCollect(outbox.archived({ since: noon + 1, until: noon + 2 }))
        assert.deepStrictEqual([...some].map(numberOf), [2])
      })
  )

  it.scoped("ivy 14.16: a torn line hides no other, is set aside, and the next line stands by itself", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const directory = yield* temporaryDirectory
      yield* Effect.scoped(Effect.flatMap(open(directory), (outbox) => outbox.putAll([numbered(1), numbered(2)])))
      fs.appendFileSync(join(directory, "messages", "2026-11-21.csv"), '1795304058.5,"{""variant"":""da')
      assert.deepStrictEqual(yield* archivedIn(directory), [1, 2])
      yield* Effect.scoped(Effect.flatMap(open(directory), (outbox) => outbox.put(numbered(3))))
      assert.deepStrictEqual(yield* archivedIn(directory), [1, 2, 3])
      const aside = fs.readdirSync(join(directory, "messages")).find((name) => name.includes(".torn-"))
      assert.strictEqual(
        fs.readFileSync(join(directory, "messages", aside ?? ""), "utf8"),
        '1795304058.5,"{""variant"":""da'
      )
    })
  )

  it.scoped("a line that was damaged in the middle is passed over, the others are read", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const directory = yield* temporaryDirectory
      yield* Effect.scoped(
        Effect.flatMap(open(directory), (outbox) => outbox.putAll([1, 2, 3].map((n) => numbered(n))))
      )
      const path = join(directory, "messages", "2026-11-21.csv")
      fs.writeFileSync(path, fs.readFileSync(path, "utf8").replace('""n"":2', "##"))
      assert.deepStrictEqual(yield* archivedIn(directory), [1, 3])
    })
  )

  it.scoped("ivy 14.17: what a crash left in the archive alone is queued at the next start, once", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const directory = yield* temporaryDirectory
      yield* Effect.scoped(
        Effect.gen(function* () {
          const outbox = yield* open(directory)
          yield* outbox.register("office")
          yield* outbox.put(numbered(1))
        })
      )
      const line = ArchiveLine.encode(noon / 1000, '{"variant":"data","data":{"n":2}}')
      fs.appendFileSync(join(directory, "messages", "2026-11-21.csv"), line)
      fs.writeFileSync(join(directory, "messages", "2026-11-22.csv"), ArchiveLine.header + line.replace(":2", ":3"))
      fs.writeFileSync(join(directory, "messages", "2025-01-01.csv"), ArchiveLine.header + line.replace(":2", ":9"))
      for (let restart = 0; restart < 2; restart++) {
        const { messages } = yield* Effect.scoped(Effect.flatMap(open(directory), (outbox) => outbox.list({})))
        assert.deepStrictEqual(messages.map(numberOf), [1, 2, 3])
        assert.deepStrictEqual(
          messages.map(({ revision }) => revision),
          [7, 7, 7]
        )
      }
    })
  )

  it.scoped("ivy 14.21: days beyond the retention are removed, with what was set aside of them", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(noon)
      const directory = yield* temporaryDirectory
      const keeping = open(directory, { settings: { archive_days: 2 } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const outbox = yield* keeping
          yield* outbox.register("office")
          const id = yield* outbox.put(numbered(1))
          const drain = yield* outbox.drain("office")
          yield* drain.take(1)
          yield* drain.reject(id, "unsendable")
        })
      )
      fs.writeFileSync(join(directory, "messages", "2026-11-21.csv.torn-x"), "")
      fs.writeFileSync(join(directory, "messages", "notes.txt"), "")
      yield* TestClock.setTime(noon + 3 * day)
      const outbox = yield* keeping
      yield* outbox.put(numbered(2))
      // The upkeep goes on beside.
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Effect.repeat(turn, { until: () => fs.readdirSync(join(directory, "messages")).length === 2 })
      assert.deepStrictEqual(fs.readdirSync(join(directory, "messages")), ["2026-11-24.csv", "notes.txt"])
      assert.deepStrictEqual((yield* outbox.list({ setAside: true })).messages, [])
      assert.deepStrictEqual(yield* drainAll(yield* outbox.drain("office")), [2])
    })
  )
})
