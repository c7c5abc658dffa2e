import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Redacted, Schema, TestClock } from "effect"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"
import { Emitter, make, type Procedure, ProcedureError, type Run } from "../../src/procedure/Procedure.js"
import * as Procedures from "../../src/procedure/Procedures.js"
import * as Settings from "../../src/procedure/Settings.js"
import { Secrets, type SecretsService } from "../../src/site/Secrets.js"
import { pass, settle } from "../actor/ScriptedChild.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"

const plain: SecretsService = {
  reveal: (text) => Effect.succeed(Redacted.make(text)),
  allowing: () => plain,
  allowEnvironment: () => Effect.void
}

/** The section `procedures` as it stands in a config file. */
const entries = (document: unknown) =>
  Schema.decodeUnknown(Settings.Procedures)(document).pipe(Effect.provideService(Secrets, plain))

const awake = { idle: false }

/** A procedure that notes what becomes of it: `+` a life, `.` a run, `-` the end of a life; `run` follows the note. */
const fake = (name: string, run: Run = Effect.void) => new Fake(name, run)

class Fake {
  log = ""
  readonly procedure: Procedure

  constructor(
    name: string,
    public run: Run
  ) {
    const note = (mark: string) =>
      Effect.sync(() => {
        this.log += mark
      })
    this.procedure = make({
      name,
      description: `the procedure ${name}`,
      settings: Schema.Struct({ port: Schema.optional(Schema.Int) }),
      prepare: () =>
        Effect.as(
          Effect.acquireRelease(note("+"), () => note("-")),
          Effect.zipRight(
            note("."),
            Effect.suspend(() => this.run)
          )
        )
    })
  }

  get lives() {
    return this.log.split("+").length - 1
  }
}

const broken = new ProcedureError({ procedure: "a", reason: "Disconnected", detail: "no answer" })

const status = (path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.node(path)).pipe(Effect.orDie)
const order = (which: "start" | "stop" | "restart", path: string) =>
  Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree[which](path))
const children = Effect.flatMap(SupervisionTree.SupervisionTree, (tree) => tree.get).pipe(
  Effect.map(({ nodes }) => nodes.filter(({ path }) => path !== "").map(({ id }) => id))
)

/** Brings an empty supervisor to `now`, and answers what brings it on. */
const begin = (available: ReadonlyArray<Procedure>, now: unknown, options = awake) =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.make({})
    const procedures = yield* Procedures.make({
      supervisor,
      available,
      directory: "/nowhere",
      environment: {},
      siteMark: "a-test",
      zone: DateTime.zoneMakeOffset(0)
    })
    const become = (document: unknown) =>
      Effect.gen(function* () {
        const changed = yield* procedures.reconcile(yield* entries(document), options)
        yield* settle
        return changed
      })
    yield* become(now)
    return { supervisor, become, procedures }
  })

const site = ProcedureGround.layer

