/**
 * Rows of a stream that are not in the dataset yet, on the disk before they count: nothing is lost by `kill -9`. They stand in
 * numbered NDJSON files of one directory. `turn` begins a new file; the one before is removed by its reader once its rows are
 * durable elsewhere. What an earlier life left is read when the journal is made.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { join } from "node:path"
import { StorageFailed } from "../../domain/Refusal.js"
import type { Row } from "../../domain/RowLayout.js"
import * as Journal from "../../journal/Journal.js"
import type { ChannelRows } from "./Reading.js"

/** A file of an earlier life. */
export interface Leftover {
  readonly path: string
  readonly rows: ReadonlyArray<ChannelRows>
  /** Numbers of lines that are no records; the last one may be torn. */
  readonly bad: ReadonlyArray<number>
}

export interface LiveJournal {
  /** Durable once it returns; in the file that the next `turn` answers. */
  readonly append: (rows: ReadonlyArray<ChannelRows>) => Effect.Effect<void, StorageFailed>
  /** The file with all that was appended since the last turn, if anything was. Not while an `append` is under way. */
  readonly turn: Effect.Effect<Option.Option<string>>
  /** Oldest first. */
  readonly leftovers: ReadonlyArray<Leftover>
}

export const make = Effect.fn("LiveJournal.make")(function* (
  directory: string
): Effect.fn.Return<LiveJournal, PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  const there = yield* files.exists(directory)
  const numbers = (there ? yield* files.readDirectory(directory) : [])
    .map((name) => Number(/^(\d{1,15})\.ndjson$/.exec(name)?.[1] ?? Number.NaN))
    .filter((number) => !Number.isNaN(number))
    .sort((a, b) => a - b)
  const pathOf = (number: number) => join(directory, `${number}.ndjson`)
  const leftovers = yield* Effect.forEach(numbers, (number) =>
    Effect.map(files.readFileString(pathOf(number)), (text): Leftover => {
      const { bad, records } = Journal.parse(text, codec)
      return { path: pathOf(number), rows: records, bad }
    })
  )

  let number = numbers.at(-1) ?? 0
  let current:
    | { readonly path: string; readonly journal: Journal.Journal<ChannelRows>; readonly scope: Scope.CloseableScope }
    | undefined
  const close = Effect.suspend(() => {
    const closing = current
    current = undefined
    return closing === undefined
      ? Effect.succeedNone
      : Effect.as(Scope.close(closing.scope, Exit.void), Option.some(closing.path))
  }).pipe(Effect.uninterruptible)
  yield* Effect.addFinalizer(() => close)

  const opened = Effect.suspend(() => {
    if (current !== undefined) return Effect.succeed(current.journal)
    const path = pathOf(++number)
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const journal = yield* Scope.extend(Journal.make({ path, codec, capacity: recordBytes }), scope)
      current = { path, journal, scope }
      return journal
    })
  }).pipe(Effect.uninterruptible)

  return {
    append: Effect.fnUntraced(function* (rows) {
      const journal = yield* opened
      yield* Effect.forEach(rows.flatMap(inPieces), journal.append, { discard: true }).pipe(
        Effect.catchTag("Overloaded", ({ message, what }) =>
          Effect.fail(new StorageFailed({ operation: "append", path: what, reason: message }))
        )
      )
    }),
    turn: close,
    leftovers
  }
})

// ---------------------------------------------------------------------------------------------------------------------

/** Longest record. */
const recordBytes = 4 * 2 ** 20
const rowsPerRecord = 1000

const inPieces = ({ channel, rows }: ChannelRows): ReadonlyArray<ChannelRows> =>
  rows.length <= rowsPerRecord
    ? [{ channel, rows }]
    : Array.from({ length: Math.ceil(rows.length / rowsPerRecord) }, (_, n) => ({
        channel,
        rows: rows.slice(n * rowsPerRecord, (n + 1) * rowsPerRecord)
      }))

/** Whole numbers of any length stand as `["123"]`. */
const Integer = Schema.transform(Schema.Tuple(Schema.String.pipe(Schema.pattern(/^-?\d+$/))), Schema.BigIntFromSelf, {
  strict: true,
  decode: ([digits]) => BigInt(digits),
  encode: (integer) => [integer.toString()] as const
})
const CellText = Schema.Union(Schema.String, Schema.Number, Schema.Boolean, Schema.Null, Integer)

const decodeRecord = Schema.decodeUnknownOption(
  Schema.parseJson(
    Schema.Struct({
      channel: Schema.String,
      rows: Schema.Array(Schema.Record({ key: Schema.String, value: CellText }))
    })
  )
)

const codec: Journal.Codec<ChannelRows> = {
  encode: ({ channel, rows }) =>
    Buffer.from(
      `${JSON.stringify({ channel, rows }, (_, cell: Row[string]) => (typeof cell === "bigint" ? [`${cell}`] : cell))}\n`
    ),
  decode: (line) => Option.getOrUndefined(decodeRecord(line))
}
