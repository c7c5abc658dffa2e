/**
 * What a service logs, told to its whole ensemble as well, in the words of dranspose's log stream. Never in anybody's way: a
 * bounded number of lines waits, the oldest go first, and what can't be told is left to the log of the process.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as Queue from "effect/Queue"
import { EnsembleLog, type EnsembleLogLevel, type EnsembleLogLine } from "../assignment/EnsembleLog.js"
import { Redaction } from "../site/Redaction.js"

/** Lines that wait. */
const capacity = 256
/** How long the end of a service waits for its last lines. */
const patience = "1 second"

/** Adds to the loggers there are; what may be logged at all is decided where it is provided. */
export const layer = (service: string): Layer.Layer<never, never, EnsembleLog | Redaction> =>
  Logger.addScoped(
    Effect.gen(function* () {
      const log = yield* EnsembleLog
      const { redact } = yield* Redaction
      const waiting = yield* Queue.sliding<Effect.Effect<unknown>>(capacity)
      // The log of an ensemble that does not answer must not be told of it.
      const tell = (line: EnsembleLogLine) => Effect.ignore(Effect.timeout(log.append(line), patience))
      yield* Effect.forkScoped(Effect.forever(Effect.flatten(Queue.take(waiting))))
      // Before the fiber ends: what a service says last, often why it fails, is still on its way.
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          const end = yield* Deferred.make<void>()
          yield* Queue.offer(waiting, Deferred.succeed(end, undefined))
          yield* Effect.timeoutOption(Effect.interruptible(Deferred.await(end)), patience)
        })
      )
      return Logger.make<unknown, void>(({ cause, date, logLevel, message }) => {
        const levelname = nameOf(logLevel)
        if (levelname === undefined) return
        const line = {
          msg: redact(textOf(message, cause)),
          lineno: "0",
          name: `outpost+${service}`,
          created: String(date.getTime() / 1_000),
          levelname
        }
        waiting.unsafeOffer(tell(line))
      })
    })
  )

// -----------------------------------------------------------------------------

const nameOf = ({ _tag }: LogLevel.LogLevel): EnsembleLogLevel | undefined => {
  switch (_tag) {
    case "All":
    case "Trace":
    case "Debug":
      return "DEBUG"
    case "Info":
      return "INFO"
    case "Warning":
      return "WARNING"
    case "Error":
      return "ERROR"
    case "Fatal":
      return "CRITICAL"
    case "None":
      return undefined
  }
}

const textOf = (message: unknown, cause: Cause.Cause<unknown>): string => {
  const parts = Array.isArray(message) ? message : [message]
  const text = parts.map((part) => Inspectable.toStringUnknown(part, 0)).join(" ")
  return Cause.isEmpty(cause) ? text : `${text}\n${Cause.pretty(cause)}`
}
