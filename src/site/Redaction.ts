/**
 * The secrets this process knows, and how to blot them out of a text: as written, and as they look inside JSON, a URL or
 * Base64 (also in the middle of a longer encoded text, as in a Basic header). Values under four characters are left
 * alone, since blotting them out would make every line unreadable. A secret once added stays known. With none added,
 * `redact` returns its argument untouched.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export class Redaction extends Context.Tag("outpost/site/Redaction")<
  Redaction,
  {
    /** Every later `redact` hides this value. Adding one twice changes nothing. */
    readonly add: (secret: Redacted.Redacted) => Effect.Effect<void>
    /** The text with every known secret replaced by `********`. Total and synchronous, for use inside a logger. */
    readonly redact: (text: string) => string
  }
>() {}

/** A registry of its own; `Redaction.layer` makes the site's. */
export const make: Effect.Effect<Redaction["Type"]> = Effect.sync(() => {
  const known = new Set<string>()
  let needles: ReadonlyArray<string> = []
  return {
    add: (secret) =>
      Effect.sync(() => {
        const value = Redacted.value(secret)
        if (value.length < leastLength || known.has(value)) return
        known.add(value)
        needles = [...new Set([...needles, ...formsOf(value)])]
      }),
    redact: (text) => (needles.length === 0 ? text : blot(text, needles))
  }
})

export const layer: Layer.Layer<Redaction> = Layer.effect(Redaction, make)

// ------------------------------------------------------------------------------------------------------------------

const leastLength = 4
const mask = "********"

const formsOf = (value: string): ReadonlyArray<string> => {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const bytes = new TextEncoder().encode(value)
  const url = percentEncoded(value)
  const base64 = [0, 1, 2].map((offset) => base64Core(bytes, offset)).filter((core) => core.length >= leastLength)
  const base64Url = base64.map((core) => core.replaceAll("+", "-").replaceAll("/", "_"))
  // An encoded text inside JSON again: a log line holds a body that holds the secret.
  const twice = JSON.stringify(json).slice(1, -1)
  return [value, json, ascii, twice, url, url.replaceAll("%20", "+"), url.toLowerCase(), ...base64, ...base64Url]
}

const percentEncoded = (value: string): string => {
  try {
    return encodeURIComponent(value)
  } catch {
    return value // a lone surrogate can't be written in a URL
  }
}

/** The characters of a Base64 text that depend on these bytes alone when `offset` other bytes stand before them. */
const base64Core = (bytes: Uint8Array, offset: number): string => {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64")
  const whole = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(Math.ceil((offset * 8) / 6), whole)
}

/** Overlapping finds are joined first, so that no end of one secret survives the blotting of another. */
const blot = (text: string, needles: ReadonlyArray<string>): string => {
  const finds: Array<readonly [from: number, to: number]> = []
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) finds.push([at, at + needle.length])
  }
  if (finds.length === 0) return text
  finds.sort((a, b) => a[0] - b[0])
  let out = ""
  let end = 0
  let masked = -1
  for (const [from, to] of finds) {
    if (from > end || masked < 0) {
      out += text.slice(end, from) + mask
      masked = from
    }
    end = Math.max(end, to)
  }
  return out + text.slice(end)
}
