/**
 * How the site is, asked for every two seconds while the page is seen: status, tree and runs. Also judges the connection: an
 * answer that stays out for long makes what is shown stale, and the page says since when.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Run } from "../../domain/Run.js"
import { RunOperations } from "../../operations/RunOperations.js"
import { SiteOperations, type SiteStatus } from "../../operations/SiteOperations.js"
import { Cell, useChanging } from "./Changing.js"
import { ask } from "./Server.js"
import { learn, serverNow } from "./Ticking.js"

const every = 2_000
const runsEvery = 15_000
const longestSilence = 10_000

export interface Sample {
  readonly status: SiteStatus
  /** Events accepted per second since a few answers ago; undefined at first. */
  readonly eventsPerSecond: number | undefined
}

const sample = new Cell<Sample | undefined>(undefined)
const runs = new Cell<ReadonlyArray<Run> | undefined>(undefined)
const heard = new Cell<{
  readonly at: number | undefined
  readonly problem: string | undefined
  readonly since: number
}>({
  at: undefined,
  problem: undefined,
  since: serverNow()
})

export const useSample = (): Sample | undefined => useChanging(sample)
export const useRuns = (): ReadonlyArray<Run> | undefined => useChanging(runs)
export const currentStatus = (): SiteStatus | undefined => sample.get()?.status
/** The version that served this page: when another one answers, the page is an old one. */
export const servedBy = (): string | undefined => servedFirst

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "reconnecting"; readonly problem: string }
  | { readonly state: "stale"; readonly since: number | undefined; readonly problem: string }

/** `now` in server time; `tail`: how the stream of events stands. */
export const useConnection = (now: number, tail: "opening" | "open" | "lost"): Connection => {
  const { at, problem, since } = useChanging(heard)
  if (problem !== undefined && now - Math.max(at ?? 0, since) > longestSilence) {
    return { state: "stale", since: at, problem }
  }
  if (problem !== undefined) return { state: "reconnecting", problem }
  if (tail === "lost") return { state: "reconnecting", problem: "the stream of events was cut off" }
  return at === undefined || tail === "opening" ? { state: "connecting" } : { state: "live" }
}

/** Asks at once: after an order its effect should be seen. */
export const refresh = (): Promise<void> => Promise.all([askStatus(), askRuns()]).then(() => undefined)

/** Begins to ask; returns how to stop. */
export const start = (): (() => void) => {
  heard.set({ ...heard.get(), since: serverNow() })
  let asking = false
  const tick = () => {
    if (asking) return
    asking = true
    void askStatus().finally(() => (asking = false))
  }
  tick()
  void askRuns()
  const timers = [setInterval(tick, every), setInterval(() => void askRuns(), runsEvery)]
  return () => timers.forEach((timer) => clearInterval(timer))
}

// ------------------------------------------------------------------------------------------------------------------

/** Answers of the last ten seconds or so: the rate is taken over them. */
const earlier: Array<{ readonly at: number; readonly events: number; readonly startedAt: number }> = []

const rateAt = (status: SiteStatus): number | undefined => {
  if (earlier.some(({ startedAt }) => startedAt !== status.startedAt)) earlier.length = 0
  const first = earlier[0]
  earlier.push({ at: status.now, events: status.telemetry.eventsAccepted, startedAt: status.startedAt })
  if (earlier.length > 6) earlier.shift()
  if (first === undefined || status.now <= first.at) return undefined
  return Math.max(0, ((status.telemetry.eventsAccepted - first.events) * 1000) / (status.now - first.at))
}

const patience = "8 seconds"

let servedFirst: string | undefined

const askStatus = async (): Promise<void> => {
  const answer = await ask(
    Effect.flatMap(SiteOperations, (site) => site.status).pipe(
      Effect.timeoutFail({ duration: patience, onTimeout: () => new Error("no answer in 8 s") })
    )
  )
  if (Either.isLeft(answer)) {
    heard.set({ ...heard.get(), problem: answer.left.message })
    return
  }
  const status = answer.right
  learn(status.now)
  servedFirst ??= status.version
  const before = sample.get()?.status
  sample.set({ status, eventsPerSecond: rateAt(status) })
  heard.set({ ...heard.get(), at: serverNow(), problem: undefined })
  if (before !== undefined && before.run !== status.run) void askRuns()
}

const askRuns = async (): Promise<void> => {
  const answer = await ask(Effect.flatMap(RunOperations, (operations) => operations.list))
  if (Either.isRight(answer)) runs.set(answer.right)
}
