/**
 * What a command prints, carried to where it belongs: events, messages and state in the order in which it said them, events
 * that stand together as one batch; everything else to the log. The command is read no faster than that is taken.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { LogLevel } from "effect/LogLevel"
import * as LogLevels from "effect/LogLevel"
import * as Stream from "effect/Stream"
import type { Line, PipeBroken } from "../../actor/OsProcess.js"
import * as Self from "../../actor/Self.js"
import { StateDocument } from "../../state/StateDocument.js"
import { Emitter } from "../Procedure.js"
import type { RunBook } from "../RunBook.js"
import type { LogBudget } from "./LogBudget.js"
import * as Protocol from "./CommandProtocol.js"

export interface Options {
  readonly procedure: string
  readonly book: RunBook
  readonly budget: LogBudget
}

/** Reads one output to its end. One that breaks off has ended. */
export const teller = ({ book, budget, procedure }: Options) =>
  Effect.gen(function* () {
    const emitter = yield* Emitter
    const state = yield* StateDocument
    const self = yield* Self.Self

    /** Wrong lines are told as log lines are: within the same budget. */
    const refused = (reason: string) =>
      Effect.suspend(() => {
        book.refused++
        return budget.take() ? Effect.logWarning(`refused: ${reason}`) : dropped()
      })
    const dropped = (end = false) =>
      Effect.suspend(() => {
        const lines = budget.takeDropped(end)
        if (lines === 0) return Effect.void
        return Effect.zipRight(
          Effect.logWarning(`${lines} lines of its output were dropped: there were too many`),
          emitter.record("procedure.output-dropped", { procedure, lines })
        )
      })

    const obey = Protocol.Said.$match({
      Event: ({ text }) => Effect.catchAll(emitter.post(text), (error) => refused(`event: ${error.message}`)),
      Message: ({ input }) => Effect.catchAll(emitter.message(input), (error) => refused(error.message)),
      State: ({ values }) => Effect.catchAll(state.set(values, procedure), (error) => refused(error.message)),
      Progress: ({ value }) => Effect.sync(() => void (book.progress = value)),
      Log: ({ text }) => log(text, LogLevels.Info),
      Refused: ({ reason }) => refused(reason)
    })
    /** Neighbouring events are posted together: they are durable with one sync, in their order. */
    const obeyAll = (all: ReadonlyArray<Protocol.Said>) =>
      Effect.forEach(
        batchesOf(all),
        (batch) => Effect.forEach(batch, obey, { concurrency: "unbounded", discard: true }),
        { discard: true }
      )

    return (lines: Stream.Stream<Line, PipeBroken>, channel: "stdout" | "stderr"): Effect.Effect<void> =>
      lines.pipe(
        Stream.runForEachChunk((chunk) => {
          const texts = Chunk.toReadonlyArray(chunk)
          if (channel === "stderr") {
            return Effect.zipRight(
              Effect.forEach(texts, ({ text }) => log(text, LogLevels.Warning), { discard: true }),
              dropped()
            )
          }
          const said = texts.map(Protocol.parse)
          const speaks = said.some(({ _tag }) => _tag !== "Log" && _tag !== "Refused")
          return obeyAll(said).pipe(Effect.zipRight(speaks ? self.mark : Effect.void), Effect.zipRight(dropped()))
        }),
        Effect.catchAll(() => Effect.void),
        Effect.ensuring(dropped(true))
      )
  })

// -----------------------------------------------------------------------------

const batchesOf = (all: ReadonlyArray<Protocol.Said>): ReadonlyArray<ReadonlyArray<Protocol.Said>> => {
  const batches: Array<Array<Protocol.Said>> = []
  for (const said of all) {
    const last = batches.at(-1)
    if (last?.[0]?._tag === "Event" && said._tag === "Event") last.push(said)
    else batches.push([said])
  }
  return batches
}

const levels: ReadonlyArray<readonly [RegExp, LogLevel]> = [
  [/^(fatal|critical)$/i, LogLevels.Fatal],
  [/^error$/i, LogLevels.Error],
  [/^warn(ing)?$/i, LogLevels.Warning],
  [/^info$/i, LogLevels.Info],
  [/^debug$/i, LogLevels.Debug]
]

/** The level that a line names itself, behind its time if it has one; else what is usual of its channel. */
const levelOf = (line: string, usual: LogLevel): LogLevel => {
  const [, word = ""] = /^[\W\dTZ]*([A-Za-z]+)\b/.exec(line.slice(0, 60)) ?? []
  return levels.find(([names]) => names.test(word))?.[1] ?? usual
}

// oxlint-disable-next-line no-control-regex -- what a terminal would obey is shown instead
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

const log = (line: string, usual: LogLevel): Effect.Effect<void> =>
  line.trim() === "" ? Effect.void : Effect.logWithLevel(levelOf(line, usual), line.replaceAll(controls, "\ufffd"))
