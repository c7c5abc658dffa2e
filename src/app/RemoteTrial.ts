/**
 * One config from afar on its way: written over the file, watched, accepted or taken back. Each step is durable before what it
 * announces is done, and doing it a second time changes nothing, so that `resume` goes on wherever a death came between.
 *
 * Time is counted in looks, not told by the clock: a clock that is set right ends no trial.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { SupervisionTree } from "../actor/SupervisionTree.js"
import { asStorageFailed, type StorageFailed } from "../domain/Refusal.js"
import type { Outbox } from "../outbox/Outbox.js"
import * as DurableFile from "../site/DurableFile.js"
import type { Redaction } from "../site/Redaction.js"
import { Site } from "../site/Site.js"
import { Uplinks } from "../uplink/Uplinks.js"
import { ConfigFile } from "./ConfigFile.js"
import * as Failpoint from "./Failpoint.js"
import * as RemoteRecord from "./RemoteRecord.js"
import * as RemoteReport from "./RemoteReport.js"
import type * as Shape from "./ConfigShape.js"

export interface Candidate {
  readonly revision: number
  readonly uplink: string
  readonly document: Shape.Mapping
}

export interface RemoteTrial {
  readonly record: () => RemoteRecord.RemoteRecord
  /** Durable once it returns. */
  readonly remember: (next: RemoteRecord.RemoteRecord) => Effect.Effect<void, StorageFailed>
  /** Takes back what is on trial, if anything is: another config came. */
  readonly giveWay: (revision: number) => Effect.Effect<void, StorageFailed>
  /** Puts a config in force, on trial; a trial that is on gives way. */
  readonly begin: (candidate: Candidate) => Effect.Effect<void, StorageFailed>
  /** Goes on where an earlier life was cut off. */
  readonly resume: Effect.Effect<void, StorageFailed>
  /** Looks at the trial, where one is on: to be called every `interval` then. */
  readonly look: Effect.Effect<void, StorageFailed>
  /** Milliseconds from one look to the next. */
  readonly interval: () => number
}

type Needs = ConfigFile | FileSystem.FileSystem | Outbox | Path.Path | Redaction | Site | SupervisionTree | Uplinks

