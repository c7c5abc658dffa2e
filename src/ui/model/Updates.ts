/** How an update goes and what came of it, as people read it. */
import { UpdateFailed, type UpdatePhase, type UpdateReason, type UpdateStatus } from "../../domain/Update.js"
import { counted, duration } from "./Quantity.js"

/** The version that was installed by hand has no number of its own here. */
export const versionName = (version: string | null): string => version ?? "the version installed by hand"

export interface Step {
  readonly name: string
  readonly state: "done" | "now" | "ahead"
}

/** From the fetching to the trial; empty while the station returns, or does nothing of the kind. */
export const stepsOf = (phase: UpdatePhase): ReadonlyArray<Step> => {
  const at = course.findIndex(([name]) => name === phase)
  if (at === -1) return []
  return course.map(([, name], index) => ({
    name,
    state: index < at ? "done" : index === at ? "now" : "ahead"
  }))
}

/** The phase in a word or two: what the station does now. */
export const phaseWords = ({ attempt, phase, previous }: UpdateStatus): string => {
  if (phase === "idle") return "no update under way"
  if (phase === "rolling-back")
    return `returns to ${versionName(attempt === null ? (previous?.version ?? null) : attempt.from)}`
  return phase === "trial" ? `${attempt?.to ?? ""} is on trial` : `${phase} ${attempt?.to ?? ""}`
}

/** How the trial stands, in sentences; empty where there is none. */
export const trialWords = ({ trial }: Pick<UpdateStatus, "trial">, now: number): ReadonlyArray<string> => {
  if (trial === null) return []
  const left = Date.parse(trial.until) - now
  return [
    left > 0 ? `${duration(left)} left to prove itself.` : "Its time is over: the launcher decides.",
    trial.starts === 0
      ? "It is not started yet."
      : `Started ${counted(trial.starts, "time")} of at most ${trial.most_starts}.`,
    ...(trial.complaints.length > 0 ? [] : ["Nothing is amiss with it."])
  ]
}

/** Where a rollback would lead; undefined where it can't lead anywhere. */
export const wayBack = ({ attempt, phase, previous }: UpdateStatus): { readonly version: string | null } | undefined =>
  phase === "trial" && attempt !== null
    ? { version: attempt.from }
    : phase === "idle" && previous !== null
      ? previous
      : undefined

export interface Installed {
  readonly version: string | null
  readonly marks: ReadonlyArray<"running" | "starts next" | "before this one">
}

/** The versions on this station, the newest first; the one that was installed by hand only where something is to be said of it. */
export const installedOf = ({ current, installed, previous, running }: UpdateStatus): ReadonlyArray<Installed> => {
  const runsByHand = current === null || !installed.includes(running)
  const marksOf = (version: string | null): Installed["marks"] => {
    const runs = version === null ? runsByHand : version === running && !runsByHand
    return [
      ...(runs ? (["running"] as const) : []),
      ...(version === current && !runs ? (["starts next"] as const) : []),
      ...(previous !== null && previous.version === version ? (["before this one"] as const) : [])
    ]
  }
  const byHand = marksOf(null)
  return [
    ...installed.toReversed().map((version) => ({ version, marks: marksOf(version) })),
    ...(byHand.length > 0 ? [{ version: null, marks: byHand }] : [])
  ]
}

/** Why something was not done: with the reason of an update, where it is one. */
export interface Refusal {
  readonly reason: UpdateReason | undefined
  readonly text: string
}

export const refusalOf = (failure: { readonly message: string }): Refusal =>
  failure instanceof UpdateFailed
    ? { reason: failure.reason, text: failure.detail }
    : { reason: undefined, text: failure.message }

/** On one line: `bad signature: no key of this station made it`. */
export const refusalWords = ({ reason, text }: Refusal): string =>
  reason === undefined ? text : `${reasonWords(reason)}: ${text}`

/** `BadSignature` as `bad signature`. */
export const reasonWords = (reason: UpdateReason): string => reason.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()

// ------------------------------------------------------------------------------------------------------------------

const course: ReadonlyArray<readonly [UpdatePhase, string]> = [
  ["fetching", "fetch"],
  ["unpacking", "unpack"],
  ["installing", "install"],
  ["testing", "test"],
  ["switching", "switch"],
  ["trial", "trial"]
]
