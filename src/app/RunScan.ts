/**
 * Scans that belong to runs: a run that starts on this site begins a scan with the trigger map of a file, a run that stops ends
 * that scan. The summary of the scan is stored before the run ends, so that it is an event of the run.
 *
 * A scan that ends by itself is not begun again, and one that somebody else has begun is left alone. Where services are still
 * missing the scan begins as soon as they are there. After a start of the site a run that is active begins a scan of its own.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { Controller } from "../ingest/controller/Controller.js"
import { TriggerMap } from "../ingest/controller/TriggerMap.js"
import { RunContext } from "../run/RunContext.js"

export interface Options {
  readonly controller: Context.Tag.Service<Controller>
  /** An absolute path, read anew for each run. */
  readonly mapFile: string
  /** The mapping of the newest scan whose summary is stored. */
  readonly stored: SubscriptionRef.SubscriptionRef<string>
}

/** Follows the runs of this site. Never ends. */
export const follow = (
  options: Options
): Effect.Effect<void, never, FileSystem.FileSystem | RunContext | Scope.Scope> =>
  Effect.gen(function* () {
    const runs = yield* RunContext
    const bound = yield* Ref.make(Option.none<string>())
    yield* runs.beforeStop(end(options, bound))
    yield* runs.changes.pipe(
      Stream.flatMap(
        Option.match({
          onNone: () => Stream.empty,
          onSome: (run) =>
            Stream.fromEffect(Effect.flatMap(begin(options, run.run_id), (mapping) => Ref.set(bound, mapping)))
        }),
        { switch: true }
      ),
      Stream.runDrain
    )
  })

// -----------------------------------------------------------------------------

/** Services that are still coming up, or did not follow in time. */
const again = Schedule.spaced("2 seconds")

/** The mapping of the scan, or none where the map can't be used at all. */
const begin = ({ controller, mapFile }: Options, run: string) =>
  Effect.gen(function* () {
    const text = yield* (yield* FileSystem.FileSystem).readFileString(mapFile)
    const map = yield* decodeMap(text)
    const mapping = yield* controller.begin(map).pipe(
      // It goes on with the new map as soon as all follow.
      Effect.catchTag("NotTaken", (late) => Effect.as(Effect.logWarning(late.message), late.mapping)),
      Effect.tapError((error) => Effect.logWarning(`the scan of run ${run} has not begun: ${error.message}`)),
      Effect.retry({
        schedule: again,
        while: (error) => error._tag === "EnsembleUnreachable" || error.reason === "streams" || error.reason === "workers"
      })
    )
    yield* Effect.logInfo(`run ${run} has begun the scan ${mapping}`)
    return Option.some<string>(mapping)
  }).pipe(
    Effect.catchAll((error) =>
      Effect.as(Effect.logError(`run ${run} has no scan: ${mapFile}: ${error.message}`), Option.none<string>())
    )
  )

/** Ends the scan of the run, if it is not over, and waits until its summary is stored. */
const end = ({ controller, stored }: Options, bound: Ref.Ref<Option.Option<string>>) =>
  Effect.flatMap(
    Ref.getAndSet(bound, Option.none()),
    Option.match({
      onNone: () => Effect.void,
      onSome: (mapping) =>
        Effect.gen(function* () {
          if ((yield* SubscriptionRef.get(stored)) === mapping) return
          yield* controller.stop
          yield* stored.changes.pipe(
            Stream.filter((newest) => newest === mapping),
            Stream.runHead
          )
        })
    })
  )

const decodeMap = Schema.decode(Schema.parseJson(TriggerMap))
