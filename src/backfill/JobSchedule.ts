/**
 * What jobs do by themselves: candles of the collector look for new ones once a span, jobs with `every` or `cron` make their
 * range whole at those times, and jobs with `auto_heal` look for holes and fill them, so many windows at a time.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { StartBackfill } from "../domain/Backfill.js"
import type { Entry } from "../schedule/Schedules.js"
import * as Trigger from "../schedule/Trigger.js"
import { zoneOf } from "../site/Setting.js"
import type { Backfills } from "./Backfills.js"
import type { Job } from "./Job.js"
import type * as Context from "effect/Context"

const healEvery = Duration.minutes(10)
/** Windows of one look for holes. */
const healAtOnce = 1_000

/** Entries for the scheduler, in the order of the jobs. A cron expression that is none is logged and left out. */
export const entries = (
  jobs: ReadonlyArray<Job>,
  backfills: Context.Tag.Service<Backfills>
): Effect.Effect<ReadonlyArray<Entry>> =>
  Effect.map(
    Effect.forEach(jobs, (job) => (job.isHisto ? Effect.succeed(candles(job, backfills)) : own(job, backfills))),
    (lists) => numbered(lists.flat())
  )

// -----------------------------------------------------------------------------

/** As the daemon: one entry for each pair, `<exchange>_<A_B>_<span>`. */
const candles = (job: Job, backfills: Context.Tag.Service<Backfills>): ReadonlyArray<Entry> => {
  const span = Option.getOrElse(job.span, () => 60)
  return job.pairs.map((pair) => ({
    id: `${job.source}_${pair.replaceAll("/", "_")}_${span}`,
    name: `${job.source} ${pair} ${span}s`,
    section: "histo_jobs",
    trigger: Trigger.every(Duration.seconds(span)),
    missed: "once",
    fingerprint: JSON.stringify([job.name, pair, span]),
    work: run(backfills, { jobs: [job.name], pairs: [pair], collect: true })
  }))
}

const own = (job: Job, backfills: Context.Tag.Service<Backfills>) =>
  Effect.gen(function* () {
    const found: Array<Entry> = []
    const entry = (id: string, name: string, trigger: Trigger.Trigger, request: StartBackfill): Entry => ({
      id,
      name,
      section: "jobs",
      trigger,
      missed: "once",
      fingerprint: JSON.stringify([id, Trigger.describe(trigger), job.zone]),
      work: run(backfills, request)
    })
    const request = { jobs: [job.name] }
    if (Option.isSome(job.every)) {
      found.push(entry(job.name, `job ${job.name}`, Trigger.every(job.every.value), request))
    }
    if (Option.isSome(job.cron)) {
      const parsed = Trigger.cron(job.cron.value, zoneOf(job.zone))
      if (Either.isRight(parsed)) found.push(entry(job.name, `job ${job.name}`, parsed.right, request))
      else yield* Effect.logError(`job ${job.name}: ${parsed.left.message}`)
    }
    if (job.autoHeal) {
      const heal = { jobs: [job.name], limit: healAtOnce, retry_failed: true }
      found.push(entry(`heal_${job.name}`, `holes of ${job.name}`, Trigger.every(healEvery), heal))
    }
    return found
  })

const run = (backfills: Context.Tag.Service<Backfills>, request: StartBackfill): Effect.Effect<void> =>
  Effect.gen(function* () {
    const started = yield* backfills.startMissing(request)
    if (Option.isNone(started)) return
    const { id } = started.value
    const record = yield* backfills.await(id)
    if (record.complete !== true)
      yield* Effect.logWarning(`${id}: ${record.error ?? `${record.failed} windows failed`}`)
  }).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))

/** Two entries can't have one id. */
const numbered = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const taken = new Set<string>()
  return entries.map((entry) => {
    let { id } = entry
    for (let n = 2; taken.has(id); n++) id = `${entry.id}_${n}`
    taken.add(id)
    return id === entry.id ? entry : { ...entry, id }
  })
}
