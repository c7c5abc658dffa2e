/**
 * All that holds an ensemble together. A driver gives the whole of it in one layer: `InProcessEnsemble` within a process,
 * `RedisEnsemble` between processes and machines.
 */
import * as Schedule from "effect/Schedule"
import type { AssignmentLog } from "./AssignmentLog.js"
import type { ControllerLock } from "./ControllerLock.js"
import type { EnsembleLog } from "./EnsembleLog.js"
import type { ParameterStore } from "./ParameterStore.js"
import type { ReadyLog } from "./ReadyLog.js"
import type { ServiceRegistry } from "./ServiceRegistry.js"
import type { TickClock } from "./TickClock.js"
import type { UpdateLog } from "./UpdateLog.js"

export type Ensemble =
  AssignmentLog | ControllerLock | EnsembleLog | ParameterStore | ReadyLog | ServiceRegistry | TickClock | UpdateLog

/** How many of the controller's updates are kept, about. */
export const keptUpdates = 1_000

/** How long a service lives on after it last said so, a description with it, and a lock after it was last renewed. */
export const lifetime = "10 seconds"

/** How long a value of a parameter can still be had after a newer one was put. */
export const supersededLifetime = "1 minute"

/** How long a controller waits for the lock of its predecessor, and how often it asks. */
export const untilFree: Schedule.Schedule<number> = Schedule.spaced("2 seconds").pipe(
  Schedule.intersect(Schedule.recurs(30)),
  Schedule.map(([count]) => count)
)
