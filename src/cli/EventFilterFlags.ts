/** The options that choose events, shared by every command that reads them. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Options from "@effect/cli/Options"
import { EventFilter } from "../domain/EventQuery.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Instant from "./Instant.js"

export const flags = {
  stream: Flags.choice("stream", ["site", "run", "system"], "site, run or system (default site and run)").pipe(
    Options.optional
  ),
  run: Flags.text("run", "ID", "Only events of this run"),
  types: Flags.many("type", "TYPE", "Only events of this type"),
  since: Flags.text("since", "TIME", `From this moment on: ${Instant.spellings}`),
  until: Flags.text("until", "TIME", "Before this moment"),
  afterSeq: Flags.integer("after-seq", { least: 0 }, "Only events with a greater sequence number")
}

export interface Input {
  readonly stream: Option.Option<"site" | "run" | "system">
  readonly run: Option.Option<string>
  readonly types: ReadonlyArray<string>
  readonly since: Option.Option<string>
  readonly until: Option.Option<string>
  readonly afterSeq: Option.Option<number>
}

/** The filter these options ask for. */
export const filter = (input: Input): Effect.Effect<EventFilter, UsageProblem, DateTime.CurrentTimeZone> =>
  Effect.gen(function* () {
    if (Option.contains(input.run, "")) {
      return yield* new UsageProblem({
        message: "--run needs the name of a run",
        hint: "see them with: outpost run list; leave --run out for the events of all"
      })
    }
    const since = yield* Instant.option("since", input.since)
    const until = yield* Instant.option("until", input.until)
    if (since !== undefined && until !== undefined && since >= until) {
      return yield* new UsageProblem({ message: "--since is not before --until", hint: "no event can be in between" })
    }
    return new EventFilter({
      stream: Option.getOrUndefined(input.stream),
      run: Option.getOrUndefined(input.run),
      types: input.types,
      since,
      until,
      afterSeq: Option.getOrUndefined(input.afterSeq)
    })
  })

/** Whether these options let every event through. */
export const isEverything = (filter: EventFilter): boolean =>
  filter.run === undefined &&
  filter.types.length === 0 &&
  filter.since === undefined &&
  filter.until === undefined &&
  filter.afterSeq === undefined
