/**
 * What a check learns of the numbers of one stream, over all its files: a number that stands twice is damage. One that no
 * line bears is none where the index was written along with the lines, because a line that goes missing then shows in a
 * checksum: it was an event that was only current. Where the index was made of the files themselves nobody can tell, and it
 * is reported for information.
 *
 * @internal
 */
import { SeenNumbers } from "./seenNumbers.js"

/** Numbers that were passed over, and where the line behind them stands. */
export interface Gap {
  readonly path: string
  readonly offset: number
  readonly firstSeq: number
  readonly lastSeq: number
}

/** So many places where numbers are passed over are told apart; those behind are told with the last one. */
const mostPlaces = 1_000

export class NumberCheck {
  private readonly seen = new SeenNumbers()
  private readonly excused = new SeenNumbers()
  private readonly passedOver: Array<Gap> = []
  private readonly files: Array<{ readonly path: string; first: number; last: number }> = []
  private highest = 0

  /** `unexplained`: up to this number the index can't tell why a number has no line. */
  constructor(private readonly unexplained: number) {}

  /** The number of a sound line; answers the file in which it stood before, if it did. */
  add(seq: number, path: string, offset: number): string | undefined {
    if (seq > this.highest + 1 && this.highest < this.unexplained) this.passOver(seq, path, offset)
    const isNew = this.seen.add(seq)
    const other = isNew ? undefined : (this.files.find(({ first, last }) => first <= seq && seq <= last)?.path ?? path)
    if (isNew) this.note(seq, path)
    return other
  }

  /** Numbers whose lines are damaged or gone, which is told elsewhere. */
  excuse(firstSeq: number, lastSeq: number): void {
    const last = Math.min(lastSeq, this.unexplained)
    for (let seq = Math.max(1, firstSeq); seq <= last; seq++) this.excused.add(seq)
  }

  /** Numbers without a line, up to `limit` stretches of them. */
  gaps(limit: number): ReadonlyArray<Gap> {
    const found: Array<Gap> = []
    for (const { firstSeq, lastSeq, offset, path } of this.passedOver) {
      for (const [from, to] of this.seen.missing(firstSeq, lastSeq)) {
        for (const [first, last] of this.excused.missing(from, to)) {
          if (found.length === limit) return found
          found.push({ path, offset, firstSeq: first, lastSeq: last })
        }
      }
    }
    return found
  }

  private passOver(seq: number, path: string, offset: number): void {
    const gap = { path, offset, firstSeq: this.highest + 1, lastSeq: Math.min(seq - 1, this.unexplained) }
    const { passedOver } = this
    const last = passedOver[passedOver.length - 1]
    if (last === undefined || passedOver.length < mostPlaces) passedOver.push(gap)
    else passedOver[passedOver.length - 1] = { ...last, lastSeq: gap.lastSeq }
  }

  private note(seq: number, path: string): void {
    this.highest = Math.max(this.highest, seq)
    const file = this.files[this.files.length - 1]
    if (file === undefined || file.path !== path) this.files.push({ path, first: seq, last: seq })
    else {
      file.first = Math.min(file.first, seq)
      file.last = Math.max(file.last, seq)
    }
  }
}
