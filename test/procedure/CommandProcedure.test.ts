import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schedule, Schema, type Scope } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as CommandProcedure from "../../src/procedure/command/CommandProcedure.js"
import { Emitter, ProcedureError, type Services } from "../../src/procedure/Procedure.js"
import { RunBook } from "../../src/procedure/RunBook.js"
import { ProcedureSettings } from "../../src/procedure/Settings.js"
import { Secrets } from "../../src/site/Secrets.js"
import * as StatePart from "../../src/state/StatePart.js"
import { StateDocument } from "../../src/state/StateDocument.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"
import * as SecretsDouble from "../support/SecretsDouble.js"
import { temporaryDirectory } from "../support/Store.js"

const decode = Schema.decodeUnknown(ProcedureSettings)

/** One run of a shell script as the command of an entry, and all that came of it. */
const running = (script: string, entry: object = {}, settings: unknown = {}) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const recording = RecordingEmitter.make()
    const book = new RunBook()
    const procedure = CommandProcedure.make({
      name: "a",
      command: ["/bin/sh", "-c", script, "script-of-a", "$HOME; `id` *"],
      entry: yield* decode(entry).pipe(Effect.provideService(Secrets, SecretsDouble.make())),
      book,
      directory,
      environment: { PATH: "/usr/bin:/bin" },
      siteMark: "of-a-test"
    })
    const state = yield* StateDocument
    yield* state.declare([StatePart.free("a")])
    const run = Effect.flatMap(procedure.prepare(settings), (prepared) => prepared).pipe(
      Effect.provideService(Emitter, recording.emitter)
    )
    return { ...recording, book, directory, run, state }
  })

const test = (title: string, body: () => Effect.Effect<void, unknown, Services | Scope.Scope>) =>
  it.scopedLive(title, () => body().pipe(Effect.provide(ProcedureGround.layerDetached)))

const eventually = (holds: () => boolean) =>
  Effect.repeat(Effect.sync(holds), { until: (answer) => answer, schedule: Schedule.spaced("20 millis") }).pipe(
    Effect.timeout("2 minutes")
  )

describe("a command", () => {
  test("tells events, messages, state and progress; other lines are logs", () =>
    Effect.gen(function* () {
      const { book, events, messages, posted, run, state } = yield* running(`
        echo '{"event": {"type": "n", "data": 12345678901234567890}}'
        echo '{"event": {"type": "m", "data": 1}}'
        echo '{"message": {"variant": "data", "data": {"t": 19.7}}}'
        echo '{"state": {"a": {"on": true}}}'
        echo '{"progress": {"done": 3}}'
        echo hello
        echo careful >&2`)
      yield* run
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["n", "m"]
      )
      assert.strictEqual(posted[0], '{"type": "n", "data": 12345678901234567890}')
      assert.deepStrictEqual(messages, [{ body: { variant: "data", data: { t: 19.7 } } }])
      assert.deepStrictEqual(Option.getOrThrow(yield* state.part("a")), { on: true })
      assert.deepInclude(book, { progress: { done: 3 }, refused: 0, droppedLines: 0 })
      assert.deepStrictEqual(book.exit, { code: 0, signal: undefined })
    }))

  test("gets its settings as the first line of its input, and of the environment what it is given", () =>
    Effect.gen(function* () {
      const { directory, run } = yield* running(
        'read -r first; echo "$first" > got; env > environment; pwd > where',
        { env: { TOKEN: "secret" } },
        { port: 7 }
      )
      yield* run
      const read = (name: string) => readFileSync(join(directory, name), "utf8")
      assert.deepStrictEqual(JSON.parse(read("got")), { settings: { port: 7 }, procedure: "a" })
      assert.strictEqual(read("where").trim(), directory)
      const names = read("environment")
        .split("\n")
        .map((line) => line.split("=")[0])
        .filter((name) => !["", "PWD", "OLDPWD", "_", "SHLVL"].includes(name ?? ""))
      assert.sameMembers(names, [
        "PATH",
        "TOKEN",
        "OUTPOST_SITE",
        "OUTPOST_PROCEDURE",
        "OUTPOST_SITE_ID",
        "OUTPOST_RUN_ID"
      ])
    }))

  test("ivy 14.22: its arguments go to it as they are, and no shell sees them", () =>
    Effect.gen(function* () {
      const { directory, run } = yield* running('printf "%s" "$1" > argument')
      yield* run
      assert.strictEqual(readFileSync(join(directory, "argument"), "utf8"), "$HOME; `id` *")
    }))

  test("ivy 14.10: an end with code 0 is told from a crash, a crash from a signal", () =>
    Effect.gen(function* () {
      const clean = yield* running("exit 0")
      yield* clean.run
      const crashed = yield* running("exit 3")
      const error = yield* Effect.flip(crashed.run)
      assert.deepInclude(error, { _tag: "ProcedureError", reason: "Failed" })
      assert.include(String(error), "with code 3")
      assert.deepStrictEqual(crashed.book.exit, { code: 3, signal: undefined })
      const killed = yield* running("kill -KILL $$")
      assert.include(String(yield* Effect.flip(killed.run)), "by SIGKILL")
      assert.deepStrictEqual(killed.book.exit, { code: undefined, signal: "SIGKILL" })
    }))

  test("that is not there is misconfigured, and not tried again", () =>
    Effect.gen(function* () {
      const { run } = yield* running("exit 0", { directory: "no-such-directory" })
      const error = yield* Effect.flip(run)
      assert.isTrue(error instanceof ProcedureError && error.reason === "Misconfigured")
    }))

  test("what it says while it is stopped counts; the stop comes on its input and as SIGTERM", () =>
    Effect.gen(function* () {
      const { directory, events, run } = yield* running(`
        trap 'head -n 1 > stop-line; echo "{\\"event\\": {\\"type\\": \\"bye\\", \\"data\\": 1}}"; exit 0' TERM
        read -r settings
        echo '{"event": {"type": "up", "data": 1}}'
        while :; do sleep 0.05; done`)
      const fiber = yield* Effect.fork(run)
      yield* eventually(() => events.length === 1)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["up", "bye"]
      )
      const line = JSON.parse(readFileSync(join(directory, "stop-line"), "utf8")) as unknown
      assert.deepStrictEqual(line, { stop: { within_seconds: 5 } })
    }))

  test("with more in memory than it may is killed, and that is the reason", () =>
    Effect.gen(function* () {
      const { run } = yield* running('x=x; while :; do x="$x$x"; done', { limits: { memory_bytes: "40 MiB" } })
      const error = yield* Effect.flip(Effect.timeout(run, "20 seconds"))
      assert.isTrue(error instanceof ProcedureError && error.reason === "Memory", String(error))
    }))

  test("wrong lines are refused and counted, and what is right beside them counts", () =>
    Effect.gen(function* () {
      const { book, events, run, state } = yield* running(`
        echo '{"event": 1}'
        echo '{"event": {"data": 1}}'
        echo '{"state": {"nowhere": 1}}'
        echo '{"event": {"type": "ok", "data": 1}}'`)
      yield* run
      assert.strictEqual(book.refused, 3)
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["ok"]
      )
      assert.deepStrictEqual((yield* state.get).parts, {})
    }))
})
