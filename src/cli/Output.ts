/**
 * How answers are printed. Standard output bears the answer and nothing else: text for people, one JSON document with
 * `--json`, or NDJSON where a command says so. Everything else goes to standard error.
 */
import * as Chunk from "effect/Chunk"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { BrokenPipe, CommandFailed } from "./Failure.js"
import { Globals } from "./Globals.js"
import { StandardIo } from "./StandardIo.js"

/** What printing needs. */
export type Sink = StandardIo | Globals

/** One line of the answer. */
export const line = (text: string): Effect.Effect<void, BrokenPipe | CommandFailed, StandardIo> =>
  Effect.flatMap(StandardIo, (io) => io.out(`${text}\n`))

/** A remark for people on standard error; not with `--quiet`. */
export const note = (text: string): Effect.Effect<void, never, StandardIo | Globals> =>
  Effect.gen(function* () {
    const { quiet } = yield* Globals
    if (!quiet) yield* (yield* StandardIo).err(`${text}\n`)
  })

/** A remark that is printed even with `--quiet`: something is wrong, though the command goes on. */
export const warning = (text: string): Effect.Effect<void, never, StandardIo> =>
  Effect.flatMap(StandardIo, (io) => io.err(`warning: ${text}\n`))

/** The answer in one of two forms: the JSON document with `--json`, else the text for people. */
export const answer = (forms: {
  /** JSON text, printed as it is. */
  readonly json: () => string
  /** Lines for people. */
  readonly text: (style: Style) => ReadonlyArray<string>
}): Effect.Effect<void, BrokenPipe | CommandFailed, Sink> =>
  Effect.gen(function* () {
    const { json } = yield* Globals
    if (json) return yield* line(forms.json())
    const lines = forms.text(yield* style)
    if (lines.length > 0) yield* line(lines.join("\n"))
  })

/** JSON text of a value by its schema. */
export const encode = <A, I>(schema: Schema.Schema<A, I>): ((value: A) => string) =>
  Schema.encodeSync(Schema.parseJson(schema))

/** Lines as they come, written in batches as they arrive. */
export const lines = <E, R>(
  stream: Stream.Stream<string, E, R>
): Effect.Effect<void, E | BrokenPipe | CommandFailed, R | StandardIo> =>
  Effect.gen(function* () {
    const io = yield* StandardIo
    yield* Stream.runForEachChunk(stream, (chunk) =>
      Chunk.isEmpty(chunk) ? Effect.void : io.out(`${Chunk.toReadonlyArray(chunk).join("\n")}\n`)
    )
  })

/** Rows in columns, padded; the first row is the heading. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  { dim }: Pick<Style, "dim">
): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))))
  const shown = rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join("  ")
      .trimEnd()
  )
  const [heading, ...body] = shown
  return heading === undefined ? [] : [dim(heading), ...body]
}

/** Pairs with their names in one column. */
export const pairs = (
  entries: ReadonlyArray<readonly [name: string, value: string]>,
  { dim }: Pick<Style, "dim">
): ReadonlyArray<string> => {
  const longest = Math.max(0, ...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${dim(name.padEnd(longest))}  ${value}`)
}

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly doubtful: (text: string) => string
}

/** No colours at all. */
export const colourless: Style = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  doubtful: (text) => text
}

/** Colours on a terminal, nothing elsewhere or where NO_COLOR is set. */
export const style: Effect.Effect<Style, never, StandardIo> = Effect.gen(function* () {
  const { terminal } = yield* StandardIo
  const forbidden = yield* Effect.option(Config.nonEmptyString("NO_COLOR"))
  if (!terminal.out || forbidden._tag === "Some") return colourless
  const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
  return { bold: paint(1), dim: paint(2), good: paint(32), bad: paint(31), doubtful: paint(33) }
})

/** The width of a text on the terminal, its colours left out. */
export const width = (text: string): number => Array.from(text.replaceAll(ansi, "")).length

/** Text cut to a width, with an ellipsis where something is missing. */
export const cut = (text: string, columns: number): string => {
  const characters = Array.from(text)
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`
}

/** The same with the ellipsis inside, for text whose end tells as much as its beginning: paths, keys, ids. */
export const cutMiddle = (text: string, columns: number): string => {
  const characters = Array.from(text)
  if (characters.length <= columns || columns < 3) return cut(text, columns)
  const end = Math.ceil((columns - 1) / 2)
  return `${characters.slice(0, columns - 1 - end).join("")}…${characters.slice(-end).join("")}`
}

// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const ansi = /\u001b\[[0-9;]*m/g
