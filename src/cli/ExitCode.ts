/**
 * What the process ends with: 0 done; 1 failed (work was attempted); 2 bad usage or config; 3 not found; 4 conflict
 * (locked, already active); 5 server not reachable; 130 interrupted.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { restartCode } from "../update/ExitCode.js"
import type { Failure } from "./Failure.js"

export const done = 0
export const failed = 1
export const badUsage = 2
export const notFound = 3
export const conflict = 4
export const unreachable = 5
export const interrupted = 130
/** Of `serve` alone, to the launcher: start the version that follows. */
export const restart = restartCode

const byTag: ReadonlyMap<string, number> = new Map([
  ["BrokenPipe", done],
  ["UsageProblem", badUsage],
  ["ConfigRejected", badUsage],
  ["ConfigInvalid", badUsage],
  ["SecretUnavailable", badUsage],
  ["PathEscapes", badUsage],
  ["InvalidInput", badUsage],
  ["UnreadableBody", badUsage],
  ["RunRefused", badUsage],
  ["BackfillRefused", badUsage],
  ["UnsupportedStream", badUsage],
  ["NoRemotes", badUsage],
  ["MapRefused", badUsage],
  ["RoleRefused", badUsage],
  ["NotFound", notFound],
  ["NoSite", notFound],
  ["NoActiveRun", notFound],
  ["RunNotFound", notFound],
  ["NoCurrentEvent", notFound],
  ["NoSuchActor", notFound],
  ["ProcedureNotFound", notFound],
  ["BackfillNotFound", notFound],
  ["NoMatchingJob", notFound],
  ["NoMatchingStream", notFound],
  ["ScheduleNotFound", notFound],
  ["IngestOff", notFound],
  ["ParameterNotFound", notFound],
  ["RunAlreadyActive", conflict],
  ["BackfillBusy", conflict],
  ["SiteLocked", conflict],
  ["AlreadyThere", conflict],
  ["AddressInUse", conflict],
  ["UpdateBusy", conflict],
  ["NotLaunched", conflict],
  ["NoPreviousVersion", notFound],
  ["RestartWanted", restart],
  ["NoServer", unreachable],
  ["ServerUnreachable", unreachable]
])

/** The code of a typed failure; work that was attempted and failed for any other reason is 1. */
export const ofFailure = ({ _tag }: Pick<Failure, "_tag">): number => byTag.get(_tag) ?? failed

/** The code of a whole run. `serve` is meant to be interrupted, so for it that is a good end. */
export const of = (exit: Exit.Exit<unknown, unknown>, serving: boolean): number =>
  Exit.match(exit, {
    onSuccess: () => done,
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), {
        onSome: (error) => (Predicate.hasProperty(error, "_tag") ? ofFailure({ _tag: String(error._tag) }) : failed),
        onNone: () => (Cause.isInterruptedOnly(cause) ? (serving ? done : interrupted) : failed)
      })
  })
