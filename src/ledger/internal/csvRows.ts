/**
 * Rows of CSV from bytes as they come, by the rules of Python's `csv` reader: CR, LF and CRLF end a row; a quote quotes only
 * as the first byte of a field, `""` inside is one quote, text after the closing quote is kept; blanks are never trimmed;
 * an empty line is no row; a quote that is never closed runs to the end. A BOM is skipped.
 *
 * One pass over the bytes; fields are only places until someone asks for their text, which holds until the next row.
 * A row may be as long as memory allows.
 */

/** The last row had no line end. */
export interface Unfinished {
  /** How many fields it has, the last one perhaps cut. */
  readonly fields: number
  readonly openQuote: boolean
  /** The quote that is never closed has line ends behind it: rows perhaps, that are now part of its field. */
  readonly swallowsLines: boolean
  /** Where in the file it begins, and how long it is. */
  readonly offset: number
  readonly length: number
}

const comma = 0x2c
const quote = 0x22
const lf = 0x0a
const cr = 0x0d

/** Where in a row the scan stands. After a quote inside quotes the next byte tells whether it closed them. */
const enum Place {
  fieldStart,
  bare,
  quoted,
  afterQuote
}

/** How the bytes of a field become its text. */
const enum Form {
  /** As they are. */
  bare,
  /** Without the quotes around them. */
  quoted,
  /** Quotes are doubled in it, or text follows the closing one, or none closes it. */
  mixed
}

export class CsvRows {
  /** How many fields the row has. */
  count = 0
  private buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  /** The row under way begins here, the scan stands there, and so many bytes are held. */
  private row = 0
  private at = 0
  private used = 0
  /** Offset in the file of the first byte held. */
  private base = 0
  private begun = false
  private place: Place = Place.fieldStart
  private fieldStart = 0
  private form: Form = Form.bare
  private starts = new Int32Array(32)
  private ends = new Int32Array(32)
  private forms = new Uint8Array(32)

  constructor(private readonly onRow: (row: CsvRows) => void) {}

  /** The text of a field; "" for one beyond the last. */
  text(field: number): string {
    if (field < 0 || field >= this.count) return ""
    const start = this.starts[field] ?? 0
    const end = this.ends[field] ?? 0
    if (start === end) return ""
    switch (this.forms[field]) {
      case Form.bare:
        return this.buffer.toString("utf8", start, end)
      case Form.quoted:
        return this.buffer.toString("utf8", start + 1, end - 1)
      default:
        return unquoted(this.buffer.toString("utf8", start, end))
    }
  }

  /** What `read` makes of the bytes of a field; NaN for one whose bytes are not its text. */
  number(field: number, read: (bytes: Uint8Array, start: number, end: number) => number): number {
    if (!this.isPlain(field)) return NaN
    const inset = this.forms[field] === Form.quoted ? 1 : 0
    return read(this.buffer, (this.starts[field] ?? 0) + inset, (this.ends[field] ?? 0) - inset)
  }

  /** Whether the bytes of a field are its text, and these. */
  holds(field: number, bytes: Uint8Array): boolean {
    if (!this.isPlain(field)) return false
    const inset = this.forms[field] === Form.quoted ? 1 : 0
    const start = (this.starts[field] ?? 0) + inset
    if ((this.ends[field] ?? 0) - inset - start !== bytes.length) return false
    for (let at = 0; at < bytes.length; at++) if (this.buffer[start + at] !== bytes[at]) return false
    return true
  }

  /** Whether a field is there and not empty. */
  has(field: number): boolean {
    return field >= 0 && field < this.count && this.starts[field] !== this.ends[field]
  }

