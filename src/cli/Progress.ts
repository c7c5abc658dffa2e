/**
 * How far a long command is, drawn on standard error while it runs: a bar where the total is known, else figures that
 * move. Only on a terminal, without `--quiet` and without NO_COLOR; elsewhere it is silent.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"

export interface Done {
  readonly bytes: number
  readonly items: number
}

export interface Progress {
  /** Adds to what is done. Cheap. */
  readonly add: (more: Partial<Done>) => Effect.Effect<void>
  readonly done: Effect.Effect<Done>
}

/** Draws five times a second until the scope closes, then wipes the line. */
export const make = (options: {
  /** What is counted, for example `event`. */
  readonly noun: string
  /** Items in all, where known. */
  readonly total: Option.Option<number>
}): Effect.Effect<Progress, never, StandardIo | Globals | Scope.Scope> =>
  Effect.gen(function* () {
    const io = yield* StandardIo
    const { quiet } = yield* Globals
    const state = yield* Ref.make<Done>({ bytes: 0, items: 0 })
    const plain = yield* Effect.option(Config.nonEmptyString("NO_COLOR"))
    if (io.terminal.err && !quiet && Option.isNone(plain)) {
      const started = yield* Clock.currentTimeMillis
      yield* Effect.addFinalizer(() => io.err(wiped))
      yield* Effect.gen(function* () {
        const millis = (yield* Clock.currentTimeMillis) - started
        const text = line(yield* Ref.get(state), millis, options)
        yield* io.err(wiped + Output.cut(text, (yield* io.columns) - 1))
      }).pipe(Effect.repeat(Schedule.spaced("200 millis")), Effect.forkScoped)
    }
    return {
      add: ({ bytes = 0, items = 0 }) =>
        Ref.update(state, (done) => ({ bytes: done.bytes + bytes, items: done.items + items })),
      done: Ref.get(state)
    }
  })

/** One drawing. Without a total there is no bar: it could only lie. */
export const line = (
  { bytes, items }: Done,
  millis: number,
  { noun, total }: { readonly noun: string; readonly total: Option.Option<number> }
): string => {
  const rate = millis > 0 ? `${Readable.bytes((bytes / millis) * 1000)}/s` : ""
  const figures = [Readable.bytes(bytes), ...(items > 0 ? [Readable.plural(items, noun)] : []), rate].join("  ")
  return Option.match(total, {
    onNone: () => figures,
    onSome: (all) => {
      const part = all === 0 ? 1 : Math.min(1, items / all)
      const filled = Math.round(part * barWidth)
      return `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}] ${Math.floor(part * 100)} %  ${figures}`
    }
  })
}

// ------------------------------------------------------------------------------------------------------------------

const barWidth = 24
const wiped = "\r\u001b[K"
