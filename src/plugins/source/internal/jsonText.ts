/**
 * JSON taken apart as text, so that what is put together again has every number as its sender spelled it: `1.0` stays `1.0`.
 * Where nothing else is said, the text has to be valid.
 *
 * @internal
 */

/** Without white space, and with nothing escaped that need not be. */
export const compact = (text: string): string =>
  rewritten(
    text,
    (between) => between.replace(/\s+/g, ""),
    (quoted) => (quoted.includes("\\") ? JSON.stringify(JSON.parse(quoted)) : quoted)
  )

/** With null for Python's `NaN` and `Infinity`, which JSON has not. The text need not be valid. */
export const withoutBareWords = (text: string): string =>
  rewritten(
    text,
    (between) => between.replace(/-?\b(?:NaN|Infinity)\b/g, "null"),
    (quoted) => quoted
  )

/** The members of a compact object in their order: names as values, values as text. Of a repeated name the last one counts. */
export const members = (object: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const member of pieces(object)) {
    const colon = endOfString(member) + 1
    const name: unknown = JSON.parse(member.slice(0, colon))
    if (typeof name === "string") found.set(name, member.slice(colon + 1))
  }
  return found
}

/** The elements of a compact array. */
export const elements = (array: string): ReadonlyArray<string> => pieces(array)

/** An object of members as `members` gives them. */
export const object = (entries: Iterable<readonly [string, string]>): string =>
  `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`

// ---------------------------------------------------------------------------------------------------------------------

/** The text with its strings, and what stands between them, replaced. */
const rewritten = (text: string, between: (gap: string) => string, quoted: (token: string) => string): string => {
  const written: Array<string> = []
  let from = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', from)) {
    const close = endOfString(text, at)
    if (close >= text.length) break
    written.push(between(text.slice(from, at)), quoted(text.slice(at, close + 1)))
    from = close + 1
  }
  written.push(between(text.slice(from)))
  return written.join("")
}

/** What stands between the commas of a compact object or array. */
const pieces = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let depth = 0
  let begin = 1
  for (let at = 1; at < text.length - 1; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfString(text, at)
        break
      case 0x5b:
      case 0x7b:
        depth++
        break
      case 0x5d:
      case 0x7d:
        depth--
        break
      case 0x2c:
        if (depth > 0) break
        found.push(text.slice(begin, at))
        begin = at + 1
    }
  }
  if (begin < text.length - 1) found.push(text.slice(begin, -1))
  return found
}

/** Where the string that opens at `from` closes; the end of the text or beyond if it does not. */
const endOfString = (text: string, from = 0): number => {
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1
  return at
}
