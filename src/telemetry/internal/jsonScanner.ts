/**
 * Validates JSON over bytes without building values (RFC 8259): recursive descent with class tables, no allocation.
 * The bytes must already be known to be UTF-8. Beyond the grammar it refuses what JSON can't carry everywhere: lone
 * surrogates, numbers outside the range of a double, and nesting deeper than `maximumDepth`.
 *
 * While a value is scanned, `dirty` is raised when its text is not yet in line form (blanks outside strings, bytes above
 * 0x7F, backslashes). Casts: indexing a Buffer past its end yields undefined, which no comparison below lets through.
 *
 * @internal
 */

export const maximumDepth = 512

const plain = 0
const quote = 1
const backslash = 2
const control = 3
const high = 4
const stringClass = new Uint8Array(256).fill(plain)
stringClass.fill(control, 0, 0x20).fill(high, 0x80)
stringClass[0x22] = quote
stringClass[0x5c] = backslash

const blank = new Uint8Array(256)
for (const c of [0x20, 0x09, 0x0a, 0x0d]) blank[c] = 1

const isDigit = (c: number) => c >= 0x30 && c <= 0x39

const hexOf = (c: number): number =>
  c >= 0x30 && c <= 0x39 ? c - 0x30 : c >= 0x61 && c <= 0x66 ? c - 0x57 : c >= 0x41 && c <= 0x46 ? c - 0x37 : -1

export class JsonScanner {
  dirty = false
  /** Where the text stops being acceptable, and why. Only meaningful after a scan answered -1. */
  errorAt = 0
  errorText = ""
  private bytes: Buffer = Buffer.alloc(0)
  private end = 0

  /** Scans from here on read these bytes, up to `end`. */
  reset(bytes: Buffer, end: number): void {
    this.bytes = bytes
    this.end = end
    this.dirty = false
  }

  fail(at: number, text: string): -1 {
    this.errorAt = at > this.end ? this.end : at
    this.errorText = text
    return -1
  }

  /** The first index at or after `i` that holds no blank. */
  skip(i: number): number {
    const bytes = this.bytes
    while (i < this.end && blank[bytes[i] as number] === 1) i++
    return i
  }

  /** The index behind the value that begins at `i`, or -1. */
  value(i: number, depth: number): number {
    if (i >= this.end) return this.fail(i, "Expecting value")
    const c = this.bytes[i] as number
    if (c === 0x22) return this.string(i + 1)
    if (c === 0x7b) return depth >= maximumDepth ? this.tooDeep(i) : this.object(i + 1, depth + 1)
    if (c === 0x5b) return depth >= maximumDepth ? this.tooDeep(i) : this.array(i + 1, depth + 1)
    if (c === 0x2d || isDigit(c)) return this.number(i)
    if (c === 0x74) return this.literal(i, "true")
    if (c === 0x66) return this.literal(i, "false")
    if (c === 0x6e) return this.literal(i, "null")
    return this.fail(i, "Expecting value")
  }

  /** `i` stands behind the opening quote. */
  string(i: number): number {
    const bytes = this.bytes
    const opened = i - 1
    for (;;) {
      let kind = stringClass[bytes[i] as number]
      while (kind === plain) kind = stringClass[bytes[++i] as number]
      if (i >= this.end) return this.fail(opened, "Unterminated string starting at")
      if (kind === quote) return i + 1
      this.dirty = true
      if (kind === high) i++
      else if (kind === backslash) {
        i = this.escape(i)
        if (i < 0) return -1
      } else return this.fail(i, "Invalid control character at")
    }
  }

  private escape(i: number): number {
    const c = this.bytes[i + 1] as number
    if (c === 0x75) {
      const unit = this.unit(i + 2)
      if (unit < 0) return this.fail(i + 1, "Invalid \\uXXXX escape")
      if (unit < 0xd800 || unit > 0xdfff) return i + 6
      if (unit > 0xdbff) return this.fail(i, "Lone surrogate")
      if (this.bytes[i + 6] !== 0x5c || this.bytes[i + 7] !== 0x75) return this.fail(i, "Lone surrogate")
      const low = this.unit(i + 8)
      return low >= 0xdc00 && low <= 0xdfff ? i + 12 : this.fail(i, "Lone surrogate")
    }
    const known =
      c === 0x22 || c === 0x5c || c === 0x2f || c === 0x62 || c === 0x66 || c === 0x6e || c === 0x72 || c === 0x74
    return known ? i + 2 : this.fail(i, "Invalid \\escape")
  }

