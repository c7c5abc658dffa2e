/** What ivy tests and promises of procedures and of their state, each by its own words. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Schedule, Schema } from "effect"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import * as Procedure from "../../src/procedure/Procedure.js"
import * as Procedures from "../../src/procedure/Procedures.js"
import * as Settings from "../../src/procedure/Settings.js"
import { Secrets } from "../../src/site/Secrets.js"
import * as StatePart from "../../src/state/StatePart.js"
import { StateDocument } from "../../src/state/StateDocument.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"
import * as SecretsDouble from "../support/SecretsDouble.js"
import { temporaryDirectory } from "../support/Store.js"

const command = (script: string, more: object = {}) => ({ command: ["/bin/sh", "-c", script], ...more })

const up = `echo '{"event": {"type": "up", "data": 1}}'`

/** Supervised procedures of these entries, and what they say. */
const running = (document: object, available: ReadonlyArray<Procedure.Procedure> = []) =>
  Effect.gen(function* () {
    const { emitter, events } = RecordingEmitter.make()
    const supervisor = yield* Supervisor.make({})
    const procedures = yield* Procedures.make({
      supervisor,
      available,
      directory: yield* temporaryDirectory,
      environment: { PATH: "/usr/bin:/bin" },
      siteMark: "of-a-test",
      zone: DateTime.zoneMakeOffset(0)
    }).pipe(Effect.provideService(Procedure.Emitter, emitter))
    const entries = yield* Schema.decodeUnknown(Settings.Procedures)(document).pipe(
      Effect.provideService(Secrets, SecretsDouble.make())
    )
    yield* procedures.reconcile(entries, { idle: false })
    const tree = yield* SupervisionTree.SupervisionTree
    const count = (type: string) => events.filter((event) => event.type === type).length
    return { supervisor, tree, count, events }
  })

const eventually = (holds: () => boolean) =>
  Effect.repeat(Effect.sync(holds), { until: (answer) => answer, schedule: Schedule.spaced("20 millis") }).pipe(
    Effect.timeout("2 minutes")
  )

describe("what ivy tests", () => {
  it.scopedLive(
    "ivy 12: manager starts/checks/tears down a procedure twice, status check without process raises, all within 7 s",
    () =>
      Effect.gen(function* () {
        // A stop that waited for the command's own end would take longer than a test may.
        const { count, supervisor, tree } = yield* running({ a: command(`${up}; sleep 600`) })
        for (const round of [1, 2]) {
          yield* eventually(() => count("up") === round)
          assert.strictEqual((yield* tree.node("a")).status, "ready")
          yield* supervisor.stop("a")
          assert.strictEqual((yield* tree.node("a")).status, "stopped")
          if (round === 1) yield* supervisor.start("a")
        }
        assert.strictEqual((yield* Effect.flip(tree.node("nobody")))._tag, "NodeNotFound")
      }).pipe(Effect.provide(ProcedureGround.layer))
  )
})

describe("what ivy promises", () => {
  it.scopedLive("ivy 13: procedures restarted every time they crash", () =>
    Effect.gen(function* () {
      const { count } = yield* running({ a: command(`${up}; exit 1`) })
      yield* eventually(() => count("up") >= 4)
    }).pipe(Effect.provide(ProcedureGround.layer))
  )

  it.scopedLive("ivy 13: graceful teardown signal before stop", () =>
    Effect.gen(function* () {
      const trap = `trap 'echo "{\\"event\\": {\\"type\\": \\"bye\\", \\"data\\": 1}}"; exit 0' TERM`
      const { count, supervisor } = yield* running({ a: command(`${trap}; ${up}; while :; do sleep 0.05; done`) })
      yield* eventually(() => count("up") === 1)
      yield* supervisor.stop("a")
      assert.strictEqual(count("bye"), 1)
    }).pipe(Effect.provide(ProcedureGround.layer))
  )

  it.scopedLive("ivy 13: eliminating the possibility of one faulty component blocking other components", () =>
    Effect.gen(function* () {
      const tick = `echo '{"event": {"type": "tick", "data": 1}}'`
      const { count } = yield* running({
        hangs: command("trap '' TERM; while :; do sleep 1; done", { shutdown: "100ms" }),
        crashes: command("exit 1"),
        floods: command("yes | head -c 20000000; sleep 60"),
        good: command(tick, { every: "100ms" })
      })
      yield* eventually(() => count("tick") >= 10)
    }).pipe(Effect.provide(ProcedureGround.layer))
  )

  it.scopedLive(
    'ivy 13: runs in a thread / "procedures run in threads": commands are processes, all else fibers of one',
    () =>
      Effect.gen(function* () {
        const says = (source: string) => `echo "{\\"event\\": {\\"type\\": \\"${source}\\", \\"data\\": $$}}"; sleep 60`
        const own = Procedure.make({
          name: "own",
          description: "Tells the process that it runs in",
          settings: Schema.Struct({}),
          prepare: () =>
            Effect.succeed(
              Effect.asVoid(Effect.flatMap(Procedure.Emitter, ({ emit }) => emit({ type: "own", data: process.pid })))
            )
        })
        const document = { a: command(says("a")), b: command(says("b")), own: {} }
        const { count, events } = yield* running(document, [own])
        yield* eventually(() => ["a", "b", "own"].every((type) => count(type) >= 1))
        const pid = (type: string) => events.find((event) => event.type === type)?.data
        assert.strictEqual(pid("own"), process.pid)
        assert.lengthOf(new Set([pid("a"), pid("b"), process.pid]), 3)
      }).pipe(Effect.provide(ProcedureGround.layer))
  )

  it.scoped("ivy 13: state update protected by a semaphore", () =>
    Effect.gen(function* () {
      const state = yield* StateDocument
      yield* state.declare([StatePart.free("n")])
      const add = state.update("n", "a", (value) => Number(Option.getOrElse(value, () => 0)) + 1)
      yield* Effect.all(
        Array.from({ length: 400 }, () => Effect.zipRight(Effect.yieldNow(), add)),
        { concurrency: 40, discard: true }
      )
      assert.strictEqual(Option.getOrThrow(yield* state.part("n")), 400)
    }).pipe(Effect.provide(ProcedureGround.layer))
  )
})
