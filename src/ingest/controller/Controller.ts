/**
 * The controller of an ensemble: takes trigger maps, hands out events to workers, keeps parameters, and knows how far the
 * scan is. One for each ensemble.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import type { IngesterState, ReducerState, WorkerState } from "../../assignment/ServiceState.js"
import type { MappingId } from "../../assignment/WorkAssignment.js"
import type { ParameterRefused } from "./ParameterRefused.js"
import type { ScanSummary } from "./ScanSummary.js"
import type { ScanStatus, WorkerLoad } from "./ScanStatus.js"
import type { MapRefused, NotTaken, TriggerMap } from "./TriggerMap.js"

/** All services that live, and the versions of parameters in force. */
export interface EnsembleState {
  readonly ingesters: ReadonlyArray<IngesterState>
  readonly workers: ReadonlyArray<WorkerState>
  readonly reducer: ReducerState | null
  readonly controller_version: string | null
  readonly parameters_version: Readonly<Record<string, string>>
  readonly parameters_hash: string
}

/** How far the scan is. `processed`, `reassigned` and `lost` are disjoint and add up to `total_events` when it is finished. */
export interface Progress {
  readonly last_assigned: number
  readonly completed_events: number
  readonly total_events: number
  readonly finished: boolean
  readonly processed: number
  readonly reassigned: number
  readonly lost: number
  /** Results that workers have sent and the reducer of now does not have. */
  readonly results_lost: number
}

export class Controller extends Context.Tag("outpost/Controller")<
  Controller,
  {
    readonly ensemble: Effect.Effect<EnsembleState, EnsembleUnreachable>
    /**
     * Begins a scan, ending the one before. Done when every service has taken the map up. `MapRefused` for a map that can't
     * work (streams that nobody has, fewer workers than it needs, unequal lengths, parts that do not exist); `NotTaken` when
     * services did not follow in time: the ensemble goes on with the new map as soon as they do.
     */
    readonly begin: (
      map: TriggerMap,
      options?: { readonly allWrap?: boolean; readonly onWorkerLoss?: "reassign" | "lose" }
    ) => Effect.Effect<MappingId, MapRefused | NotTaken | EnsembleUnreachable>
    /** The map of the present scan with what was added to it, and its name. */
    readonly map: Effect.Effect<TriggerMap>
    /** Ends the scan, whatever is done. */
    readonly stop: Effect.Effect<void>
    readonly progress: Effect.Effect<Progress>
    /** Everything that is known of the scan; grows with its events. */
    readonly status: Effect.Effect<ScanStatus>
    /** How busy each worker was over so many events, by the name of the interval; `scan` for all of it. */
    readonly load: (
      intervals: ReadonlyArray<number>,
      scan: boolean
    ) => Effect.Effect<Readonly<Record<string, WorkerLoad>>>
    /**
     * Sets a parameter for all services; answers the new hash over all parameters. `ParameterRefused` for a name with `:`, and
     * for a `dump_prefix` outside of the directories that the config allows.
     */
    readonly setParameter: (
      name: string,
      value: Uint8Array
    ) => Effect.Effect<string, ParameterRefused | EnsembleUnreachable>
    readonly parameter: (name: string) => Effect.Effect<Option.Option<Uint8Array>, EnsembleUnreachable>
    /** What services say of their parameters, by name, with `dump_prefix`. */
    readonly parameters: Effect.Effect<ReadonlyArray<ParameterDescription>, EnsembleUnreachable>
    /** The progress each time it changes, at most ten times a second, beginning with that of now. */
    readonly changes: Stream.Stream<Progress>
    /** One for each scan that ends, whichever way. */
    readonly summaries: Stream.Stream<ScanSummary>
  }
>() {}
