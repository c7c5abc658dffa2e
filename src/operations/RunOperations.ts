/** The verbs of runs: start, stop, show, list. One run at a time; only `stop` ends one. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { InvalidInput, Overloaded, StorageFailed, TooLarge } from "../domain/Refusal.js"
import type { NoActiveRun, Run, RunAlreadyActive, RunNotFound, RunRefused, StartRun } from "../domain/Run.js"
import type { Remote } from "./Unreachable.js"

export type StartRunError =
  RunAlreadyActive | RunRefused | InvalidInput | TooLarge | StorageFailed | Overloaded | Remote

export type { StartRun }

export class RunOperations extends Context.Tag("outpost/operations/RunOperations")<
  RunOperations,
  {
    /** Starts a run: recorded durably before it returns. A refused start leaves no trace. */
    readonly start: (request: StartRun) => Effect.Effect<Run, StartRunError>
    /** Ends the active run and answers it as it was. */
    readonly stop: Effect.Effect<Run, NoActiveRun | StorageFailed | Overloaded | Remote>
    /** The active run. */
    readonly active: Effect.Effect<Option.Option<Run>, Remote>
    /** A run by its id; the newest where an id was used again. */
    readonly get: (runId: string) => Effect.Effect<Run, RunNotFound | Remote>
    /** All runs, newest first. */
    readonly list: Effect.Effect<ReadonlyArray<Run>, Remote>
  }
>() {}