describe("the child of an entry", () => {
  it.scoped("is prepared once, runs at once and at each aligned start, and is released when it stops", () =>
    Effect.gen(function* () {
      const a = fake("a")
      const { supervisor } = yield* begin([a.procedure], { a: { every: "10s" } })
      assert.deepInclude(yield* status("a"), { status: "ready", restarts: 0 })
      assert.strictEqual(a.log, "+.")
      yield* pass("10 seconds")
      yield* pass("10 seconds")
      assert.strictEqual(a.log, "+...")
      yield* supervisor.stop("a")
      assert.strictEqual(a.log, "+...-")
      yield* pass("1 hour")
      assert.strictEqual(a.log, "+...-")
    }).pipe(Effect.provide(site))
  )

  it.scoped("finds its procedure by `use`, else by its own name, and emits where the engine says", () =>
    Effect.gen(function* () {
      const { emitter, events } = RecordingEmitter.make()
      const telling = (type: string) =>
        Effect.flatMap(Emitter, (into) => Effect.asVoid(into.emit({ type, data: null })))
      const [a, b] = [fake("a", telling("from a")), fake("b", telling("from b"))]
      yield* Effect.provideService(
        begin([a.procedure, b.procedure], { a: {}, other: { use: "b" }, b: { use: "a" } }),
        Emitter,
        emitter
      )
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["from a", "from b", "from a"]
      )
    }).pipe(Effect.provide(site))
  )

  it.scoped("that can't run is failed, with the reason, and is not tried again; the others run on", () =>
    Effect.gen(function* () {
      const table: ReadonlyArray<readonly [string, object, ReadonlyArray<string>]> = [
        ["unknown", { use: "nothing" }, ["nothing", "good", "other"]],
        ["unnamed", {}, ["unnamed"]],
        ["module", { module: "a.js" }, ["/nowhere/a.js"]],
        ["settings", { use: "other", settings: { port: "one", prot: 1 } }, ["port", "prot is no known setting"]]
      ]
      const [good, other] = [fake("good"), fake("other")]
      const document = Object.fromEntries(table.map(([id, entry]) => [id, entry]))
      yield* begin([good.procedure, other.procedure], { ...document, good: { every: "10s" } })
      yield* pass("1 hour")
      for (const [id, , named] of table) {
        const node = yield* status(id)
        assert.deepInclude(node, { status: "failed", reason: "misconfigured", restarts: 0 }, id)
        for (const word of named) assert.include(node.lastCause, word, id)
      }
      assert.strictEqual(other.log, "")
      assert.strictEqual(good.lives, 1)
      assert.strictEqual((yield* status("good")).status, "ready")
    }).pipe(Effect.provide(site))
  )

  it.scoped("is tried again with a growing back-off, then quarantined, until it is ordered to start", () =>
    Effect.gen(function* () {
      const a = fake("a", broken)
      const b = fake("b")
      yield* begin([a.procedure, b.procedure], { a: { limits: { restarts: 3 } }, b: {} })
      for (const [life, longest] of [250, 500, 1_000].entries()) {
        assert.strictEqual(a.log, "+.-".repeat(life + 1))
        const node = yield* status("a")
        assert.deepInclude(node, { status: "backing-off", reason: "failure", restarts: life })
        const [since, until] = [node.since, node.until ?? node.since].map(DateTime.toEpochMillis)
        assert.approximately((until ?? 0) - (since ?? 0), longest * 0.875, longest * 0.125 + 1)
        yield* pass(`${(until ?? 0) - (yield* TestClock.currentTimeMillis) - 2} millis`)
        assert.strictEqual(a.lives, life + 1)
        yield* pass("4 millis")
      }
      assert.strictEqual(a.log, "+.-".repeat(4))
      assert.deepInclude(yield* status("a"), { status: "quarantined", restarts: 3 })
      assert.include((yield* status("a")).lastCause, "no answer")
      yield* pass("1 hour")
      assert.strictEqual(a.lives, 4)
      assert.deepInclude(yield* status("b"), { status: "ready", restarts: 0 })

      a.run = Effect.void
      yield* order("start", "a")
      yield* settle
      assert.strictEqual(a.lives, 5)
      assert.strictEqual((yield* status("a")).status, "ready")
    }).pipe(Effect.provide(site))
  )

  it.scoped("forgets restarts older than its window", () =>
    Effect.gen(function* () {
      const a = fake("a")
      yield* begin([a.procedure], { a: { every: "1m", limits: { restarts: 1, restart_window: "30s" } } })
      for (let crash = 1; crash <= 4; crash++) {
        a.run = broken
        yield* pass("1 minute")
        a.run = Effect.void
        yield* pass("1 minute")
        assert.deepInclude(yield* status("a"), { status: "ready", restarts: crash })
      }
    }).pipe(Effect.provide(site))
  )

  it.scoped("a run longer than `run_time` is interrupted, and told so", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const hangs = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const a = fake("a", hangs)
      yield* begin([a.procedure], { a: { every: "10s", limits: { run_time: "5s" } } })
      yield* pass("4999 millis")
      assert.deepStrictEqual([interrupted, (yield* status("a")).status], [0, "ready"])
      yield* pass("1 millis")
      assert.strictEqual(interrupted, 1)
      assert.deepInclude(yield* status("a"), { status: "backing-off", reason: "failure" })
      assert.include((yield* status("a")).lastCause, "a run took longer than 5s")
      yield* pass("250 millis")
      assert.strictEqual(a.log, "+.-+.")
    }).pipe(Effect.provide(site))
  )

  it.scoped("silence for longer than its heartbeat restarts it, with that reason", () =>
    Effect.gen(function* () {
      const a = fake("a", Effect.never)
      const b = fake("b")
      const entry = { every: "10s", heartbeat: "30s" }
      yield* begin([a.procedure, b.procedure], { a: entry, b: { every: "1h", heartbeat: "30s" } })
      yield* pass("29999 millis")
      assert.deepInclude(yield* status("a"), { status: "ready", restarts: 0 })
      yield* pass("1 millis")
      assert.deepInclude(yield* status("a"), { status: "backing-off", reason: "silence" })
      yield* pass("250 millis")
      assert.deepInclude(yield* status("a"), { status: "ready", restarts: 1 })
      assert.strictEqual(a.log, "+.-+.")
      yield* order("stop", "a")
      // The wait between two runs is no silence, however long.
      yield* pass("5 minutes")
      assert.deepInclude(yield* status("b"), { status: "ready", restarts: 0 })
    }).pipe(Effect.provide(site))
  )

  it.scoped("without a heartbeat, three intervals and a minute are silence", () =>
    Effect.gen(function* () {
      const a = fake("a", Effect.never)
      yield* begin([a.procedure], { a: { every: "10s" } })
      yield* pass("89999 millis")
      assert.strictEqual((yield* status("a")).status, "ready")
      yield* pass("1 millis")
      assert.strictEqual((yield* status("a")).reason, "silence")
    }).pipe(Effect.provide(site))
  )

  it.scoped("that does not tear down within `shutdown` is abandoned, and the stop goes on", () =>
    Effect.gen(function* () {
      const a = fake("a", Effect.uninterruptible(Effect.sleep("1 hour")))
      const { supervisor } = yield* begin([a.procedure], { a: { shutdown: "2s" } })
      const stop = yield* Effect.fork(supervisor.stop("a"))
      yield* pass("1999 millis")
      assert.isNull(stop.unsafePoll())
      yield* pass("1 millis")
      assert.isNotNull(stop.unsafePoll())
      assert.deepInclude(yield* status("a"), { status: "failed", reason: "abandoned" })
    }).pipe(Effect.provide(site))
  )
})

