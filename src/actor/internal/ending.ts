/**
 * What ended a life, told apart, and what its restart type makes of it.
 *
 * Errors are recognised by their shape: `_tag` and `reason`, never by `instanceof`, because a plug-in may carry its own
 * copy of the class.
 */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Restart } from "../ChildSpec.js"
import type { Reason } from "../NodeStatus.js"

export interface Ending {
  readonly reason: Reason
  readonly cause: Cause.Cause<unknown> | undefined
}

/** Ended because it was told to. */
export const requested: Ending = { reason: "requested", cause: undefined }

/** Ended along with a sibling. */
export const sibling: Ending = { reason: "sibling", cause: undefined }

/** Silent for too long. */
export const silence: Ending = { reason: "silence", cause: undefined }

/** Not ready in time. */
export const notReady: Ending = { reason: "timed-out", cause: undefined }

/** What an exit that nobody asked for amounts to. */
export const ofExit = (exit: Exit.Exit<unknown, unknown>): Ending =>
  exit._tag === "Success" ? { reason: "returned", cause: undefined } : ofCause(exit.cause)

/**
 * How a life ended, its teardown included. That it was interrupted while it was torn down (its keeper does so) says nothing
 * of what its effect, `over`, had come to by then.
 */
export const ofLife = (over: Ending | undefined, exit: Exit.Exit<unknown, unknown>): Ending =>
  over !== undefined && (exit._tag === "Success" || Cause.isInterruptedOnly(exit.cause)) ? over : ofExit(exit)

/** What a cause that nobody asked for amounts to. The typed failure outranks what went wrong while cleaning up. */
export const ofCause = (cause: Cause.Cause<unknown>): Ending => {
  const failure = Cause.failureOption(cause)
  if (failure._tag === "Some") return { reason: ofFailure(failure.value), cause }
  return { reason: Cause.dieOption(cause)._tag === "Some" ? "defect" : "interrupted", cause }
}

/** Ended by its supervisor's will, not by itself. */
export const isOrdered = (ending: Ending): boolean => ending.reason === "requested" || ending.reason === "sibling"

/** A temporary child that ended with its siblings does not come back with them. */
export const isLast = (restart: Restart, ending: Ending): boolean =>
  restart === "temporary" && ending.reason === "sibling"

/** Whether this ending calls for another life. */
export const callsForRestart = (restart: Restart, ending: Ending): boolean => {
  if (ending.reason === "misconfigured" || restart === "temporary") return false
  return restart === "permanent" || ending.reason !== "returned"
}

const ofFailure = (error: unknown): Reason => {
  if (Predicate.isTagged(error, "RestartIntensityExceeded")) return "escalated"
  if (Predicate.isTagged(error, "TimeoutException")) return "timed-out"
  return isMisconfigured(error) ? "misconfigured" : "failure"
}

/** `{ _tag: "Misconfigured" }`, or an error whose `reason` is one of the hopeless, as a string or as a tagged value. */
const isMisconfigured = (error: unknown): boolean => {
  if (Predicate.isTagged(error, "Misconfigured")) return true
  if (!Predicate.hasProperty(error, "reason")) return false
  const reason = Predicate.hasProperty(error.reason, "_tag") ? error.reason._tag : error.reason
  // The last is what a nested supervisor's StartFailed says of a misconfigured child.
  return reason === "Misconfigured" || reason === "Unsupported" || reason === "misconfigured"
}
