/** The verbs of a streaming ensemble: scans, how far they are, and parameters. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { EnsembleUnreachable } from "../assignment/EnsembleError.js"
import type { EnsembleLogLevel, EnsembleLogLine } from "../assignment/EnsembleLog.js"
import type { ParameterDescription } from "../assignment/ParameterDescription.js"
import type { EnsembleState, Progress } from "../ingest/controller/Controller.js"
import type { ParameterRefused } from "../ingest/controller/ParameterRefused.js"
import type { ScanStatus, WorkerLoad } from "../ingest/controller/ScanStatus.js"
import type { MapRefused, NotTaken, TriggerMap } from "../ingest/controller/TriggerMap.js"
import type { IngestServices } from "./IngestServices.js"
import type { Remote } from "./Unreachable.js"

/** The part of an ensemble that was asked does not run here. */
export class IngestOff extends Schema.TaggedError<IngestOff>()("IngestOff", {
  part: Schema.Literal("controller", "reducer")
}) {
  override get message() {
    return `no ${this.part} of an ensemble runs here: set ingest.${this.part} in the config, or ask the one that runs elsewhere`
  }
}

/** Nobody has set the parameter and nobody describes it. */
export class ParameterNotFound extends Schema.TaggedError<ParameterNotFound>()("ParameterNotFound", {
  name: Schema.String
}) {
  override get message() {
    return "Parameter not found"
  }
}

export type IngestError = IngestOff | EnsembleUnreachable | Remote

export interface BeginScan {
  readonly map: TriggerMap
  /** Adds an event at both ends that carries the first and the last message of each stream; default true. */
  readonly allWrap?: boolean | undefined
  /** What becomes of the events of a worker that dies; default `reassign`. */
  readonly onWorkerLoss?: "reassign" | "lose" | undefined
}

export class IngestOperations extends Context.Tag("outpost/operations/IngestOperations")<
  IngestOperations,
  {
    /** All services that live, with the versions of parameters in force. */
    readonly ensemble: Effect.Effect<EnsembleState, IngestError>
    /** How those of its services that run on this site, in its process, are doing. */
    readonly services: Effect.Effect<IngestServices, Remote>
    /** Begins a scan, which ends the one before; answers its id once every service has taken it up. */
    readonly begin: (scan: BeginScan) => Effect.Effect<string, MapRefused | NotTaken | IngestError>
    /** The map of the present scan with what was added to it. */
    readonly map: Effect.Effect<TriggerMap, IngestError>
    /** Ends the scan, whatever is done. */
    readonly stop: Effect.Effect<void, IngestError>
    readonly progress: Effect.Effect<Progress, IngestError>
    /** The progress of now, then each change, at most ten in a second. */
    readonly follow: Stream.Stream<Progress, IngestError>
    /** Everything that is known of the scan; grows with its events. */
    readonly status: Effect.Effect<ScanStatus, IngestError>
    /** How busy each worker was over its last events, and over the whole scan. */
    readonly load: (query: {
      readonly intervals: ReadonlyArray<number>
      readonly scan: boolean
    }) => Effect.Effect<Readonly<Record<string, WorkerLoad>>, IngestError>
    /** Sets a parameter for all services; answers the new hash over all parameters. */
    readonly setParameter: (name: string, value: Uint8Array) => Effect.Effect<string, ParameterRefused | IngestError>
    readonly parameter: (name: string) => Effect.Effect<Uint8Array, ParameterNotFound | IngestError>
    readonly parameters: Effect.Effect<ReadonlyArray<ParameterDescription>, IngestError>
    /** What the services have logged at or above a level: the newest thousand lines or so, oldest first. */
    readonly logs: (level: EnsembleLogLevel) => Effect.Effect<ReadonlyArray<EnsembleLogLine>, IngestError>
    /** Every line that is logged from now on. */
    readonly followLogs: Stream.Stream<EnsembleLogLine, IngestOff | Remote>
    /** What the reducer of this site has published, as JSON can carry it. */
    readonly published: Effect.Effect<Readonly<Record<string, unknown>>, IngestOff | Remote>
    /**
     * The same, now and after changes, at most a few times a second. In place of an array with more than `largest` numbers
     * stands what it is: `{ left_out: true, dtype, shape }`.
     */
    readonly followPublished: (options?: {
      readonly largest?: number | undefined
    }) => Stream.Stream<Readonly<Record<string, unknown>>, IngestOff | Remote>
  }
>() {}