  private unit(i: number): number {
    let unit = 0
    for (let k = i; k < i + 4; k++) {
      const digit = hexOf(this.bytes[k] as number)
      if (digit < 0) return -1
      unit = unit * 16 + digit
    }
    return unit
  }

  private literal(i: number, text: string): number {
    for (let k = 1; k < text.length; k++) {
      if (this.bytes[i + k] !== text.charCodeAt(k)) return this.fail(i, "Expecting value")
    }
    return i + text.length <= this.end ? i + text.length : this.fail(i, "Expecting value")
  }

  private number(start: number): number {
    const bytes = this.bytes
    let i = bytes[start] === 0x2d ? start + 1 : start
    if (i >= this.end || !isDigit(bytes[i] as number)) return this.fail(start, "Expecting value")
    if (bytes[i] === 0x30) i++
    else while (i < this.end && isDigit(bytes[i] as number)) i++
    let real = false
    let scaled = false
    if (bytes[i] === 0x2e && i < this.end) {
      real = true
      const first = ++i
      while (i < this.end && isDigit(bytes[i] as number)) i++
      if (i === first) return this.fail(first - 1, "Expecting ',' delimiter")
    }
    if (i < this.end && (bytes[i] === 0x65 || bytes[i] === 0x45)) {
      scaled = true
      const mark = i++
      if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++
      const first = i
      while (i < this.end && isDigit(bytes[i] as number)) i++
      if (i === first) return this.fail(mark, "Expecting ',' delimiter")
    }
    const doubtful = scaled || (real && i - start > 300)
    if (doubtful && !Number.isFinite(Number(bytes.toString("latin1", start, i)))) {
      return this.fail(start, "Number out of the range of a double")
    }
    return i
  }

  private array(i: number, depth: number): number {
    const bytes = this.bytes
    i = this.blanks(i)
    if (bytes[i] === 0x5d && i < this.end) return i + 1
    for (;;) {
      i = this.value(i, depth)
      if (i < 0) return -1
      i = this.blanks(i)
      const c = i < this.end ? bytes[i] : 0
      if (c === 0x5d) return i + 1
      if (c !== 0x2c) return this.fail(i, "Expecting ',' delimiter")
      i = this.blanks(i + 1)
    }
  }

  private object(i: number, depth: number): number {
    const bytes = this.bytes
    i = this.blanks(i)
    if (bytes[i] === 0x7d && i < this.end) return i + 1
    for (;;) {
      if (bytes[i] !== 0x22 || i >= this.end) return this.fail(i, "Expecting property name enclosed in double quotes")
      i = this.string(i + 1)
      if (i < 0) return -1
      i = this.blanks(i)
      if (bytes[i] !== 0x3a || i >= this.end) return this.fail(i, "Expecting ':' delimiter")
      i = this.value(this.blanks(i + 1), depth)
      if (i < 0) return -1
      i = this.blanks(i)
      const c = i < this.end ? bytes[i] : 0
      if (c === 0x7d) return i + 1
      if (c !== 0x2c) return this.fail(i, "Expecting ',' delimiter")
      i = this.blanks(i + 1)
    }
  }

  /** Blanks inside a value: they are not in line form. */
  private blanks(i: number): number {
    const bytes = this.bytes
    if (i < this.end && blank[bytes[i] as number] === 1) {
      this.dirty = true
      do i++
      while (i < this.end && blank[bytes[i] as number] === 1)
    }
    return i
  }

  private tooDeep(i: number): -1 {
    return this.fail(i, `Nesting deeper than ${maximumDepth}`)
  }
}
