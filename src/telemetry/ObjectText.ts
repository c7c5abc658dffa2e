/**
 * JSON objects as text: members are found, kept and set without parsing their values, so that digits, spelling and order
 * stay what the client sent.
 */
import { JsonScanner } from "./internal/jsonScanner.js"
import { growth, quoted, readable, rewrite } from "./internal/lineForm.js"

/** Members of an object in line form, by key; undefined where the text is no JSON object. The last of a repeated key wins. */
export const members = (json: string): ReadonlyMap<string, string> | undefined => {
  const source = Buffer.from(json, "utf8")
  const scanner = new JsonScanner()
  scanner.reset(source, source.length)
  const start = scanner.skip(0)
  if (source[start] !== 0x7b) return undefined
  const end = scanner.value(start, 0)
  if (end < 0 || scanner.skip(end) < source.length) return undefined
  const out = Buffer.allocUnsafe((end - start) * growth)
  const line = out.subarray(0, rewrite(source, start, end, out, 0))
  const found = new Map<string, string>()
  scanner.reset(line, line.length)
  for (let i = 1; line[i] === 0x22 || line[i] === 0x2c;) {
    const key = line[i] === 0x2c ? i + 1 : i
    const value = scanner.string(key + 1) + 1
    i = scanner.value(value, 1)
    found.set(String(JSON.parse(line.toString("latin1", key, value - 1))), line.toString("latin1", value, i))
  }
  return found
}

/** The object of these members, in their order; characters as themselves, not as escapes. */
export const build = (found: ReadonlyMap<string, string>): string =>
  readable(`{${[...found].map(([key, value]) => `${quoted(key)}:${value}`).join(",")}}`)
