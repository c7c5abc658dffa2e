/**
 * The updates of a station. One is under way at a time; each is in the journal before anything is done, goes on in `work`, and
 * is taken up again by the next life where this one ends. Whatever fails before the switch leaves the station as it was;
 * whatever fails behind it is undone by the launcher.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type { StorageFailed } from "../domain/Refusal.js"
import {
  NoPreviousVersion,
  NotLaunched,
  UpdateBusy,
  UpdateFailed,
  type UpdateAttempt,
  type UpdateOffer,
  type UpdateOutcome,
  type UpdateStatus
} from "../domain/Update.js"
import { Outgoing } from "../outgoing/Outgoing.js"
import * as Candidate from "./Candidate.js"
import * as Course from "./Course.js"
import { ReleaseSources } from "./ReleaseSource.js"
import * as SelfTest from "./SelfTest.js"
import { condemn, settle, stateOf } from "./Settle.js"
import * as Trial from "./Trial.js"
import { UpdateHost } from "./UpdateHost.js"
import * as UpdateJournal from "./UpdateJournal.js"
import type { Attempt, UpdateState } from "./UpdateState.js"
import * as Versions from "./Versions.js"
import { Vitals } from "./Vitals.js"

export interface ApplyRequest {
  /** Default: the newest. */
  readonly version?: string | undefined
  /** Who asks: `operator`, or the name of an uplink. */
  readonly by: string
  /** The text of the config that the new version is to run with; default: the one there is. */
  readonly config?: string | undefined
}

export class Updater extends Context.Tag("outpost/update/Updater")<
  Updater,
  {
    /** What the source offers, and whether it would be taken. Changes nothing. */
    readonly check: (version?: string) => Effect.Effect<UpdateOffer, UpdateFailed | StorageFailed>
    /**
     * The update is begun, durably, once it returns; `status` tells how it goes. A manifest that is refused begins nothing. The
     * same request again is answered with what it has begun, as long as that is not over.
     */
    readonly apply: (
      request: ApplyRequest
    ) => Effect.Effect<UpdateAttempt, UpdateFailed | UpdateBusy | NotLaunched | StorageFailed>
    /**
     * Returns to the version before this one, or out of a trial. Begun, durably, once it returns; refused where that version
     * does not take the config there is now.
     */
    readonly rollback: Effect.Effect<
      { readonly to: string | null },
      NoPreviousVersion | UpdateBusy | UpdateFailed | NotLaunched | StorageFailed
    >
    readonly status: Effect.Effect<UpdateStatus, StorageFailed>
    /** How the last one ended; a part of `status` that asks for little. */
    readonly last: Effect.Effect<UpdateStatus["last"], StorageFailed>
    /** Carries out what is begun, by this life or an earlier one, and stands the trial of the running version. */
    readonly work: Effect.Effect<never, StorageFailed, Vitals>
    /** As `work`, until nothing is left to do: for a command. */
    readonly finish: Effect.Effect<void, StorageFailed, Vitals>
  }
>() {}

type Needs = UpdateHost | ReleaseSources | Outgoing | FileSystem.FileSystem | Path.Path