export const make: Effect.Effect<RemoteTrial, StorageFailed, Needs> = Effect.gen(function* () {
  const config = yield* ConfigFile
  const site = yield* Site
  const tree = yield* SupervisionTree
  const uplinks = yield* Uplinks
  const context = yield* Effect.context<Needs>()
  const reached = (yield* Failpoint.step) ?? (() => {})
  let record = yield* RemoteRecord.load
  /** Looks left, and the signs of health, of the trial that is on. */
  let watch = { left: 0, settling: 0, confirmed: -1 }

  const remember = (next: RemoteRecord.RemoteRecord) =>
    Effect.zipRight(
      RemoteRecord.save(next),
      Effect.sync(() => void (record = next))
    )
  const enter = (trying: RemoteRecord.Trying, step: RemoteRecord.Step) =>
    Effect.zipRight(
      remember({ ...record, trying: { ...trying, step } }),
      Effect.sync(() => reached(`remote.${step}`))
    )
  const ailing = Effect.map(tree.get, ({ nodes }) =>
    nodes.filter(({ status }) => unwell.has(status)).map(({ path, status }) => `${path} is ${status}`)
  )
  const intervalOf = (trial: number) => Math.max(20, Math.min(1000, trial / 40))

  const watchFor = (trial: number, left: number) => {
    const interval = intervalOf(trial)
    const settling = Math.min(60_000, Math.max(interval, trial / 10))
    watch = { left: Math.ceil(left / interval), settling: Math.ceil(settling / interval), confirmed: -1 }
  }

  const finish = Effect.fnUntraced(function* (
    trying: Pick<RemoteRecord.Trying, "document" | "revision">,
    status: "accepted" | "rejected",
    reason?: string
  ) {
    yield* RemoteReport.config(status, trying.document, reason)
    if (reason !== undefined)
      yield* RemoteReport.line("ERROR", `config revision ${trying.revision} is rejected`, reason)
    yield* remember(RemoteRecord.withTried(record, trying.revision))
    yield* Effect.logInfo(`config revision ${trying.revision} is ${status}${reason === undefined ? "" : `: ${reason}`}`)
    // What the queue kept for uplinks that might have come back is no longer held for them.
    yield* uplinks.reconcile(yield* config.slice("uplinks"), { idle: false, keep: false })
  })

  const accept = (trying: RemoteRecord.Trying) =>
    Effect.zipRight(enter(trying, "accepting"), finish(trying, "accepted"))

  const revert = Effect.fnUntraced(function* (was: RemoteRecord.Trying, reason: string) {
    const trying = { ...was, reason }
    yield* enter(trying, "reverting")
    const back = yield* Effect.either(config.restore(trying.previous))
    reached("remote.reverted")
    if (back._tag === "Left" && back.left._tag === "StorageFailed") return yield* back.left
    const told = back._tag === "Right" ? reason : `${reason}; the config before can't be put back: ${back.left.message}`
    yield* finish(trying, "rejected", told)
  })

  const apply = Effect.fnUntraced(function* (trying: RemoteRecord.Trying) {
    const applied = yield* Effect.either(config.amend(trying.document))
    if (applied._tag === "Left") {
      const error = applied.left
      if (error._tag !== "StorageFailed") return yield* finish(trying, "rejected", RemoteReport.reasonOf(error))
      // It is not to blame: another delivery of it is a new chance.
      yield* RemoteReport.config("rejected", trying.document, error.message)
      return yield* remember({ ...record, trying: null })
    }
    reached("remote.applied")
    const now = yield* Clock.currentTimeMillis
    const text = yield* config.raw
    yield* enter({ ...trying, applied: text, until: now + trying.trial }, "trial")
    watchFor(trying.trial, trying.trial)
    yield* Effect.logInfo(`config revision ${trying.revision} from ${trying.uplink} is in force, on trial`)
  })

  const giveWay = (revision: number) =>
    Effect.suspend(() =>
      record.trying === null ? Effect.void : revert(record.trying, `revision ${revision} came while it was on trial`)
    )

  const begin = Effect.fnUntraced(function* ({ document, revision, uplink }: Candidate) {
    yield* giveWay(revision)
    const { trial } = yield* config.slice("remote")
    const previous = yield* config.raw
    yield* Effect.mapError(
      DurableFile.replace(join(site.outpostDirectory, "config-previous.yaml"), previous, { mode: 0o600 }),
      asStorageFailed("write", "config-previous.yaml")
    )
    const trying: RemoteRecord.Trying = {
      step: "applying",
      revision,
      uplink,
      document,
      path: config.path,
      previous,
      applied: "",
      trial: Duration.toMillis(trial),
      until: (yield* Clock.currentTimeMillis) + Duration.toMillis(trial),
      starts: 0,
      ailing: yield* ailing,
      reason: ""
    }
    yield* enter(trying, "applying")
    yield* apply(trying)
  })

  const resume = Effect.gen(function* () {
    const { trying } = record
    if (trying === null) return
    yield* Effect.logInfo(`config revision ${trying.revision}: goes on at '${trying.step}'`)
    switch (trying.step) {
      case "applying":
        return yield* apply(trying)
      case "trial": {
        const now = yield* Clock.currentTimeMillis
        const least = Math.min(trying.trial, atLeast)
        return watchFor(trying.trial, Math.min(trying.trial, Math.max(trying.until - now, least)))
      }
      case "accepting":
        return yield* accept(trying)
      case "reverting":
        return yield* revert(trying, trying.reason)
    }
  })

  const look = Effect.gen(function* () {
    const { trying } = record
    if (trying?.step === "reverting") return yield* revert(trying, trying.reason)
    if (trying?.step !== "trial") return
    if ((yield* config.raw) !== trying.applied) {
      yield* Effect.logWarning(`the config was edited on the spot: the trial of revision ${trying.revision} is over`)
      return yield* accept(trying)
    }
    const ill = (yield* ailing).filter((one) => !trying.ailing.includes(one))
    const confirmed = yield* uplinks.confirmed
    watch.left--
    watch.settling--
    if (watch.settling <= 0 && ill.length === 0) {
      if (watch.confirmed >= 0 && confirmed > watch.confirmed) return yield* accept(trying)
      if (watch.confirmed < 0) {
        // So that there is something to be confirmed.
        watch.confirmed = confirmed
        yield* RemoteReport.line("INFO", `config revision ${trying.revision} is in force, on trial`)
      }
    }
    if (watch.left > 0) return
    const missing = ill.length > 0 ? ill.join(", ") : "no message was confirmed over an uplink that takes configs"
    yield* revert(trying, `after ${Duration.format(Duration.millis(trying.trial))}: ${missing}`)
  })

  return {
    record: () => record,
    remember: (next) => Effect.provide(remember(next), context),
    giveWay: (revision) => Effect.provide(giveWay(revision), context),
    begin: (candidate) => Effect.provide(begin(candidate), context),
    resume: Effect.provide(resume, context),
    look: Effect.provide(look, context),
    interval: () => intervalOf(record.trying?.trial ?? 0)
  }
})

// -----------------------------------------------------------------------------

const unwell: ReadonlySet<string> = new Set(["starting", "degraded", "backing-off", "quarantined", "failed"])

/** What a trial that was cut off gets at least, in milliseconds: the site has to come up first. */
const atLeast = 60_000
