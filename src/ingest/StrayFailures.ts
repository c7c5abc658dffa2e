/**
 * Rejections of promises that nobody awaited and exceptions that nobody caught, in words: users' code that runs within the
 * process makes them, and they belong to no call. Whoever hosts such code hears them for it, `app/UserCodeHost`; without a host there are none to be heard.
 */
import * as Context from "effect/Context"
import * as Stream from "effect/Stream"
import { type Step, UserCodeFailed } from "./UserCode.js"

export class StrayFailures extends Context.Reference<StrayFailures>()("outpost/ingest/StrayFailures", {
  defaultValue: (): Stream.Stream<string> => Stream.empty
}) {}

/** In words. */
export const rejection = (detail: string): string => `a rejection that nobody awaited: ${detail}`

/** As a trouble of the module that has this function. */
export const asFailure = (step: Step, detail: string): UserCodeFailed =>
  new UserCodeFailed({ step, reason: "threw", event: null, detail })
