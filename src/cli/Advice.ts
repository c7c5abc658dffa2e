/** How a failure is told: one line that says what is wrong, one that says what to do next. */
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type { Failure } from "./Failure.js"

const byTag: ReadonlyMap<string, string> = new Map([
  ["ServerUnreachable", "is it running, and is the address right? Start one with: outpost serve"],
  ["NotAllowed", "give the server's token with --token or OUTPOST_TOKEN"],
  ["NoSite", "name another with --site, or make one with: outpost serve --init"],
  ["SiteLocked", "see who it is with: outpost status; stop it with: outpost stop"],
  ["AlreadyThere", "it is left as it is; name another file (a config with --config)"],
  ["AddressInUse", "choose another with --port; --port 0 takes any free one"],
  ["ConfigRejected", "mend the file, then check it with: outpost config validate FILE"],
  ["RunAlreadyActive", "see it with: outpost run show; end it with: outpost run stop"],
  ["NoActiveRun", "start one with: outpost run start"],
  ["RunNotFound", "see what there is with: outpost run list"],
  ["NoCurrentEvent", "see what there is with: outpost current"],
  ["NoSuchActor", "see what there is with: outpost tree"],
  ["BackfillNotFound", "see what there is with: outpost backfill list"],
  [
    "BackfillRefused",
    "mend it on the command line or in the job; see what would be done with: outpost backfill --dry-run"
  ],
  ["BackfillBusy", "see how it is with: outpost backfill list"],
  ["NoMatchingJob", "see the jobs with: outpost config show; write some under histo_jobs or jobs"],
  ["NoMatchingStream", "see what there is with: outpost stream list"],
  ["UnsupportedStream", "see what the exchange has in the docs, or name other channels"],
  ["NoRemotes", "name one under storage.remotes in the config"],
  ["ScheduleNotFound", "see what there is with: outpost schedule list"],
  ["ProcedureNotFound", "see what there is with: outpost procedure list"],
  ["ProcedureFailed", "see why with: outpost procedure list, and: outpost logs --grep procedures/"],
  ["ActorFailed", "see why with: outpost tree, and: outpost logs --tail 50"],
  ["ShutdownUnavailable", "this server is part of another program; stop that one"],
  ["StorageFailed", "look at the disk (space, permissions), then check the data with: outpost verify"],
  ["Overloaded", "try again in a moment"],
  ["TooLarge", "send it in smaller pieces, or raise http.limits in the config"],
  ["UnreadableBody", "send UTF-8 text"],
  ["RunRefused", "choose another name or directory"],
  ["LaunchFailed", "check the installation with: outpost doctor"],
  ["UpdateFailed", "nothing was changed; see outpost update status, and update in the docs"],
  ["UpdateBusy", "see how it goes with: outpost update status"],
  ["NotLaunched", "start the site with launcher.js, as outpost install-service does; or stop it and run this again"],
  ["NoPreviousVersion", "see what there is with: outpost update status"],
  ["SiteUnusable", "look at the directory (space, permissions), or name another with --site"],
  ["UnknownColumns", "nothing was written"],
  ["InvalidStatus", "nothing was written"],
  ["InvalidInput", "correct it and send it again; nothing was stored"]
])

/** Ends that are no failures to anyone. */
const silent: ReadonlySet<string> = new Set(["BrokenPipe", "RestartWanted"])

const hintOf = (failure: Failure): string | undefined =>
  "hint" in failure && typeof failure.hint === "string" ? failure.hint : byTag.get(failure._tag)

/** The text for a failure: `error: ...` and, where there is something to do about it, `hint: ...`. */
export const ofFailure = (failure: Failure): string => {
  const hint = hintOf(failure)
  return `error: ${failure.message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`
}

/**
 * The text for a run that failed; empty for one that was interrupted, or whose reader has gone. With `detailed` the
 * whole cause follows.
 */
export const ofCause = (cause: Cause.Cause<Failure>, detailed: boolean): string => {
  const trace = detailed ? `${Cause.pretty(cause, { renderErrorCause: true })}\n` : ""
  return Option.match(Cause.failureOption(cause), {
    onSome: (failure) => (silent.has(failure._tag) ? "" : ofFailure(failure) + trace),
    onNone: () =>
      Cause.isInterruptedOnly(cause)
        ? ""
        : `error: this should not have happened: ${firstLine(Cause.pretty(cause))}\n` +
          (detailed ? trace : "hint: run it again with --log-level debug to see where\n")
  })
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""
