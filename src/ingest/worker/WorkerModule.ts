/**
 * What a user's module for workers exports. Everything but `process` may be left out; each function may be plain, `async`, or
 * give back an Effect.
 *
 * ```ts
 * export const parameters = [{ name: "threshold", description: "counts", dtype: "int", default: 10 }]
 * export const process = ({ event_number, streams }, { threshold }) => {
 *   const image = streams.eiger?.frames[1]
 *   return image === undefined ? undefined : { event_number, hot: image.filter((count) => count > threshold).length }
 * }
 * ```
 *
 * A worker that runs the module in several threads loads it in each one: what the module remembers between events, it
 * remembers by thread.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import type { Parameters } from "../ParameterValues.js"
import { describedParameters, type Given, mayCall, moduleOf, type UserCodeFailed } from "../UserCode.js"

/** A stream's share of an event. */
export interface StreamFrames {
  /** What the frames are, as their ingester says: `STINS`, `EIGER_LEGACY`, ... */
  readonly typ: string
  /** The parts of the message as they came from the detector. Not to be changed: others may read the same bytes. */
  readonly frames: ReadonlyArray<Uint8Array>
}

/** Everything of an event that this worker is given. The first and the last event of a scan carry the streams' start and end. */
export interface WorkerEvent {
  readonly event_number: number
  /** By the name of the stream. */
  readonly streams: Readonly<Record<string, StreamFrames>>
}

export interface WorkerModule {
  /** The parameters it reads; set by the ensemble, given to each function decoded. */
  readonly parameters?: ReadonlyArray<typeof ParameterDescription.Encoded> | undefined
  /** A scan begins: what was remembered of the one before is to be forgotten. */
  readonly start?: ((parameters: Parameters) => Given<unknown>) | undefined
  /**
   * One event. What it gives goes to the reducer: plain data (numbers, texts, lists, objects, typed arrays); `undefined` is no
   * result. `tick` is true for about one event of all workers in each `tickInterval`. An event that fails counts as processed,
   * without a result; the failure is told, and the worker goes on.
   */
  readonly process: (event: WorkerEvent, parameters: Parameters, tick: boolean) => Given<unknown>
  /** Called in each interval by about one worker of all, before an event. */
  readonly tick?: ((parameters: Parameters) => Given<unknown>) | undefined
  /** Seconds between ticks; without it, or with none above zero, there are none. */
  readonly tickInterval?: number | ((parameters: Parameters) => number) | undefined
  /** The scan has ended. */
  readonly finish?: ((parameters: Parameters) => Given<unknown>) | undefined
}

/** A module whose shape was looked at. */
export interface CheckedModule {
  readonly module: WorkerModule
  readonly parameters: ReadonlyArray<ParameterDescription>
}

/** Takes what a module exports, or its default export, for a module of workers; says what is wrong with it otherwise. */
export const check = (exports: unknown): Effect.Effect<CheckedModule, UserCodeFailed> =>
  Effect.gen(function* () {
    const module = yield* moduleOf(exports, isWorkerModule, "'process', and functions as 'start', 'tick' and 'finish'")
    return { module, parameters: yield* describedParameters(module.parameters) }
  })

// -----------------------------------------------------------------------------

const isWorkerModule = (candidate: unknown): candidate is WorkerModule =>
  Predicate.isRecord(candidate) &&
  typeof candidate["process"] === "function" &&
  mayCall(candidate, ["start", "tick", "finish"])
