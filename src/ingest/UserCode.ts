/**
 * Code that users bring: functions of their modules, which may be plain, `async` or give back an Effect. Whatever such a
 * function does, its caller gets a value or one typed failure.
 *
 * Effects are known by their type id: a module may have brought a copy of the library of its own.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { ParameterDescription } from "../assignment/ParameterDescription.js"
import * as UserModule from "../site/UserModule.js"

/** A value now, later, or from an Effect. */
export type Given<A> = A | PromiseLike<A> | Effect.Effect<A, unknown>

/** Code of a user that failed, or could not be used at all. */
export class UserCodeFailed extends Schema.TaggedError<UserCodeFailed>()("UserCodeFailed", {
  /** The function that failed; `load` where the module is no such module. */
  step: Schema.Literal("load", "start", "process", "tick", "reduce", "timer", "finish"),
  /** `threw` an error; `crashed` or `exited` took its thread with it; `hung` longer than it may; `unfit` can't be used. */
  reason: Schema.Literal("threw", "crashed", "exited", "hung", "unfit"),
  detail: Schema.String,
  event: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    const at = this.event === null ? "" : ` on event ${this.event}`
    return `${this.step} ${this.reason}${at}: ${this.detail}`
  }
}

export type Step = UserCodeFailed["step"]

/** What a function threw, or its promise or Effect failed with. */
export const threw = (step: Step, event: number | null, cause: unknown): UserCodeFailed =>
  new UserCodeFailed({ step, reason: "threw", detail: UserModule.describe(cause), event })

/** Whether a value is one only in a while. */
export const isLater = <A>(given: Given<A>): given is PromiseLike<A> | Effect.Effect<A, unknown> =>
  typeof given === "object" && given !== null && (Effect.isEffect(given) || Predicate.isPromiseLike(given))

/** Calls a function of a user and waits for what it gives. Code that interrupts itself has failed, and takes nobody along. */
export const call = <A>(step: Step, event: number | null, code: () => Given<A>): Effect.Effect<A, UserCodeFailed> =>
  Effect.suspend(() => {
    try {
      const given = code()
      return isLater(given) ? settle(step, event, given) : Effect.succeed(given)
    } catch (cause) {
      return Effect.fail(threw(step, event, cause))
    }
  })

/** Waits for what a function of a user has promised. */
export const settle = <A>(
  step: Step,
  event: number | null,
  given: PromiseLike<A> | Effect.Effect<A, unknown>
): Effect.Effect<A, UserCodeFailed> => {
  const waited = Effect.isEffect(given) ? given : Effect.tryPromise({ try: () => given, catch: (cause) => cause })
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.exit(restore(waited)),
      Exit.match({
        onSuccess: Effect.succeed,
        onFailure: (cause) => Effect.fail(threw(step, event, Cause.squash(cause)))
      })
    )
  )
}

/** Ends what takes longer than it may. */
export const within =
  (limit: Duration.Duration, step: Step, event: number | null) =>
  <A>(effect: Effect.Effect<A, UserCodeFailed>): Effect.Effect<A, UserCodeFailed> =>
    Effect.timeoutFail(effect, {
      duration: limit,
      onTimeout: () =>
        new UserCodeFailed({ step, reason: "hung", detail: `longer than ${Duration.format(limit)}`, event })
    })

/** What a module exports, from its file; read anew when the file has changed. What it imports itself is not. */
export const load = (file: string): Effect.Effect<unknown, UserCodeFailed> =>
  call("load", null, () => UserModule.load(file))

/** Why a module is not used. */
export const unfit = (detail: string): UserCodeFailed =>
  new UserCodeFailed({ step: "load", reason: "unfit", detail, event: null })

/** Takes what is exported for a module, or the default export; what it `needs` is said where neither is one. */
export const moduleOf = <M>(
  exports: unknown,
  is: (candidate: unknown) => candidate is M,
  needs: string
): Effect.Effect<M, UserCodeFailed> => {
  if (is(exports)) return Effect.succeed(exports)
  if (Predicate.isRecord(exports) && is(exports["default"])) return Effect.succeed(exports["default"])
  return Effect.fail(unfit(`the module has to export ${needs}`))
}

/** Whether all of these are functions, or not there. */
export const mayCall = (exports: Readonly<Record<PropertyKey, unknown>>, names: ReadonlyArray<string>): boolean =>
  names.every((name) => exports[name] === undefined || typeof exports[name] === "function")

/** The parameters that a module says it reads. */
export const describedParameters = (
  described: unknown
): Effect.Effect<ReadonlyArray<ParameterDescription>, UserCodeFailed> =>
  Effect.mapError(decodeDescriptions(described ?? []), (error) => unfit(`its parameters: ${error.message}`))

// -----------------------------------------------------------------------------

const decodeDescriptions = Schema.decodeUnknown(Schema.Array(ParameterDescription))
