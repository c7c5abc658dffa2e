/**
 * The tools for a ledger file as it is, whoever wrote it: its state by date, its rows, one more row. They take no lock and
 * know of no site. Reading changes nothing and forgives whatever an edit by hand or a power cut has done to the file;
 * `append` does exactly what the UDL tools do, but for a last line that was cut: it is ended first, so that the new row
 * stands on a line of its own.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { StorageFailed } from "../domain/Refusal.js"
import { syncDirectory } from "../site/DurableFile.js"
import { isNotFound, reasonOf } from "../site/FileReason.js"
import { compareCodePoints } from "./internal/codePoints.js"
import type { Unfinished } from "./internal/csvRows.js"
import { encode, header, LedgerReader, type RowView } from "./LedgerCsv.js"
import type { LedgerRow } from "./LedgerRow.js"
import { isDate } from "./LedgerText.js"

export interface LedgerState {
  /** For each date the latest row, by `started_at_utc` as text, the later line where two are equal. In order of appearance. */
  readonly rows: ReadonlyMap<string, LedgerRow>
  /** What is wrong with the file, in words that follow its name. */
  readonly warnings: ReadonlyArray<string>
}

/** Rows without a date of the calendar are passed over. No file, no rows. Fails only where the file can't be read. */
export const state: (path: string) => Effect.Effect<LedgerState, StorageFailed, FileSystem.FileSystem> = Effect.fn(
  "LedgerFile.state"
)(function* (path) {
  const rows = new Map<string, LedgerRow>()
  const scanned = yield* scan(path, (view) => {
    const day = view.text("chunk_date_utc")
    const known = rows.get(day)
    if (known === undefined && !isDate(day)) return
    if (known === undefined || compareCodePoints(view.text("started_at_utc"), known.started_at_utc) >= 0)
      rows.set(day, view.row())
  })
  return { rows, warnings: warningsOf(scanned) }
})

/** Every row in file order, also those without a date. */
export const rows: (path: string) => Effect.Effect<ReadonlyArray<LedgerRow>, StorageFailed, FileSystem.FileSystem> =
  Effect.fn("LedgerFile.rows")(function* (path) {
    const all: Array<LedgerRow> = []
    yield* scan(path, (view) => void all.push(view.row()))
    return all
  })

export interface Appended {
  /** Where the row begins in the file. */
  readonly offset: number
  readonly wroteHeader: boolean
  /** Whether a line that was cut had to be ended first. */
  readonly endedLine: boolean
  /** As those of `state`: what keeps the row from being read. */
  readonly warnings: ReadonlyArray<string>
}

/**
 * Adds a row, durable once it returns; of a new file, its name too. A header is written where the file is missing or empty;
 * one that is there is neither checked nor changed. Directories on the way are made.
 */
export const append: (
  path: string,
  row: LedgerRow
) => Effect.Effect<Appended, StorageFailed, FileSystem.FileSystem | Path.Path> = Effect.fn("LedgerFile.append")(
  function* (path, row) {
    const paths = yield* Path.Path
    const scanned = yield* scan(path, () => undefined)
    const size = Option.getOrElse(scanned.size, () => 0)
    const before = size === 0 ? header : endOf(scanned)
    const bytes = new TextEncoder().encode(before + encode(row))
    yield* write(paths.resolve(path), bytes, Option.isNone(scanned.size)).pipe(failed("append", path))
    return {
      offset: size + before.length,
      wroteHeader: size === 0,
      endedLine: size > 0 && before !== "",
      warnings: size === 0 ? [] : warningsOf(scanned)
    }
  }
)

// ------------------------------------------------------------------------------------------------------------------

interface Scanned {
  /** None where there is no file. */
  readonly size: Option.Option<number>
  readonly names: ReadonlyArray<string> | undefined
  readonly encoding: LedgerReader["encoding"]
  readonly unfinished: Unfinished | undefined
  /** The header is the line that was not finished. */
  readonly endsInHeader: boolean
}

const piece = 1 << 20

const failed = (operation: string, path: string) =>
  Effect.mapError((error: PlatformError) => new StorageFailed({ operation, path, reason: reasonOf(error) }))

const scan = (
  path: string,
  onRow: (view: RowView) => void
): Effect.Effect<Scanned, StorageFailed, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const reader = new LedgerReader(onRow)
    const size = yield* Effect.scoped(readAll(path, reader)).pipe(
      Effect.asSome,
      Effect.catchAll((error) => (isNotFound(error) ? Effect.succeedNone : Effect.fail(error))),
      failed("read", path)
    )
    const headed = reader.names !== undefined
    const unfinished = reader.finish()
    return { size, names: reader.names, encoding: reader.encoding, unfinished, endsInHeader: !headed }
  })

const readAll = (
  path: string,
  reader: LedgerReader
): Effect.Effect<number, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* fs.open(path, { flag: "r" })
    const bytes = new Uint8Array(piece)
    for (let size = 0; ;) {
      const count = Number(yield* file.read(bytes))
      if (count === 0) return size
      reader.push(bytes.subarray(0, count))
      size += count
    }
  })

const write = (
  path: string,
  bytes: Uint8Array,
  isNew: boolean
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = (yield* Path.Path).dirname(path)
    if (isNew) yield* fs.makeDirectory(directory, { recursive: true })
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* fs.open(path, { flag: "a" })
        yield* file.writeAll(bytes)
        yield* file.sync
      })
    )
    if (isNew) yield* syncDirectory(directory)
  })

/** What ends a last line that has no end. A header that was cut in the middle of a name is written to its end. */
const endOf = ({ endsInHeader, names, unfinished }: Scanned): string => {
  if (unfinished === undefined) return ""
  const written = (names ?? []).join(",")
  const isPlain = unfinished.length === written.length
  const isCut = isPlain && header.startsWith(written) && !/^[,\r]/.test(header.slice(written.length))
  if (endsInHeader && isCut) return header.slice(written.length)
  return unfinished.openQuote ? '"\r\n' : "\r\n"
}

const warningsOf = ({ encoding, names, size, unfinished }: Scanned): ReadonlyArray<string> => {
  if (Option.isNone(size)) return ["does not exist"]
  if (encoding === "utf-16") return ["is UTF-16; save it as UTF-8"]
  if (names === undefined) return ["has no header"]
  const warnings = names.includes("chunk_date_utc")
    ? []
    : ["has no column chunk_date_utc in its first line: it is no ledger, or its header is missing"]
  return unfinished?.swallowsLines === true
    ? [
        ...warnings,
        `has a quote that is never closed in the row at byte ${unfinished.offset}: what follows is read as one field`
      ]
    : warnings
}
