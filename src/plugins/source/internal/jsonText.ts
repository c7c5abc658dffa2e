/**
 * JSON taken apart as text, so that what is put together again has every number as its sender spelled it: `1.0` stays `1.0`.
 * All of these want text that is known to be valid.
 *
 * @internal
 */

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|\s+/g

/** Without white space, and with nothing escaped that need not be. */
export const compact = (text: string): string =>
  text.replace(tokens, (token) => (token[0] !== '"' ? "" : token.includes("\\") ? spelled(token) : token))

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

const spelled = (token: string): string => JSON.stringify(JSON.parse(token))

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

/** Where the string that opens at `from` closes. */
const endOfString = (text: string, from = 0): number => {
  let at = from + 1
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1
  return at
}
