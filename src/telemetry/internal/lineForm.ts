/**
 * The spelling of a stored line (reference: the telemetry server of panoptes-utils): no blanks outside strings, pure ASCII,
 * lower-case `\u` escapes with surrogate pairs above U+FFFF, `\b \f \n \r \t \" \\` short, `/` and U+007F as they are.
 * Numbers and the order of keys stay as sent.
 *
 * @internal
 */

const hexDigits = Buffer.from("0123456789abcdef", "latin1")
const short = new Map<number, number>([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x08, 0x62],
  [0x0c, 0x66],
  [0x0a, 0x6e],
  [0x0d, 0x72],
  [0x09, 0x74]
])
const unescaped = new Map<number, number>([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09]
])

/** Line form is at most this many times as long as the JSON it is made of: two bytes of UTF-8 become six. */
export const growth = 3

const putUnit = (out: Buffer, p: number, unit: number): number => {
  const letter = short.get(unit)
  if (letter !== undefined) {
    out[p] = 0x5c
    out[p + 1] = letter
    return p + 2
  }
  if (unit >= 0x20 && unit <= 0x7f) {
    out[p] = unit
    return p + 1
  }
  out[p] = 0x5c
  out[p + 1] = 0x75
  for (let k = 0; k < 4; k++) out[p + 2 + k] = hexDigits[(unit >> (12 - 4 * k)) & 15] as number
  return p + 6
}

/** Writes valid JSON `source[start, end)` into `out` at `p` in line form; answers the index behind it. */
export const rewrite = (source: Buffer, start: number, end: number, out: Buffer, p: number): number => {
  let inString = false
  for (let i = start; i < end; i++) {
    const c = source[i] as number
    if (!inString) {
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) continue
      if (c === 0x22) inString = true
      out[p++] = c
    } else if (c === 0x22) {
      inString = false
      out[p++] = c
    } else if (c === 0x5c) {
      const next = source[++i] as number
      if (next === 0x75) {
        p = putUnit(out, p, parseInt(source.toString("latin1", i + 1, i + 5), 16))
        i += 4
      } else p = putUnit(out, p, unescaped.get(next) as number)
    } else if (c < 0x80) {
      out[p++] = c
    } else {
      const length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2
      let point = c & (0x7f >> length)
      for (let k = 1; k < length; k++) point = (point << 6) | ((source[i + k] as number) & 0x3f)
      if (point > 0xffff) {
        p = putUnit(out, p, 0xd7c0 + (point >> 10))
        point = 0xdc00 | (point & 0x3ff)
      }
      p = putUnit(out, p, point)
      i += length - 1
    }
  }
  return p
}

/** A text value as a JSON string in line form. */
export const quoted = (text: string): string => {
  const json = Buffer.from(JSON.stringify(text), "utf8")
  const out = Buffer.allocUnsafe(json.length * growth)
  return out.toString("latin1", 0, rewrite(json, 0, json.length, out, 0))
}

/** Escapes that are no `\\u`, which may hide one, and runs of those that are. */
const escapes = /\\[^u]|(?:\\u[0-9a-f]{4})+/g

/** The text of an answer: line form with everything above U+007F as itself instead of escaped. */
export const readable = (line: string): string =>
  line.includes("\\u") ? line.replace(escapes, (run) => (run.length === 2 ? run : readableRun(run))) : line

const readableRun = (run: string): string => {
  const units = Buffer.allocUnsafe(run.length / 3)
  for (let i = 2, at = 0; i < run.length; i += 6, at += 2) {
    const unit =
      (hex(run.charCodeAt(i)) << 12) |
      (hex(run.charCodeAt(i + 1)) << 8) |
      (hex(run.charCodeAt(i + 2)) << 4) |
      hex(run.charCodeAt(i + 3))
    // A control character stays escaped, and with it its neighbours are taken one by one.
    if (unit <= 0x7f) {
      if (run.length === 6) return run
      return (run.match(/.{6}/g) ?? []).map(readableRun).join("")
    }
    units.writeUInt16LE(unit, at)
  }
  return units.toString("utf16le")
}

const hex = (c: number): number => (c <= 0x39 ? c - 0x30 : c - 0x57)
