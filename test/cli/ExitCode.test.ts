import { assert, describe, it } from "@effect/vitest"
import { Cause, Exit, FiberId, Option } from "effect"
import * as Advice from "../../src/cli/Advice.js"
import * as ExitCode from "../../src/cli/ExitCode.js"
import { AlreadyThere, BrokenPipe, CommandFailed, type Failure, NotFound, UsageProblem } from "../../src/cli/Failure.js"
import { AddressInUse, ConfigRejected, LaunchFailed, NoServer, NoSite } from "../../src/cli/Launcher.js"
import { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../../src/domain/Refusal.js"
import { BackfillBusy, BackfillNotFound, BackfillRefused, NoMatchingJob } from "../../src/domain/Backfill.js"
import { NoMatchingStream, NoRemotes, ScheduleNotFound, UnsupportedStream } from "../../src/domain/Collector.js"
import { NoActiveRun, RunAlreadyActive, RunNotFound, RunRefused } from "../../src/domain/Run.js"
import { ActorFailed, NoSuchActor, ShutdownUnavailable } from "../../src/operations/SiteOperations.js"
import { NoCurrentEvent } from "../../src/operations/TelemetryOperations.js"
import { NotAllowed, ServerUnreachable } from "../../src/operations/Unreachable.js"
import { SiteUnusable } from "../../src/site/Site.js"
import { SiteLocked } from "../../src/site/SiteLock.js"

const failures: ReadonlyArray<readonly [number, Failure]> = [
  [0, new BrokenPipe()],
  [1, new CommandFailed({ message: "no" })],
  [1, new LaunchFailed({ reason: "no" })],
  [1, new StorageFailed({ operation: "append", path: "/f", reason: "full" })],
  [1, new Overloaded({ what: "queue", retryAfter: 1 })],
  [1, new TooLarge({ what: "event", limit: 1 })],
  [1, new ActorFailed({ path: "a", reason: "no" })],
  [1, new ShutdownUnavailable()],
  [1, new NotAllowed({ status: 401, reason: "no" })],
  [1, new SiteUnusable({ directory: "/s", reason: "no" })],
  [2, new UsageProblem({ message: "no" })],
  [2, new ConfigRejected({ file: "f", issues: [] })],
  [2, new InvalidInput({ problems: [{ type: "missing", loc: ["body", "type"], msg: "Field required", input: {} }] })],
  [2, new UnreadableBody()],
  [2, new RunRefused({ field: "run_id", value: "..", reason: "no" })],
  [2, new BackfillRefused({ field: "window", value: "x", reason: "no" })],
  [2, new UnsupportedStream({ key: "k", reason: "no" })],
  [2, new NoRemotes()],
  [3, new BackfillNotFound({ id: "b" })],
  [3, new NoMatchingJob({ known: [] })],
  [3, new NoMatchingStream({ exchange: "e", pair: "p" })],
  [3, new ScheduleNotFound({ id: "s" })],
  [3, new NotFound({ message: "no" })],
  [3, new NoSite({ site: "/s" })],
  [3, new NoActiveRun()],
  [3, new RunNotFound({ run_id: "r" })],
  [3, new NoCurrentEvent({ type: "t" })],
  [3, new NoSuchActor({ path: "p" })],
  [4, new BackfillBusy({ id: "b", status: "done", action: "paused" })],
  [4, new RunAlreadyActive({ active: "r" })],
  [4, new SiteLocked({ site: "/s", holder: Option.none() })],
  [4, new AddressInUse({ host: "h", port: 1 })],
  [4, new AlreadyThere({ path: "f" })],
  [5, new NoServer({ site: "/s" })],
  [5, new ServerUnreachable({ url: "u", reason: "no" })]
]

describe("exit codes", () => {
  for (const [code, failure] of failures) {
    it(`${failure._tag} is ${code}`, () => assert.strictEqual(ExitCode.of(Exit.fail(failure), false), code))
  }

  it("success is 0, a bug is 1", () => {
    assert.strictEqual(ExitCode.of(Exit.void, false), 0)
    assert.strictEqual(ExitCode.of(Exit.die(new Error("bug")), false), 1)
    assert.strictEqual(ExitCode.of(Exit.die(new Error("bug")), true), 1)
  })

  it("an interruption is 130, but a good end for serve", () => {
    assert.strictEqual(ExitCode.of(Exit.interrupt(FiberId.none), false), 130)
    assert.strictEqual(ExitCode.of(Exit.interrupt(FiberId.none), true), 0)
  })

  it("a failure during an interruption is still told", () => {
    const cause = Cause.parallel(Cause.fail(new NoSite({ site: "/s" })), Cause.interrupt(FiberId.none))
    assert.strictEqual(ExitCode.of(Exit.failCause(cause), false), 3)
  })
})

/** These are made with a hint where they are made at all. */
const hasOwnHint = new Set(["CommandFailed", "NotFound", "UsageProblem"])

describe("what is told", () => {
  it("one line for the failure and one for what to do", () => {
    for (const [code, failure] of failures) {
      if (code === 0) continue
      const lines = Advice.ofFailure(failure).trimEnd().split("\n")
      assert.match(lines[0] ?? "", /^error: ./, failure._tag)
      assert.strictEqual(lines.length, hasOwnHint.has(failure._tag) ? 1 : 2, failure._tag)
    }
  })

  it("a bug without its trace, unless it is asked for", () => {
    const cause = Cause.die(new Error("secret bug"))
    assert.notMatch(Advice.ofCause(cause, false), /\n\s+at /)
    assert.match(Advice.ofCause(cause, false), /--log-level debug/)
    assert.match(Advice.ofCause(cause, true), /\n\s+at /)
  })

  it("nothing for an interruption or a reader that has gone", () => {
    assert.strictEqual(Advice.ofCause(Cause.interrupt(FiberId.none), false), "")
    assert.strictEqual(Advice.ofCause(Cause.fail(new BrokenPipe()), false), "")
  })
})
