/**
 * A ledger file as the engine holds it: what is folded from it, how far, and what has to follow its bytes before the next
 * row may: a header where there is none, the end of a row that was cut. A cut row is filled up to 24 fields, because readers
 * that take a missing one for an error would not start on this file again.
 *
 * Bytes that others append while it is open are folded when the next row is written; where the file was replaced, it is
 * folded anew.
 */
import type { Ending } from "../../journal/AppendFile.js"
import { DiskFailure } from "../../journal/AppendFile.js"
import type { Disk, FileStatus } from "../../journal/Disk.js"
import { header as headerLine } from "../LedgerCsv.js"
import { columns } from "../LedgerRow.js"
import { ChunkFold } from "./chunkFold.js"
import type { Unfinished } from "./csvRows.js"
import type { HeaderKind } from "./header.js"

/** What of a file is worth telling. */
export type Finding =
  | { readonly kind: "ended"; readonly path: string; readonly offset: number; readonly length: number }
  | { readonly kind: "swallowed"; readonly path: string; readonly offset: number; readonly length: number }
  | { readonly kind: "passedOver"; readonly path: string; readonly rows: number }

type Read = (offset: number, length: number) => Promise<Uint8Array>

const nothing = Buffer.alloc(0)
const piece = 1 << 20
const cr = 0x0d

export class LedgerContents {
  fold = new ChunkFold()
  /** Up to where the fold goes. */
  private known: FileStatus | undefined
  private due: Buffer = Buffer.from(headerLine)
  private unfinished: Unfinished | undefined

  constructor(
    private readonly path: string,
    private readonly disk: Disk,
    private readonly tell: (finding: Finding) => void
  ) {}

  /** Folds the file as it is now; nothing is made or written. What its header is, `own` where it has none yet. */
  async load(): Promise<HeaderKind | "utf-16"> {
    const status = this.disk.status(this.path)
    if (status === undefined) return "own"
    if (!status.regular) throw new DiskFailure("open", this.path, "not a regular file")
    const file = await this.disk.open(this.path)
    try {
      return await this.read(status, 0, (offset, length) => this.disk.read(file, offset, length))
    } finally {
      await this.disk.close(file)
    }
  }

  /** Before the first row, and where the file is not as it was left. */
  readonly ending: Ending = async ({ read, status }) => {
    const { known } = this
    const same = known !== undefined && known.device === status.device && known.inode === status.inode
    if (!same || known.size !== status.size) {
      const grown = same && known.size < status.size && this.due.length === 0
      const kind = await this.read(status, grown ? known.size : 0, read)
      if (kind !== "own") {
        this.known = undefined
        throw new Error(`what is there now is no ledger of 24 columns (${kind})`)
      }
    }
    if (this.unfinished !== undefined) this.tell({ kind: "ended", path: this.path, ...placeOf(this.unfinished) })
    return this.due
  }

  /** These bytes are in the file, which ends with them. */
  committed(bytes: Uint8Array, size: number): void {
    this.fold.push(bytes)
    if (this.known !== undefined) this.known = { ...this.known, size }
    this.due = nothing
    this.unfinished = undefined
  }

  private async read(status: FileStatus, from: number, read: Read): Promise<HeaderKind | "utf-16"> {
    const fold = from === 0 ? new ChunkFold() : this.fold
    let offset = from
    let last: number | undefined
    while (offset < status.size) {
      const bytes = await read(offset, Math.min(piece, status.size - offset))
      if (bytes.length === 0) break
      fold.push(bytes)
      offset += bytes.length
      last = bytes.at(-1)
    }
    const isHeaded = fold.header !== undefined
    const unfinished = fold.finish()
    this.fold = fold
    this.known = { ...status, size: offset }
    this.unfinished = unfinished
    this.due = isHeaded ? endOfRow(unfinished) : endOfHeader(fold, unfinished)
    if (this.due.length === 0 && last === cr) this.due = Buffer.from("\n")
    this.report(from)
    return fold.encoding === "utf-16" ? fold.encoding : (fold.header?.kind ?? "own")
  }

  private report(from: number): void {
    const { fold, path, unfinished } = this
    if (unfinished?.swallowsLines === true) this.tell({ kind: "swallowed", path, ...placeOf(unfinished) })
    if (from === 0 && fold.passedOver > 0) this.tell({ kind: "passedOver", path, rows: fold.passedOver })
  }
}

// ------------------------------------------------------------------------------------------------------------------

const placeOf = ({ length, offset }: Unfinished) => ({ offset, length })

const endOfRow = (unfinished: Unfinished | undefined): Buffer => {
  if (unfinished === undefined) return nothing
  const missing = Math.max(0, columns.length - unfinished.fields)
  return Buffer.from(`${unfinished.openQuote ? '"' : ""}${",".repeat(missing)}\r\n`)
}

/** A header that was cut while it was written is written to its end. */
const endOfHeader = (fold: ChunkFold, unfinished: Unfinished | undefined): Buffer => {
  const written = fold.header === undefined ? "" : fold.header.fields.join(",")
  if (unfinished === undefined && written !== "") return nothing
  if (!headerLine.startsWith(written) || (unfinished?.length ?? 0) !== written.length) return endOfRow(unfinished)
  fold.begin(columns)
  return Buffer.from(headerLine.slice(written.length))
}
