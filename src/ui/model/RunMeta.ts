/** Notes of a run as a person writes them: one `key=value` per line. */
import * as Either from "effect/Either"

/** A JSON object as text, undefined where nothing was written; or which line can't be read. Numbers and booleans are taken as such. */
export const metaOf = (text: string): Either.Either<string | undefined, string> => {
  const meta: { [key: string]: unknown } = {}
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim()
    if (line === "") continue
    const equals = line.indexOf("=")
    if (equals <= 0) return Either.left(`Line ${index + 1} should be key=value`)
    meta[line.slice(0, equals).trim()] = valueOf(line.slice(equals + 1).trim())
  }
  return Either.right(Object.keys(meta).length === 0 ? undefined : JSON.stringify(meta))
}

const valueOf = (text: string): unknown =>
  text === "true"
    ? true
    : text === "false"
      ? false
      : /^-?\d{1,15}(\.\d{1,15})?$/.test(text) && String(Number(text)) === text
        ? Number(text)
        : text
