/** What services report during a scan. One log for each mapping, from all to the controller. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "./EnsembleError.js"
import type { ServiceUpdate } from "./ServiceUpdate.js"
import type { MappingId } from "./WorkAssignment.js"

export class ReadyLog extends Context.Tag("outpost/ReadyLog")<
  ReadyLog,
  {
    /**
     * Appends these in their order, each as an entry of its own, in one round trip. After a failure some of them may stand in
     * the log: who repeats all of them repeats those, too.
     */
    readonly append: (
      mapping: MappingId,
      ...updates: ReadonlyArray<ServiceUpdate>
    ) => Effect.Effect<void, EnsembleUnreachable>
    /**
     * Every report from the first one on, in the order in which they arrived, in chunks as they come. What is no report is
     * logged and left out. Waits out a lost link and goes on behind the last entry it has seen. Never ends.
     */
    readonly read: (mapping: MappingId) => Stream.Stream<ServiceUpdate>
    /** Forgets the log of a mapping; one that is not there is none. */
    readonly remove: (mapping: MappingId) => Effect.Effect<void, EnsembleUnreachable>
    /** Forgets the logs of all mappings, those of controllers that are gone, too. */
    readonly clear: Effect.Effect<void, EnsembleUnreachable>
  }
>() {}
