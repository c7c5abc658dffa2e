/**
 * What a user's module for the reducer exports. Everything but `reduce` may be left out; each function may be plain, `async`, or
 * give back an Effect.
 *
 * ```ts
 * export const publish = { hot: {} }
 * export const start = () => { publish.hot = {} }
 * export const reduce = ({ event_number, payload }) => { publish.hot[event_number] = payload.hot }
 * ```
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import type { Parameters } from "../ParameterValues.js"
import type { Result } from "../ResultMessages.js"
import { describedParameters, type Given, mayCall, moduleOf, type UserCodeFailed } from "../UserCode.js"

export interface ReducerModule {
  /** The parameters it reads; set by the ensemble, given to each function decoded. */
  readonly parameters?: ReadonlyArray<typeof ParameterDescription.Encoded> | undefined
  /** A scan begins: what was gathered in the one before is to be forgotten. */
  readonly start?: ((parameters: Parameters) => Given<unknown>) | undefined
  /** One result, one after the other, in no order. One that fails counts as reduced; the failure is told. */
  readonly reduce: (result: Result, parameters: Parameters) => Given<unknown>
  /** Called again and again during a scan; may give the seconds until the next time, otherwise it is one. */
  readonly timer?: ((parameters: Parameters) => Given<unknown>) | undefined
  /** The scan has ended and all of its results are reduced. */
  readonly finish?: ((parameters: Parameters) => Given<unknown>) | undefined
  /**
   * What others may read at any time, by name: numbers, texts, lists, typed arrays, `{ shape, data }` for arrays of more
   * dimensions, and objects of those. `x_attrs` describes `x`. The object itself, or what gives it.
   */
  readonly publish?: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>) | undefined
}

/** A module whose shape was looked at. */
export interface CheckedModule {
  readonly module: ReducerModule
  readonly parameters: ReadonlyArray<ParameterDescription>
}

/** What a module publishes now. */
export const published = ({ publish }: ReducerModule): Readonly<Record<string, unknown>> =>
  typeof publish === "function" ? publish() : (publish ?? {})

/** Takes what a module exports, or its default export, for a module of the reducer; says what is wrong with it otherwise. */
export const check = (exports: unknown): Effect.Effect<CheckedModule, UserCodeFailed> =>
  Effect.gen(function* () {
    const module = yield* moduleOf(exports, isReducerModule, "'reduce', and functions as 'start', 'timer' and 'finish'")
    return { module, parameters: yield* describedParameters(module.parameters) }
  })

// -----------------------------------------------------------------------------

const isReducerModule = (candidate: unknown): candidate is ReducerModule =>
  Predicate.isRecord(candidate) &&
  typeof candidate["reduce"] === "function" &&
  mayCall(candidate, ["start", "timer", "finish"])
