/**
 * Scans that belong to runs: a run that starts on this site begins a scan with the trigger map of a file, a run that stops ends
 * that scan. The summary of the scan is stored before the run ends, so that it is an event of the run.
 *
 * A scan that ends by itself is not begun again, and one that somebody else has begun is left alone. Where services are still
 * missing the scan begins as soon as they are there. After a start of the site a run that is active begins a scan of its own.
 *
 * Beginning and ending take turns: a run that stops while its scan is being begun waits for it, and ends it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Controller } from "../ingest/controller/Controller.js"
import { TriggerMap } from "../ingest/controller/TriggerMap.js"
import { RunContext } from "../run/RunContext.js"

export interface RunScan {
  /** Follows the runs of this site with its controller. Never ends. */
  readonly follow: (controller: Context.Tag.Service<Controller>) => Effect.Effect<void, never, Scope.Scope>
  /** To be told when the summary of a scan is stored. */
  readonly stored: (mapping: string) => Effect.Effect<void>
}

/** For a site whose runs have no scans. */
export const none: RunScan = { follow: () => Effect.void, stored: () => Effect.void }

/** `mapFile` is an absolute path; it is read anew for each run. */
export const make = (mapFile: string): Effect.Effect<RunScan, never, FileSystem.FileSystem | RunContext> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const runs = yield* RunContext
    const turn = yield* Effect.makeSemaphore(1)
    let newest = ""
    let stopping = false
    let bound: { readonly mapping: string; readonly over: Deferred.Deferred<void> } | undefined

    const attempt = Effect.fnUntraced(function* (controller: Context.Tag.Service<Controller>, map: TriggerMap) {
      if (stopping) return
      const mapping = yield* controller.begin(map).pipe(
        // The ensemble goes on with the new map as soon as all follow.
        Effect.catchTag("NotTaken", (late) => Effect.as(Effect.logWarning(late.message), late.mapping))
      )
      bound = newest === mapping ? undefined : { mapping, over: yield* Deferred.make<void>() }
    })

    const begin = (controller: Context.Tag.Service<Controller>, run: string) =>
      Effect.gen(function* () {
        const map = yield* Effect.flatMap(files.readFileString(mapFile), decodeMap)
        yield* turn
          .withPermits(1)(Effect.uninterruptible(attempt(controller, map)))
          .pipe(
            Effect.tapError((error) => Effect.logWarning(`the scan of run ${run} has not begun: ${error.message}`)),
            Effect.retry({ schedule: again, while: passes })
          )
      }).pipe(Effect.catchAll((error) => Effect.logError(`run ${run} has no scan with ${mapFile}: ${error.message}`)))

    const end = (controller: Context.Tag.Service<Controller>) =>
      turn.withPermits(1)(
        Effect.suspend(() => {
          stopping = true
          return bound === undefined ? Effect.void : Effect.zipRight(controller.stop, Deferred.await(bound.over))
        })
      )

    const follow: RunScan["follow"] = (controller) =>
      Effect.zipRight(
        runs.beforeStop(end(controller)),
        runs.changes.pipe(
          Stream.flatMap(
            Option.match({
              onNone: () => Stream.fromEffect(end(controller)),
              onSome: (run) => {
                stopping = false
                return Stream.fromEffect(begin(controller, run.run_id))
              }
            }),
            { switch: true }
          ),
          Stream.runDrain
        )
      )

    const stored: RunScan["stored"] = (mapping) =>
      Effect.suspend(() => {
        newest = mapping
        if (bound?.mapping !== mapping) return Effect.void
        const { over } = bound
        bound = undefined
        return Effect.asVoid(Deferred.succeed(over, undefined))
      })

    return { follow, stored }
  })

// -----------------------------------------------------------------------------

/** Services that are still coming up, or can't be reached, are asked again. */
const again = Schedule.spaced("2 seconds")

const decodeMap = Schema.decode(Schema.parseJson(TriggerMap))

/** What may be otherwise in a moment. */
const passes = (error: { readonly _tag: string; readonly reason?: string }): boolean =>
  error._tag === "EnsembleUnreachable" || error.reason === "streams" || error.reason === "workers"
