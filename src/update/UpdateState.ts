/** What the journal of updates comes to: how far the one under way is, and how the last one ended. Pure. */
import type { UpdateOutcome, UpdatePhase, UpdateReason } from "../domain/Update.js"
import type { Entry } from "./UpdateJournal.js"

/** An update that is not over. */
export interface Attempt {
  readonly from: string | null
  readonly to: string
  readonly by: string
  readonly begun: string
  /** The signed manifest as it came. */
  readonly manifest: string
  /** The config that comes with it. */
  readonly config: string | undefined
  /** Steps that are done; the later ones depend on the earlier. */
  readonly done: ReadonlySet<Entry["step"]>
  readonly resumes: number
  readonly switching: Extract<Entry, { readonly step: "switching" }> | undefined
  readonly starts: number
  /** Starts that were taken back: they told nothing of it. */
  readonly discounts: number
  /** Since when its trial runs: since the switch, then since the last start. */
  readonly onTrialSince: string | undefined
  /** What it was last seen to lack, on trial. */
  readonly complaints: ReadonlyArray<string>
}

export interface UpdateState {
  readonly phase: UpdatePhase
  readonly attempt: Attempt | undefined
  /** What is being returned to. */
  readonly rollback: Extract<Entry, { readonly step: "rolling-back" }> | undefined
  /** The last one that is over; `told` once it was reported. */
  readonly last: (UpdateOutcome & { readonly told: boolean; readonly config: string | undefined }) | undefined
  /** What an operator may return to. */
  readonly previous: { readonly version: string | null } | undefined
  /** When the last step was taken: the clock can't have been before that. */
  readonly latest: string | undefined
}

export const initial: UpdateState = {
  phase: "idle",
  attempt: undefined,
  rollback: undefined,
  last: undefined,
  previous: undefined,
  latest: undefined
}

export const fold = (entries: Iterable<Entry>): UpdateState => {
  let state = initial
  for (const entry of entries) state = { ...next(state, entry), latest: entry.at }
  return state
}

// ---------------------------------------------------------------------------------------------------------------------

const next = (state: UpdateState, entry: Entry): UpdateState => {
  const { attempt } = state
  if (entry.step === "begun") {
    const { at, by, config, from, manifest, to } = entry
    const begun = {
      from,
      to,
      by,
      begun: at,
      manifest,
      config,
      done: new Set<Entry["step"]>(),
      resumes: 0,
      starts: 0,
      discounts: 0,
      complaints: []
    }
    return {
      ...state,
      phase: "fetching",
      attempt: { ...begun, switching: undefined, onTrialSince: undefined },
      rollback: undefined
    }
  }
  if (entry.step === "told") return { ...state, last: state.last && { ...state.last, told: true } }
  if (entry.step === "rolling-back") return { ...state, phase: "rolling-back", rollback: entry }
  if (entry.step === "rolled-back") return rolledBack(state, entry.at)
  if (attempt === undefined) return state
  const done = new Set(attempt.done).add(entry.step)
  switch (entry.step) {
    case "resumed":
      return { ...state, attempt: { ...attempt, resumes: attempt.resumes + 1 } }
    case "fetched":
      return { ...state, phase: "unpacking", attempt: { ...attempt, done } }
    case "unpacked":
      return { ...state, phase: "installing", attempt: { ...attempt, done } }
    case "installed":
      return { ...state, phase: "testing", attempt: { ...attempt, done } }
    case "tested":
      return { ...state, phase: "switching", attempt: { ...attempt, done } }
    case "switching":
      return { ...state, phase: "switching", attempt: { ...attempt, done, switching: entry } }
    case "switched":
      return { ...state, phase: "trial", attempt: { ...attempt, done, onTrialSince: entry.at } }
    case "started":
      return { ...state, attempt: { ...attempt, starts: attempt.starts + 1, onTrialSince: entry.at } }
    case "discounted":
      return {
        ...state,
        attempt: { ...attempt, starts: Math.max(0, attempt.starts - 1), discounts: attempt.discounts + 1 }
      }
    case "doubted":
      return { ...state, attempt: { ...attempt, complaints: entry.complaints } }
    case "healthy":
      return {
        ...over(state, attempt, "healthy", null, null, entry.at),
        previous: { version: attempt.from }
      }
    case "failed":
      return over(state, attempt, "failed", entry.reason, entry.detail, entry.at)
    case "pruned":
      return state
  }
}

const over = (
  state: UpdateState,
  { begun, by, config, from, to }: Pick<Attempt, "from" | "to" | "by" | "begun" | "config">,
  outcome: UpdateOutcome["outcome"],
  reason: UpdateReason | null,
  detail: string | null,
  ended: string
): UpdateState => ({
  ...state,
  phase: "idle",
  attempt: undefined,
  rollback: undefined,
  last: { from, to, by, begun, ended, outcome, reason, detail, told: false, config }
})

/** Of a version on trial, or of one that was healthy once: then what is ended is how that went. */
const rolledBack = (state: UpdateState, at: string): UpdateState => {
  const { attempt, last, rollback } = state
  const of = attempt ?? last
  if (of === undefined || rollback === undefined) return state
  return { ...over(state, of, "rolled-back", rollback.reason, rollback.detail, at), previous: undefined }
}
