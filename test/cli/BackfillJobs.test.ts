import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { BackfillDouble, done, key, record, series } from "../support/BackfillDouble.js"
import { CommandLine, layer } from "../support/CommandLine.js"

const id = "binance_all_1780000000"

const prepared = Effect.gen(function* () {
  const backfills = yield* BackfillDouble
  backfills.held = [
    record({ id: "tick", status: "done", request: { collect: true } }),
    record({ id, log: ["[BINANCE BTC/USDT 1h] 10 windows to fetch"] }),
    done(record({ id: "ended" }), { failed: 2, complete: false, series: [series({ failed: 2 })] }),
    record({ id: "waiting", status: "paused" })
  ]
  return { backfills, line: yield* CommandLine }
})

describe("looking", () => {
  it.effect("list", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      const { code, out } = yield* line.run(["backfill", "list"])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        out,
        "ID                      STATE    STARTED                    WINDOWS  ROWS   FAILED\n" +
          `${id}  running  2026-05-28 22:26:40+02:00  0/10     0      0\n` +
          "ended                   done     2026-05-28 22:26:40+02:00  10       8,000  2\n" +
          "waiting                 paused   2026-05-28 22:26:40+02:00  0/10     0      0\n"
      )
      assert.strictEqual(line.connects[0]?.need, "read")
      const all = JSON.parse((yield* line.run(["backfill", "list", "--collect", "--json"])).out)
      assert.deepStrictEqual(
        all.backfills.map((one: { id: string }) => one.id),
        ["tick", id, "ended", "waiting"]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("show", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      const { out } = yield* line.run(["backfill", "show", id])
      assert.match(out, new RegExp(`^backfill  ${id}\nstate     running\nstarted   2026`))
      assert.include(out, `\n${key}  running  0/10`)
      assert.isTrue(out.endsWith("\n[BINANCE BTC/USDT 1h] 10 windows to fetch\n"))
      assert.match((yield* line.run(["backfill", "show", "ended"])).out, /\nended +2026.*\ncomplete +no\n/)
      assert.strictEqual(JSON.parse((yield* line.run(["backfill", "show", id, "--json"])).out).status, "running")
      assert.strictEqual((yield* line.run(["backfill", "show", "ended", "--failed"])).out, "no window failed\n")
      const chunk = { records: 0, started_at: "", error_type: "Malformed", error_message: "no JSON" }
      backfills.failures = [1, 2].map((n) => ({
        ...chunk,
        series: key,
        start: 0,
        end: 60_000,
        status: "FAILED",
        attempts: n
      }))
      assert.strictEqual(
        (yield* line.run(["backfill", "show", "ended", "--failed", "--limit", "1"])).out,
        `failed  ${key}  1970-01-01 to 1970-01-01 00:01  Malformed: no JSON (1 attempt)\nand more; see them with a greater --limit\n`
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("ordering", () => {
  it.effect("pause and cancel", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      const paused = yield* line.run(["backfill", "pause", id])
      assert.deepStrictEqual(
        [paused.code, paused.out],
        [0, `backfill ${id} is paused; go on with: outpost backfill resume ${id}\n`]
      )
      assert.strictEqual((yield* line.run(["backfill", "pause", id])).code, 4)
      assert.match((yield* line.run(["backfill", "cancel", id])).out, /is cancelled; what it fetched is kept\n$/)
      assert.strictEqual((yield* line.run(["backfill", "cancel", id])).code, 0)
      const late = yield* line.run(["backfill", "cancel", "ended"])
      assert.strictEqual(late.code, 4)
      assert.match(late.err, /error: backfill ended is done: it can't be cancelled\nhint: /)
    }).pipe(Effect.provide(layer))
  )

  it.effect("resume and retry are the server's work, watched where that is asked for", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      backfills.life = () => Stream.die("nobody follows")
      assert.match(
        (yield* line.run(["backfill", "resume", "waiting"])).out,
        /^backfill waiting is running; see it with/
      )
      assert.match((yield* line.run(["backfill", "retry", "ended"])).out, /^backfill binance_all_\d+ is running/)
      assert.deepStrictEqual(backfills.held.at(-1)?.request, { retry_failed: true })
      backfills.life = (begun) => Stream.make(done(begun))
      assert.match((yield* line.run(["backfill", "resume", "waiting", "--follow"])).out, /10 windows, 8,000 rows/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("without a server they are seen through in this process", () =>
    Effect.gen(function* () {
      const { backfills, line } = yield* prepared
      line.hasServer = false
      const good = yield* line.run(["backfill", "resume", "waiting"])
      assert.deepStrictEqual([good.code, /10 windows, 8,000 rows/.test(good.out)], [0, true])
      backfills.life = (begun) => Stream.make(done(begun, { failed: 1, series: [series({ failed: 1 })] }))
      assert.strictEqual((yield* line.run(["backfill", "retry", "ended"])).code, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("what is not there exits 3", () =>
    Effect.gen(function* () {
      const { line } = yield* prepared
      for (const word of ["show", "pause", "resume", "retry", "cancel"]) {
        const { code, err } = yield* line.run(["backfill", word, "nope"])
        assert.strictEqual(code, 3, word)
        assert.match(err, /error: No backfill nope\nhint: .*outpost backfill list\n$/)
      }
      assert.strictEqual((yield* line.run(["backfill", "show"])).code, 2)
    }).pipe(Effect.provide(layer))
  )
})
