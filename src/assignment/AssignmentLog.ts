/** The assignments of a scan, in the order of its events. One log for each mapping, from the controller to all others. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { MappingId, WorkAssignment } from "./WorkAssignment.js"

export class AssignmentLog extends Context.Tag("outpost/AssignmentLog")<
  AssignmentLog,
  {
    /** Appends one entry that holds all of these; whole or not at all. */
    readonly append: (
      mapping: MappingId,
      assignments: ReadonlyArray<WorkAssignment>
    ) => Effect.Effect<void, EnsembleUnreachable>
    /**
     * Every assignment from the first one on, in chunks as they come, each event once and in the order of the events, those
     * without streams too. Waits out a lost link and goes on behind the last entry it has seen. Never ends.
     */
    readonly read: (mapping: MappingId) => Stream.Stream<WorkAssignment>
    /** Forgets the log of a mapping; one that is not there is none. */
    readonly remove: (mapping: MappingId) => Effect.Effect<void, EnsembleUnreachable>
    /** Forgets the logs of all mappings, those of controllers that are gone, too. */
    readonly clear: Effect.Effect<void, EnsembleUnreachable>
  }
>() {}
