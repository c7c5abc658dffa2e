import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { Chunk, Duration, Effect, Exit, Fiber, Schedule, Scope, Stream } from "effect"
import { none } from "../../src/actor/Backoff.js"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import * as OsProcess from "../../src/actor/OsProcess.js"
import * as SupervisionTree from "../../src/actor/SupervisionTree.js"
import * as Supervisor from "../../src/actor/Supervisor.js"

const sh = (script: string, options: Partial<OsProcess.Options> = {}) =>
  OsProcess.make({ command: "/bin/sh", args: ["-c", script], ...options })

const texts = (stream: OsProcess.OsProcess["stdout"]) =>
  Effect.map(Stream.runCollect(stream), (lines) => Chunk.toReadonlyArray(lines).map((line) => line.text))

/** Whether it runs: one that is dead, but of whose end nobody has taken note yet, does not. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    const stat = process.platform === "linux" ? readFileSync(`/proc/${pid}/stat`, "latin1") : ""
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

const eventually = (holds: () => boolean, within: Duration.DurationInput = "5 seconds") =>
  Effect.repeat(Effect.sync(holds), { until: (answer) => answer, schedule: Schedule.spaced("20 millis") }).pipe(
    Effect.timeout(within)
  )

const firstLine = (stream: OsProcess.OsProcess["stdout"]) =>
  Stream.runHead(stream).pipe(
    Effect.flatten,
    Effect.map((line) => line.text),
    Effect.orDie
  )

describe.skipIf(process.platform === "win32")("OsProcess", () => {
  it.live("gives both outputs as lines and the exit code as a value", () =>
    Effect.gen(function* () {
      const child = yield* sh("echo one; echo two; printf three; echo oops >&2; exit 7")
      assert.deepStrictEqual(
        yield* Effect.all([texts(child.stdout), texts(child.stderr), child.exit], { concurrency: 3 }),
        [["one", "two", "three"], ["oops"], OsProcess.Ended.Exited({ code: 7 })]
      )
      assert.deepInclude(yield* Effect.flip(child.join), { _tag: "ProcessFailed", code: 7 })
    }).pipe(Effect.scoped)
  )

  it.live("a signal that ended it is told apart from a code", () =>
    Effect.gen(function* () {
      const child = yield* sh("kill -KILL $$")
      assert.deepStrictEqual(yield* child.exit, OsProcess.Ended.Killed({ signal: "SIGKILL" }))
    }).pipe(Effect.scoped)
  )

  it.live("a command that cannot be run is SpawnFailed", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(OsProcess.make({ command: "/no/such/command", guard: true }))
      assert.deepInclude(missing, { _tag: "SpawnFailed", reason: "NotFound", command: "/no/such/command" })
      const denied = yield* Effect.flip(OsProcess.make({ command: "/etc/passwd" }))
      assert.deepInclude(denied, { _tag: "SpawnFailed", reason: "PermissionDenied" })
    }).pipe(Effect.scoped)
  )

  it.live("arguments go to the command as they are, and env is the whole environment", () =>
    Effect.gen(function* () {
      const echo = yield* OsProcess.make({ command: "/bin/echo", args: ["$HOME; `id`", "*"] })
      assert.deepStrictEqual(yield* texts(echo.stdout), ["$HOME; `id` *"])
      const env = yield* OsProcess.make({ command: "/usr/bin/env", env: { A: "1" }, cwd: "/" })
      assert.deepStrictEqual(yield* texts(env.stdout), ["A=1"])
    }).pipe(Effect.scoped)
  )

  it.live("takes input, and closes it when the sink ends", () =>
    Effect.gen(function* () {
      const cat = yield* OsProcess.make({ command: "/bin/cat" })
      const reading = yield* Effect.fork(texts(cat.stdout))
      yield* cat.write("a\n")
      yield* Stream.run(Stream.make<Array<string | Uint8Array>>("b\n", new TextEncoder().encode("c")), cat.stdin)
      assert.deepStrictEqual(yield* Fiber.join(reading), ["a", "b", "c"])
      assert.deepInclude(yield* Effect.flip(cat.write("d")), { _tag: "PipeBroken", channel: "stdin" })
    }).pipe(Effect.scoped)
  )

  it.live("cuts long lines and marks them", () =>
    Effect.gen(function* () {
      const child = yield* sh("head -c 100000 /dev/zero | tr '\\0' x; echo; echo short", { longestLine: 10 })
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(child.stdout)), [
        { text: "xxxxxxxxxx", cut: true },
        { text: "short", cut: false }
      ])
    }).pipe(Effect.scoped)
  )

  it.live("a reader that waits makes the process wait", () =>
    Effect.gen(function* () {
      const child = yield* sh(
        "i=0; while :; do i=$((i+1)); echo $i >&2; echo 0123456789012345678901234567890123456789; done"
      )
      let written = 0
      yield* child.stderr.pipe(
        Stream.runForEach((line) => Effect.sync(() => (written = Number(line.text)))),
        Effect.forkScoped
      )
      yield* eventually(() => written > 100)
      let before = -1
      const pause = Effect.suspend(() => {
        before = written
        return Effect.sleep("300 millis")
      })
      yield* Effect.repeat(pause, { until: () => written === before }).pipe(Effect.timeout("2 minutes"))
      yield* child.stdout.pipe(Stream.take(before), Stream.runDrain)
      yield* eventually(() => written > before)
    }).pipe(Effect.scoped)
  )

  it.live("closing the scope ends the whole group with SIGTERM", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const child = yield* sh("sleep 300 & echo $!; wait").pipe(Scope.extend(scope))
      const grandchild = Number(yield* firstLine(child.stdout))
      assert.isTrue(isAlive(child.pid) && isAlive(grandchild))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* child.exit, OsProcess.Ended.Killed({ signal: "SIGTERM" }))
      assert.isFalse(isAlive(child.pid) || isAlive(grandchild))
    })
  )

  it.live("what ignores SIGTERM dies by SIGKILL, not before its time", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const child = yield* sh("trap '' TERM; echo up; while :; do sleep 1; done", { shutdown: "400 millis" }).pipe(
        Scope.extend(scope)
      )
      yield* firstLine(child.stdout)
      const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
      assert.isAtLeast(Duration.toMillis(took), 390)
      assert.deepStrictEqual(yield* child.exit, OsProcess.Ended.Killed({ signal: "SIGKILL" }))
    })
  )

  it.live("what a command left behind does not outlive the scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const child = yield* sh("sleep 300 >/dev/null 2>&1 & echo $!").pipe(Scope.extend(scope))
      const [left] = yield* texts(child.stdout)
      assert.deepStrictEqual(yield* child.exit, OsProcess.Ended.Exited({ code: 0 }))
      assert.isTrue(isAlive(Number(left)))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(isAlive(Number(left)))
    })
  )

  it.live("a reader that waits for output can be interrupted, and then the process ends", () =>
    Effect.gen(function* () {
      const reading = yield* Effect.fork(
        Effect.scoped(Effect.flatMap(sh("echo a; sleep 60"), ({ stdout }) => Stream.runDrain(stdout)))
      )
      yield* Effect.sleep("200 millis")
      const [time] = yield* Effect.timed(Fiber.interrupt(reading))
      assert.isBelow(Duration.toMillis(time), 3_000)
    })
  )

  it.live("interrupting the fiber that runs it ends it", () =>
    Effect.gen(function* () {
      let pid = 0
      const running = yield* Effect.fork(
        Effect.scoped(
          Effect.flatMap(sh("sleep 300"), (child) => {
            pid = child.pid
            return child.join
          })
        )
      )
      yield* eventually(() => pid > 0)
      yield* Fiber.interrupt(running)
      assert.isFalse(isAlive(pid))
    })
  )

  it.live("supervised: killed from outside, it is started again", () =>
    Effect.gen(function* () {
      const pids: Array<number> = []
      const run = Effect.flatMap(sh("sleep 300", { guard: true }), (child) => {
        pids.push(child.pid)
        return child.join
      })
      yield* Supervisor.make({ children: [ChildSpec.make({ id: "command", run, backoff: none })] })
      yield* eventually(() => pids.length === 1)
      process.kill(pids[0]!, "SIGKILL")
      yield* eventually(() => pids.length === 2)
      const tree = yield* SupervisionTree.SupervisionTree
      assert.include((yield* tree.node("command")).lastCause, "SIGKILL")
    }).pipe(Effect.scoped, Effect.provide(SupervisionTree.layer))
  )

  it.live("guarded: kill -9 of the parent ends the group, even one that ignores SIGTERM", () =>
    Effect.gen(function* () {
      const program = `
        import { Effect, Stream } from "effect"
        import * as OsProcess from "./src/actor/OsProcess.js"
        const command = "trap '' TERM; sleep 300 & echo $$ $!; while :; do sleep 1; done"
        Effect.runPromise(Effect.scoped(Effect.gen(function* () {
          const child = yield* OsProcess.make({ command: "/bin/sh", args: ["-c", command], guard: true })
          yield* Stream.runForEach(child.stdout, (line) => Effect.sync(() => process.stdout.write(line.text + "\\n")))
        })))`
      const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      const told = yield* Effect.promise(
        () => new Promise<string>((resolve) => parent.stdout.once("data", (bytes) => resolve(String(bytes))))
      )
      const pids = told.trim().split(" ").map(Number)
      assert.strictEqual(pids.length, 2)
      assert.isTrue(pids.every(isAlive))
      process.kill(parent.pid!, "SIGKILL")
      yield* eventually(() => !pids.some(isAlive), "5 seconds")
    }).pipe(Effect.scoped)
  )
})
