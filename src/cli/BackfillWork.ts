/** Work that a command begins and sees through: its progress, its answer, and the verdict that is the exit code. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { BackfillRecord } from "../domain/Backfill.js"
import type { BackfillOperations } from "../operations/BackfillOperations.js"
import * as BackfillFollow from "./BackfillFollow.js"
import * as BackfillSummary from "./BackfillSummary.js"
import * as Connect from "./Connect.js"
import type { Where } from "./Launcher.js"
import * as Output from "./Output.js"

/** Begins, on the server or on the site itself, and goes on to the end. */
export const run = <E, R>(begin: Effect.Effect<ReadonlyArray<BackfillRecord>, E, R | BackfillOperations>) =>
  Effect.gen(function* () {
    const { operations, where } = yield* Connect.open("write")
    yield* Effect.provide(toTheEnd(begin, where), operations)
  })

/** The same where it is known already who does the work. */
export const toTheEnd = <E, R>(
  begin: Effect.Effect<ReadonlyArray<BackfillRecord>, E, R | BackfillOperations>,
  where: Where
) =>
  Effect.gen(function* () {
    const [elapsed, records] = yield* Effect.timed(
      Effect.flatMap(begin, (started) => BackfillFollow.toTheEnd(started, where))
    )
    const outcome = yield* BackfillSummary.outcome(records, Duration.toSeconds(elapsed))
    yield* Output.answer({
      json: () => BackfillSummary.encode(outcome),
      text: (style) => BackfillSummary.lines(outcome, style)
    })
    yield* BackfillSummary.judge(outcome)
  })
