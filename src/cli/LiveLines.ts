/**
 * Lines on standard error that are drawn again and again while a command works. On a terminal they stand at its lower end and
 * are wiped when the scope closes; elsewhere, and with NO_COLOR, a plain line comes every few seconds. Silent with `--quiet`.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { Globals } from "./Globals.js"
import { StandardIo } from "./StandardIo.js"

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface Drawing {
  /** At most as many lines as `rows`, none wider than `columns`. */
  readonly lines: (size: Size) => Effect.Effect<ReadonlyArray<string>>
  /** What there is to say since the last time, where nothing can be drawn. */
  readonly plain: Effect.Effect<ReadonlyArray<string>>
}

/** Between two drawings, and between two plain lines. */
const drawnEvery = "150 millis"
const saidEvery = "5 seconds"

/** Draws until the scope closes. */
export const show = (drawing: Drawing): Effect.Effect<void, never, StandardIo | Globals | Scope.Scope> =>
  Effect.gen(function* () {
    const { quiet } = yield* Globals
    if (quiet) return
    const io = yield* StandardIo
    const plain = yield* Effect.option(Config.nonEmptyString("NO_COLOR"))
    if (!io.terminal.err || Option.isSome(plain)) {
      const say = Effect.flatMap(drawing.plain, (lines) => io.err(lines.map((line) => `${line}\n`).join("")))
      yield* say.pipe(Effect.schedule(Schedule.spaced(saidEvery)), Effect.forkScoped)
      return
    }
    const drawn = yield* Ref.make(0)
    yield* Effect.addFinalizer(() => Effect.flatMap(Ref.get(drawn), (lines) => io.err(above(lines))))
    yield* Effect.gen(function* () {
      // The last row bears the cursor, and a line that fills a row to its end would begin another.
      const size = { columns: (yield* io.columns) - 1, rows: Math.max(1, (yield* io.rows) - 1) }
      const lines = yield* drawing.lines(size)
      const before = yield* Ref.getAndSet(drawn, lines.length)
      yield* io.err(above(before) + lines.map((line) => `${line}\n`).join(""))
    }).pipe(Effect.uninterruptible, Effect.repeat(Schedule.spaced(drawnEvery)), Effect.forkScoped)
  })

// ------------------------------------------------------------------------------------------------------------------

/** To the begin of the line so many lines above, with nothing below it. */
const above = (lines: number): string => (lines === 0 ? "" : `\r\u001b[${lines}A\u001b[J`)
