/** Runs a user's module on events: within this thread here, in threads of its own in `ThreadRunner`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import type { Parameters } from "../ParameterValues.js"
import { asFailure, StrayFailures } from "../StrayFailures.js"
import { call, type Given, isLater, settle, type Step, threw, type UserCodeFailed, within } from "../UserCode.js"
import type { CheckedModule, WorkerEvent } from "./WorkerModule.js"

/** What came of one event; a result that is `undefined` is none. */
export type Outcome =
  | { readonly failure: undefined; readonly result: unknown }
  | { readonly failure: UserCodeFailed; readonly result: undefined }

export interface EventRunner {
  /** What the module wants to be told. */
  readonly parameters: ReadonlyArray<ParameterDescription>
  /** How many callers of `run` are served at a time. */
  readonly width: number
  /** What the code has done wrong beside its calls. For one reader; what is not read soon is dropped but for the newest. */
  readonly strays: Stream.Stream<UserCodeFailed>
  /** A scan begins. */
  readonly start: (parameters: Parameters) => Effect.Effect<void, UserCodeFailed>
  readonly tickInterval: (parameters: Parameters) => Effect.Effect<Option.Option<Duration.Duration>, UserCodeFailed>
  readonly tick: (parameters: Parameters) => Effect.Effect<void, UserCodeFailed>
  /**
   * The outcomes of the first of these events, at least of one, in their order; what takes long comes alone. The first one is
   * told of a `tick`. Never fails: a failure is the outcome of its event.
   */
  readonly run: (
    events: ReadonlyArray<WorkerEvent>,
    parameters: Parameters,
    tick: boolean
  ) => Effect.Effect<ReadonlyArray<Outcome>>
  /** The scan has ended. */
  readonly finish: (parameters: Parameters) => Effect.Effect<void, UserCodeFailed>
}

export interface Limits {
  /** How long one event, or a step that belongs to none, may take; a minute unless said. Code that never lets go of its thread can only be ended in a thread of its own. */
  readonly event?: Duration.Duration | undefined
}

/** How long one event may take unless it is said. */
export const eventLimit = Duration.minutes(1)

/** Plain functions are called one after the other without anything in between, a few milliseconds at a stretch. */
export const inProcess = ({ module, parameters }: CheckedModule, limits: Limits = {}): Effect.Effect<EventRunner> =>
  Effect.map(Effect.all([Effect.clock, StrayFailures]), ([clock, rejections]) => {
    const limit = limits.event ?? eventLimit
    const one = (event: WorkerEvent, given: Parameters, tick: boolean): Outcome | Effect.Effect<Outcome> => {
      try {
        const result = module.process(event, given, tick)
        if (!isLater(result)) return { failure: undefined, result }
        // Waited for a little later, perhaps, which must not count as never.
        if (Predicate.isPromiseLike(result)) result.then(undefined, () => undefined)
        return settle("process", event.event_number, result).pipe(
          within(limit, "process", event.event_number),
          Effect.match({ onSuccess: succeeded, onFailure: failed })
        )
      } catch (cause) {
        return failed(threw("process", event.event_number, cause))
      }
    }

    /** What belongs to no event may take as long as one. */
    const timely = <A>(step: Step, code: () => Given<A>) => within(limit, step, null)(call(step, null, code))

    /** An event that was begun behind others, whose outcomes did not wait for it. */
    let begun: { readonly event: WorkerEvent; readonly outcome: Effect.Effect<Outcome> } | undefined

    const run: EventRunner["run"] = (events, given, tick) =>
      Effect.suspend(() => {
        const outcomes: Array<Outcome> = []
        const until = clock.unsafeCurrentTimeNanos() + stretch
        for (const event of events) {
          const outcome = begun?.event === event ? begun.outcome : one(event, given, tick && outcomes.length === 0)
          if (Effect.isEffect(outcome)) {
            begun = outcomes.length === 0 ? undefined : { event, outcome }
            return begun === undefined ? Effect.map(outcome, (settled) => [settled]) : Effect.succeed(outcomes)
          }
          outcomes.push(outcome)
          if (clock.unsafeCurrentTimeNanos() > until) break
        }
        return Effect.succeed(outcomes)
      })

    return {
      parameters,
      width: 1,
      strays: Stream.map(rejections, (detail) => asFailure("process", detail)),
      start: (given) => Effect.asVoid(timely("start", () => module.start?.(given))),
      tickInterval: (given) =>
        Effect.map(
          timely("tick", () => intervalOf(module.tickInterval, given)),
          asInterval
        ),
      tick: (given) => Effect.asVoid(timely("tick", () => module.tick?.(given))),
      run,
      finish: (given) => Effect.asVoid(timely("finish", () => module.finish?.(given)))
    }
  })

export const failed = (failure: UserCodeFailed): Outcome => ({ failure, result: undefined })
export const succeeded = (result: unknown): Outcome => ({ failure: undefined, result })

/** Seconds as a duration; what is no length of time is none. */
export const asInterval = (seconds: unknown): Option.Option<Duration.Duration> =>
  typeof seconds === "number" && seconds > 0 && Number.isFinite(seconds)
    ? Option.some(Duration.seconds(seconds))
    : Option.none()

// -----------------------------------------------------------------------------

/** Nanoseconds after which others in this thread have their turn. */
const stretch = 4_000_000n

const intervalOf = (interval: CheckedModule["module"]["tickInterval"], given: Parameters) =>
  typeof interval === "function" ? interval(given) : interval
