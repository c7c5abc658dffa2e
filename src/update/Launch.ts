/**
 * The launcher: starts the version that `current` names, and the next one when it asks for that. A version on trial that ends
 * too often, or is not healthy when its time is over, is ended, and the one before it returns with its config. There is never
 * more than one running: the next is started when the last has ended, which gives its lock back last.
 *
 * It is not part of what is updated, so it knows little: the journal, the link, exit codes.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { StorageFailed } from "../domain/Refusal.js"
import { restartCode } from "./ExitCode.js"
import type { Ended, Life } from "./internal/launchedProcess.js"
import { condemn, settle, stateOf } from "./Settle.js"
import * as UpdateJournal from "./UpdateJournal.js"
import { type Attempt, initial } from "./UpdateState.js"
import * as Versions from "./Versions.js"

export type { Ended, Life } from "./internal/launchedProcess.js"

/** Codes of the command line that say something about the site, not about the version. */
const badUsage = 2
const locked = 4

export interface Options {
  readonly versions: Versions.Versions
  /** What is started while no version was installed by an update. */
  readonly base: string
  /** Starts an entry. */
  readonly start: (entry: string) => Effect.Effect<Life, Error>
}

type Files = FileSystem.FileSystem | Path.Path

/** Goes on until a version ends for good; answers the exit code. An interruption ends the running version in order. */
export const run = (options: Options): Effect.Effect<number, never, Files> =>
  Effect.gen(function* () {
    for (let pause = shortest; ;) {
      const trial = yield* prepared(options)
      const [lasted, ending] = yield* Effect.timed(oneLife(options, trial))
      const wished = yield* noted(options, trial, ending)
      if (ending._tag === "Ended") {
        const { code } = ending.how
        if ((code === 0 && wished) || (code === badUsage && trial === undefined)) return code
        if (code === restartCode && Duration.greaterThan(lasted, "1 second")) continue
      }
      const steady = Duration.greaterThan(lasted, "1 minute")
      pause = trial !== undefined || steady ? shortest : Duration.min(Duration.times(pause, 2), longest)
      if (ending._tag === "Ended") yield* Effect.sleep(pause)
    }
  })

// ---------------------------------------------------------------------------------------------------------------------

const shortest = Duration.seconds(1)
const longest = Duration.minutes(1)

/** Where the site, or its address, is taken for longer than so many starts, the version on trial may be to blame. */
const mostDiscounts = 60

/** How long a version may take to end before it is made to. Drains of uplinks are within it. */
const shutdown = Duration.minutes(11)

/** How a life came to its end. */
type Ending = { readonly _tag: "Ended"; readonly how: Ended } | { readonly _tag: "Unproven" }

/** Finishes what was begun; answers the update whose version is about to be started on trial, and counts that start. */
const prepared = (options: Options): Effect.Effect<Attempt | undefined, never, Files> =>
  inJournal(options, undefined, (journal) =>
    Effect.gen(function* () {
      const { attempt, phase } = yield* settle(options.versions, journal)
      if (phase !== "trial" || attempt === undefined) return undefined
      const here = (yield* Versions.current(options.versions)) === attempt.to
      const most = attempt.switching?.starts ?? 1
      if (here && attempt.starts < most) {
        yield* journal.append({ step: "started" })
        return attempt
      }
      const times = attempt.starts === 1 ? "once" : `${attempt.starts} times`
      const why = here ? `it ended ${times} before it was healthy` : "its directory is gone"
      yield* condemn(journal, attempt, "Crashed", `version ${attempt.to}: ${why}${doubts(attempt)}`)
      yield* settle(options.versions, journal)
      return undefined
    })
  )

/** Starts what `current` names, and returns when it has ended, or when its trial has. */
const oneLife = (options: Options, trial: Attempt | undefined): Effect.Effect<Ending, never, Files> =>
  Effect.scoped(
    Effect.gen(function* () {
      const version = yield* Versions.current(options.versions)
      const entry = version === null ? options.base : yield* Versions.entryOf(options.versions, version)
      yield* Effect.logInfo(`starting ${version ?? "the version installed by hand"}`)
      const life = yield* Effect.acquireRelease(options.start(entry), ({ stop }) => stop(shutdown))
      const ended = Effect.map(life.ended, (how): Ending => ({ _tag: "Ended", how }))
      if (trial === undefined) return yield* ended
      const ending = yield* Effect.raceFirst(ended, trialOver(options, trial))
      // It may hang: what it has not done in its time it is not waited for.
      if (ending._tag === "Unproven") yield* life.stop("3 seconds")
      return ending
    })
  ).pipe(
    Effect.catchAll((error) =>
      Effect.as(Effect.logError(`it can't be started: ${error.message}`), {
        _tag: "Ended" as const,
        how: { code: 1, signal: null }
      })
    )
  )

/** Returns when the time of the trial is over and the version is not healthy by then; else never. */
const trialOver = (options: Options, trial: Attempt): Effect.Effect<Ending, never, Files> =>
  Effect.gen(function* () {
    yield* Effect.sleep(Duration.millis(trial.switching?.trial ?? 0))
    const { phase } = yield* inJournal(options, initial, stateOf)
    return phase === "trial" ? { _tag: "Unproven" } : yield* Effect.never
  })

/**
 * What the end of a life says of the version that was on trial; answers whether it may have been wished for: a version on trial
 * that was asked to end has taken its start back by then.
 */
const noted = (options: Options, trial: Attempt | undefined, ending: Ending): Effect.Effect<boolean, never, Files> => {
  if (trial === undefined) return Effect.succeed(true)
  return inJournal(options, true, (journal) =>
    Effect.gen(function* () {
      const { attempt, phase } = yield* stateOf(journal)
      if (phase !== "trial" || attempt === undefined) return true
      if (ending._tag === "Unproven") {
        const limit = Duration.format(Duration.millis(attempt.switching?.trial ?? 0))
        const detail = `version ${attempt.to} was not healthy within ${limit}${doubts(attempt)}`
        yield* condemn(journal, attempt, "Unproven", detail)
        return false
      }
      const { code, signal } = ending.how
      yield* Effect.logWarning(`version ${attempt.to}, on trial, ended by ${signal ?? `code ${code}`}`)
      if (code === locked && attempt.discounts < mostDiscounts) yield* journal.append({ step: "discounted" })
      return attempt.starts <= trial.starts
    })
  )
}

const doubts = ({ complaints }: Attempt): string => (complaints.length === 0 ? "" : ` (${complaints.join("; ")})`)

/** A disk that takes no notes keeps nothing from being started. */
const inJournal = <A>(
  { versions }: Options,
  otherwise: A,
  use: (journal: UpdateJournal.UpdateJournal) => Effect.Effect<A, StorageFailed, Files>
): Effect.Effect<A, never, Files> =>
  Effect.scoped(Effect.flatMap(UpdateJournal.open(versions.journal), use)).pipe(
    Effect.catchAll((error) => Effect.as(Effect.logError(`the journal of updates: ${error.message}`), otherwise))
  )