  private isPlain(field: number): boolean {
    return field >= 0 && field < this.count && this.forms[field] !== Form.mixed
  }

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    this.hold(bytes)
    if (this.begun || this.used >= 3) this.scan()
  }

  /** The file ends here: tells a last row that has no line end, and how it ended. */
  finish(): Unfinished | undefined {
    this.scan()
    if (this.row === this.used) return undefined
    const openQuote = this.place === Place.quoted
    if (openQuote) this.form = Form.mixed
    if (this.place === Place.fieldStart) this.beginField(this.used, Form.bare)
    this.endField(this.used)
    const unfinished = {
      fields: this.count,
      openQuote,
      swallowsLines: openQuote && this.buffer.subarray(this.fieldStart, this.used).includes(lf),
      offset: this.base + this.row,
      length: this.used - this.row
    }
    this.onRow(this)
    this.count = 0
    this.row = this.at = this.used
    this.place = Place.fieldStart
    return unfinished
  }

  /** Makes room by dropping the rows that are done, and puts the bytes behind those held. */
  private hold(bytes: Uint8Array): void {
    const done = this.row
    const kept = this.used - done
    const old = this.buffer
    if (kept + bytes.length > old.length) this.buffer = Buffer.allocUnsafeSlow(2 * (kept + bytes.length))
    if (done > 0 || this.buffer !== old) {
      old.copy(this.buffer, 0, done, this.used)
      for (let field = 0; field < this.count; field++) {
        this.starts[field] = (this.starts[field] ?? 0) - done
        this.ends[field] = (this.ends[field] ?? 0) - done
      }
      this.fieldStart -= done
      this.at -= done
      this.row = 0
      this.base += done
    }
    this.buffer.set(bytes, kept)
    this.used = kept + bytes.length
  }

  private scan(): void {
    const { buffer, used } = this
    if (!this.begun) {
      this.begun = true
      if (used >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) this.row = this.at = 3
    }
    let { at, place } = this
    const held = buffer.subarray(0, used)
    while (at < used) {
      const byte = buffer[at]
      if (place === Place.fieldStart) {
        this.beginField(at, byte === quote ? Form.quoted : Form.bare)
        if (byte === quote) {
          place = Place.quoted
          at++
          continue
        }
        if (this.count === 0 && (byte === lf || byte === cr)) {
          this.row = ++at
          continue
        }
        place = Place.bare
      }
      if (place === Place.quoted) {
        const next = held.indexOf(quote, at)
        at = next < 0 ? used : next + 1
        if (next >= 0) place = Place.afterQuote
        continue
      }
      if (place === Place.bare) {
        // Everything that ends a field is a comma or below it.
        while (at < used && (buffer[at] ?? 0) > comma) at++
        if (at === used) break
      }
      const ending = buffer[at]
      if (ending === comma) {
        this.endField(at++)
        place = Place.fieldStart
      } else if (ending === lf || ending === cr) {
        this.endField(at++)
        place = Place.fieldStart
        this.onRow(this)
        this.count = 0
        this.row = at
      } else if (place === Place.afterQuote) {
        this.form = Form.mixed
        place = ending === quote ? Place.quoted : Place.bare
        at++
      } else at++
    }
    this.at = at
    this.place = place
  }

  private beginField(start: number, form: Form): void {
    this.fieldStart = start
    this.form = form
  }

  private endField(end: number): void {
    const { count } = this
    if (count === this.starts.length) this.grow()
    this.starts[count] = this.fieldStart
    this.ends[count] = end
    this.forms[count] = this.form
    this.count++
  }

  private grow(): void {
    const size = this.starts.length * 4
    const [starts, ends, forms] = [this.starts, this.ends, this.forms]
    this.starts = new Int32Array(size)
    this.ends = new Int32Array(size)
    this.forms = new Uint8Array(size)
    this.starts.set(starts)
    this.ends.set(ends)
    this.forms.set(forms)
  }
}

/** Of a field that begins with a quote. */
const unquoted = (field: string): string => {
  let text = ""
  for (let at = 1; ;) {
    const next = field.indexOf('"', at)
    if (next < 0) return text + field.slice(at)
    text += field.slice(at, next)
    if (field[next + 1] !== '"') return text + field.slice(next + 1)
    text += '"'
    at = next + 2
  }
}
