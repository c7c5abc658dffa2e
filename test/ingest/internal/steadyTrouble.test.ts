import { assert, it } from "@effect/vitest"
import { Effect, HashMap, Logger } from "effect"
import * as steadyTrouble from "../../../src/ingest/internal/steadyTrouble.js"

it.effect("is told when it begins, when it becomes another one, and when it comes again", () =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ annotations, message }) => {
      lines.push(`${String(message)} ${HashMap.size(annotations)}`)
    })
    const trying = steadyTrouble.make()
    const refused = Effect.fail(new Error("refused"))
    yield* Effect.gen(function* () {
      for (const attempt of [
        refused,
        refused,
        Effect.fail(new Error("closed")),
        Effect.succeed(1),
        Effect.void,
        refused
      ]) {
        yield* trying(attempt)
      }
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
    assert.deepStrictEqual(lines, ["refused 0", "closed 0", "refused 0"])
  })
)