export const make = Effect.fn("Updater.make")(function* (versions: Versions.Versions) {
  const context = yield* Effect.context<Needs>()
  const host = yield* UpdateHost
  const journal = yield* UpdateJournal.open(versions.journal)
  const one = yield* Effect.makeSemaphore(1)
  const begun = yield* Queue.sliding<void>(1)
  const now = stateOf(journal)
  let fetched: UpdateStatus["fetched"] = null
  /** Whether what is open was begun by an earlier life, and not taken up yet. */
  let inherited = yield* Effect.match(now, {
    onFailure: () => false,
    onSuccess: ({ attempt }) => attempt !== undefined
  })
  const { succession } = host
  yield* Effect.addFinalizer((exit) => (isWished(exit) ? Effect.ignore(discounted) : Effect.void))

  /** A version on trial that was asked to end is not to blame for it; one that fails, or is just gone, does not get here. */
  const discounted = Effect.gen(function* () {
    const { attempt, phase } = yield* now
    if (succession._tag !== "Launcher" || phase !== "trial" || host.running !== attempt?.to) return
    if (attempt.starts > 0) yield* journal.append({ step: "discounted" })
  })

  const circumstances = ({ latest }: UpdateState) =>
    Effect.map(host.settings, (settings) => ({ settings, running: host.running, latest }))
  const manifestOf = (version: string | undefined) =>
    Effect.flatMap(host.settings, Candidate.source).pipe(Effect.flatMap(({ manifest }) => manifest(version)))
  const launched = succession._tag === "Nobody" ? new NotLaunched() : Effect.void

  const check = Effect.fn("Updater.check")(function* (version?: string) {
    return yield* Candidate.offer(yield* manifestOf(version), yield* circumstances(yield* now))
  })

  const apply = Effect.fn("Updater.apply")(function* ({ by, config, version }: ApplyRequest) {
    yield* launched
    const state = yield* now
    const { attempt: open } = state
    if (open !== undefined) {
      const isSame = config !== undefined && open.to === version && open.by === by && open.config === config
      return isSame ? facts(open) : yield* new UpdateBusy({ version: open.to })
    }
    const { manifest, text } = yield* Candidate.trusted(yield* manifestOf(version), yield* circumstances(state))
    if (version !== undefined && version !== manifest.version) {
      const detail = `the source answered ${manifest.version} for ${version}`
      return yield* new UpdateFailed({ reason: "NotFound", detail })
    }
    const from = yield* Versions.current(versions)
    fetched = null
    yield* journal.append({ step: "begun", from, to: manifest.version, by, manifest: text, ...(config && { config }) })
    yield* Queue.offer(begun, undefined)
    const { attempt } = yield* now
    return attempt === undefined ? yield* Effect.dieMessage("a begun update is not in the journal") : facts(attempt)
  })

  /** The version that the journal or the link says comes next is started. */
  const succeed = Effect.gen(function* () {
    if (succession._tag === "Later") yield* settle(versions, journal)
    if (succession._tag === "Launcher") yield* succession.restart
  })

  /** A config of later may be none for a version of before, and a station that does not start can't be reached. */
  const proven = Effect.fnUntraced(function* (version: string) {
    const { text } = yield* host.config
    const settings = yield* host.settings
    yield* SelfTest.run({ versions, version, site: host.site, settings, config: text ?? undefined })
  })

  const rollback = Effect.gen(function* () {
    yield* launched
    const { attempt, last, phase, previous } = yield* now
    const detail = "an operator asked for it"
    if (phase === "trial" && attempt !== undefined) {
      yield* condemn(journal, attempt, "Operator", detail)
      yield* succeed
      return { to: attempt.from }
    }
    if (attempt !== undefined) return yield* new UpdateBusy({ version: attempt.to })
    if (previous === undefined || last === undefined) return yield* new NoPreviousVersion()
    const { version } = previous
    if (version !== null && !(yield* Versions.isInstalled(versions, version))) return yield* new NoPreviousVersion()
    if (version !== null) yield* proven(version)
    yield* journal.append({ step: "rolling-back", to: version, reason: "Operator", detail, path: "", config: null })
    yield* succeed
    return { to: version }
  }).pipe(Effect.withSpan("Updater.rollback"))

  const last = Effect.map(now, (state) => (state.last === undefined ? null : outcomeOf(state.last)))

  const status = Effect.gen(function* () {
    const { attempt, phase, previous } = yield* now
    const { source } = yield* host.settings
    const answer: UpdateStatus = {
      running: host.running,
      current: yield* Versions.current(versions),
      previous: previous ?? null,
      phase,
      attempt: attempt === undefined ? null : facts(attempt),
      fetched: phase === "fetching" ? fetched : null,
      trial: phase === "trial" && attempt?.onTrialSince !== undefined ? trialOf(attempt, attempt.onTrialSince) : null,
      last: yield* last,
      installed: yield* Versions.installed(versions),
      source: Option.getOrNull(Option.map(source, ({ use }) => use)),
      launched: succession._tag === "Launcher"
    }
    return answer
  })

  /** One thing that is to be done now; answers whether there was one. */
  const turn = Effect.gen(function* () {
    const { attempt, last, phase, previous } = yield* now
    if (last !== undefined && !last.told) {
      yield* host.report(outcomeOf(last), last.config)
      yield* journal.append({ step: "told" })
      return true
    }
    if (attempt === undefined || phase === "rolling-back") return false
    if (phase === "trial") {
      if (host.running !== attempt.to) return false
      yield* Trial.pass(journal, Duration.millis(attempt.switching?.trial ?? 0))
      yield* keepFew(attempt.to, attempt.from)
      return true
    }
    if (attempt.switching === undefined) {
      const kept = [yield* Versions.current(versions), attempt.from, previous?.version]
      yield* carriedOut(attempt).pipe(
        Effect.catchTag("UpdateFailed", (failure) =>
          Effect.zipRight(
            Course.clear(versions, kept, failure),
            journal.append({ step: "failed", reason: failure.reason, detail: failure.detail })
          )
        )
      )
      return true
    }
    yield* succeed
    // The launcher ends this process: until then there is nothing more to do.
    return succession._tag === "Later"
  }).pipe(Effect.provide(context))

  /** A release that takes the machine down with it each time must not be tried for ever. */
  const carriedOut = (attempt: NonNullable<UpdateState["attempt"]>) =>
    Effect.gen(function* () {
      if (attempt.resumes >= mostResumes)
        return yield* new UpdateFailed({ reason: "Interrupted", detail: "it was cut off too often" })
      if (inherited) yield* journal.append({ step: "resumed" })
      inherited = false
      const onProgress = (bytes: number, size: number) => void (fetched = { bytes, size })
      yield* Course.follow({ versions, journal, onProgress }, attempt)
    })

  const keepFew = (...used: ReadonlyArray<string | null>) =>
    Effect.gen(function* () {
      const { keep } = yield* host.settings
      const kept = new Set(used.filter((version) => version !== null))
      for (const version of (yield* Versions.installed(versions)).toReversed()) if (kept.size < keep) kept.add(version)
      const gone = yield* Effect.orElseSucceed(Versions.prune(versions, kept), () => [])
      if (gone.length > 0) yield* journal.append({ step: "pruned", versions: gone })
    })

  const finish = Effect.repeat(turn, { until: (did) => !did }).pipe(Effect.asVoid)
  return Updater.of({
    check: (version) => Effect.provide(check(version), context),
    apply: (request) => one.withPermits(1)(Effect.provide(apply(request), context)),
    rollback: one.withPermits(1)(Effect.provide(rollback, context)),
    status: Effect.provide(status, context),
    last,
    finish,
    work: Effect.forever(Effect.zipRight(finish, Queue.take(begun)))
  })
})

export const layer = (versions: Versions.Versions): Layer.Layer<Updater, never, Needs> =>
  Layer.scoped(Updater, make(versions))

// ---------------------------------------------------------------------------------------------------------------------

const mostResumes = 5

const isWished = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)

const facts = ({ begun, by, from, to }: UpdateAttempt): UpdateAttempt => ({ from, to, begun, by })

/** Each start has the whole time before it. */
const trialOf = ({ complaints, starts, switching }: Attempt, since: string): UpdateStatus["trial"] => ({
  until: DateTime.formatIso(DateTime.add(DateTime.unsafeMake(since), { millis: switching?.trial ?? 0 })),
  starts,
  most_starts: switching?.starts ?? 1,
  complaints
})

const outcomeOf = ({ begun, by, detail, ended, from, outcome, reason, to }: UpdateOutcome): UpdateOutcome => ({
  from,
  to,
  begun,
  by,
  ended,
  outcome,
  reason,
  detail
})