describe("reconcile", () => {
  const three = () => [fake("a"), fake("b"), fake("c")] as const
  const procedures = (doubles: ReadonlyArray<Fake>) => doubles.map(({ procedure }) => procedure)

  it.scoped("restarts what changed, starts what is new, removes what is gone, leaves the rest alone", () =>
    Effect.gen(function* () {
      const [a, b, c] = three()
      const { become } = yield* begin(procedures([a, b, c]), {
        a: { every: "1m", settings: { port: 1 } },
        b: { every: "1m" }
      })
      assert.deepStrictEqual([a.log, b.log, c.log], ["+.", "+.", ""])

      const added = yield* become({ a: { every: "1m", settings: { port: 1 } }, b: { every: "1m" }, c: {} })
      assert.deepStrictEqual(added, ["c"])
      assert.deepStrictEqual([a.log, b.log, c.log], ["+.", "+.", "+."])

      const changed = yield* become({ a: { every: "1m", settings: { port: 2 } }, b: { every: "1m" }, c: {} })
      assert.deepStrictEqual(changed, ["a"])
      assert.deepStrictEqual([a.log, b.log, c.log], ["+.-+.", "+.", "+."])

      const removed = yield* become({ a: { every: "1m", settings: { port: 2 } }, c: {} })
      assert.deepStrictEqual(removed, ["b"])
      assert.deepStrictEqual([a.log, b.log, c.log], ["+.-+.", "+.-", "+."])
      assert.sameMembers(yield* children, ["a", "c"])

      // The same again, in another order and spelt otherwise, is no change.
      const same = yield* become({ c: {}, a: { settings: { port: 2 }, every: "60s", enabled: true } })
      assert.deepStrictEqual(same, [])
      assert.deepStrictEqual([a.log, b.log, c.log], ["+.-+.", "+.-", "+."])
    }).pipe(Effect.provide(site))
  )

  it.scoped("any change of an entry counts", () =>
    Effect.gen(function* () {
      const [a, b, c] = three()
      const { become } = yield* begin(procedures([a, b, c]), { a: {} })
      const changes: ReadonlyArray<object> = [
        { every: "30s" },
        { every: "40s" },
        { use: "b" },
        { heartbeat: "1h" },
        { shutdown: "1s" },
        { limits: { restarts: 2 } },
        { limits: { run_time: "9s" } },
        { settings: { port: 3 } },
        {}
      ]
      for (const entry of changes) assert.deepStrictEqual(yield* become({ a: entry }), ["a"], JSON.stringify(entry))
      assert.deepStrictEqual([a.lives, b.lives], [changes.length, 1])
    }).pipe(Effect.provide(site))
  )

  it.scoped("an entry that is disabled does not run, and is no child", () =>
    Effect.gen(function* () {
      const [a, b, c] = three()
      const { become } = yield* begin(procedures([a, b, c]), { a: { enabled: false }, b: {} })
      yield* pass("1 hour")
      assert.strictEqual(a.log, "")
      assert.deepStrictEqual(yield* children, ["b"])
      assert.deepStrictEqual(yield* become({ a: { enabled: false, every: "5s" }, b: {} }), [])
      assert.sameMembers([...(yield* become({ a: {}, b: { enabled: false } }))], ["a", "b"])
      assert.deepStrictEqual(yield* children, ["a"])
      assert.strictEqual(a.log, "+.")
      assert.isTrue(b.log.endsWith("-"))
    }).pipe(Effect.provide(site))
  )

  it.scoped("an entry that failed or was quarantined runs again once it is changed", () =>
    Effect.gen(function* () {
      const [a, b, c] = three()
      a.run = broken
      const { become } = yield* begin(procedures([a, b, c]), { a: { limits: { restarts: 1 } }, x: { use: "nothing" } })
      yield* pass("1 second")
      assert.strictEqual((yield* status("a")).status, "quarantined")
      a.run = Effect.void
      yield* become({ a: { limits: { restarts: 2 } }, x: { use: "c" } })
      for (const path of ["a", "x"]) assert.deepInclude(yield* status(path), { status: "ready", restarts: 0 })
    }).pipe(Effect.provide(site))
  )

  it.scoped("on an idle site nothing runs until it is ordered to", () =>
    Effect.gen(function* () {
      const [a, b, c] = three()
      const { become } = yield* begin(procedures([a, b, c]), { a: { every: "10s" }, b: {} }, { idle: true })
      yield* pass("1 hour")
      assert.deepStrictEqual([a.log, b.log], ["", ""])
      assert.strictEqual((yield* status("a")).status, "stopped")

      yield* order("start", "a")
      yield* settle
      yield* pass("10 seconds")
      assert.deepStrictEqual([a.log, b.log], ["+..", ""])
      assert.strictEqual((yield* status("a")).status, "ready")

      assert.deepStrictEqual(yield* become({ a: { every: "10s" }, b: { every: "10s" }, c: {} }), ["b", "c"])
      yield* pass("10 seconds")
      assert.deepStrictEqual([a.log, b.log, c.log], ["+...", "", ""])
      yield* order("stop", "a")
      yield* order("restart", "b")
      yield* settle
      assert.deepStrictEqual([a.log, b.log, c.log], ["+...-", "+.", ""])
    }).pipe(Effect.provide(site))
  )
})
