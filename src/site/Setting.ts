/**
 * How a part writes down its settings: a default, a sentence for the editor, and the spellings people use in a config
 * file for durations ("90s", "1h30m", "5 minutes", 12), sizes ("2 MiB", 65536), times of day and addresses.
 * The type side is Effect's own (Duration, number, Option); the encoded side is what stands in the file.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** A setting with a default: absent in the file means `fallback`. */
export const setting = <A, I, R>(schema: Schema.Schema<A, I, R>, fallback: NoInfer<A>, description: string) =>
  Schema.optionalWith(schema.annotations({ description, default: fallback }), {
    exact: true,
    default: () => fallback
  }).annotations({ description, default: fallback })

/** A setting that may be left out and then means nothing. */
export const optionalSetting = <A, I, R>(schema: Schema.Schema<A, I, R>, description: string) =>
  Schema.optionalWith(schema.annotations({ description }), { exact: true, as: "Option" })
    .annotations({ description })
    .pipe(Schema.withConstructorDefault(() => Option.none<A>()))

/** A whole section: absent in the file means all its defaults. */
export const section = <A, I, R>(schema: Schema.Schema<A, I, R>, fallback: () => NoInfer<A>, description: string) =>
  Schema.optionalWith(schema.annotations({ description }), { exact: true, default: fallback }).annotations({
    description
  })

/** A TCP port; 0 means any free one. */
export const Port = Schema.Int.pipe(Schema.between(0, 65535, { message: () => "expected a port, 0 to 65535" }))

/** A whole number from 1. */
export const Count = Schema.Int.pipe(Schema.positive({ message: () => "expected a whole number from 1" }))

/** A time span: "250ms", "90s", "1h30m", "2 days", or a number of seconds. */
export const DurationText = Schema.transformOrFail(
  Schema.Union(Schema.String, Schema.Number),
  Schema.DurationFromSelf,
  {
    strict: true,
    decode: (text, _, ast) => {
      const millis = typeof text === "number" ? text * 1000 : millisOf(text)
      return millis !== undefined && Number.isFinite(millis) && millis >= 0
        ? ParseResult.succeed(Duration.millis(millis))
        : ParseResult.fail(new ParseResult.Type(ast, text, "expected a duration such as 250ms, 90s, 1h30m or 2 days"))
    },
    encode: (duration) => ParseResult.succeed(durationText(Duration.toMillis(duration)))
  }
).annotations({ identifier: "Duration", description: "250ms, 90s, 1h30m, 2 days, or a number of seconds" })

/** A number of bytes: "2 MiB", "500 kB" or a plain number. */
export const ByteCount = Schema.transformOrFail(Schema.Union(Schema.String, Schema.Number), Schema.NonNegativeInt, {
  strict: true,
  decode: (text, _, ast) => {
    const bytes = typeof text === "number" ? text : bytesOf(text)
    return bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0
      ? ParseResult.succeed(bytes)
      : ParseResult.fail(new ParseResult.Type(ast, text, "expected a size such as 512 KiB, 2 MiB or a number of bytes"))
  },
  encode: (bytes) => ParseResult.succeed(bytesText(bytes))
}).annotations({ identifier: "Bytes", description: "2 MiB, 500 kB, or a number of bytes" })

/** `local`, `utc` (any case) or an IANA zone name. */
export const ZoneName = Schema.String.pipe(
  Schema.filter((name) => isZone(name) || "expected local, utc or an IANA time zone such as Europe/Berlin")
)

/** The zone of such a name. */
export const zoneOf = (name: typeof ZoneName.Type): DateTime.TimeZone =>
  name.toLowerCase() === "local"
    ? DateTime.zoneMakeLocal()
    : DateTime.zoneUnsafeMakeNamed(name.toLowerCase() === "utc" ? "UTC" : name)

/** The address of a server, plain or encrypted, without a query. Decoded without a slash at its end. */
export const baseUrl = (scheme: "http" | "ws") =>
  Schema.transform(
    Schema.String.pipe(
      Schema.filter((text) => {
        const fits = URL.canParse(text) && new RegExp(`^${scheme}s?:`, "i").test(text) && !/[?#]/.test(text)
        return (
          fits || `expected an address of ${scheme} or ${scheme}s without a query, such as ${scheme}://127.0.0.1:8080`
        )
      })
    ),
    Schema.String,
    { strict: true, decode: (url) => url.replace(/\/+$/, ""), encode: (url) => url }
  )

// ------------------------------------------------------------------------------------------------------------------

const units: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [1, "ms milli millis millisecond milliseconds"],
      [1000, "s sec secs second seconds"],
      [60_000, "m min mins minute minutes"],
      [3_600_000, "h hour hours"],
      [86_400_000, "d day days"],
      [604_800_000, "w week weeks"]
    ] as const
  ).flatMap(([millis, names]) => names.split(" ").map((name) => [name, millis]))
)

const millisOf = (text: string): number | undefined => {
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy)]
  if (parts.length === 0 || parts.reduce((length, part) => length + part[0].length, 0) !== text.length) return undefined
  const amounts = parts.map(([, amount, unit]) => Number(amount) * (units[unit ?? ""] ?? Number.NaN))
  return amounts.reduce((sum, amount) => sum + amount, 0)
}

const durationText = (millis: number): string => {
  if (millis === 0) return "0s"
  const pieces: Array<string> = []
  let left = millis
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000]
  ] as const) {
    const whole = Math.floor(left / size)
    if (whole > 0) pieces.push(`${whole}${unit}`)
    left -= whole * size
  }
  return left > 0 ? `${pieces.join("")}${left}ms` : pieces.join("")
}

const sizes: ReadonlyArray<readonly [string, number]> = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10]
]

const bytesOf = (text: string): number | undefined => {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(text)
  if (found === null) return undefined
  const unit = (found[2] ?? "").toLowerCase()
  const decimal: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }
  const factor = sizes.find(([name]) => name.toLowerCase() === unit)?.[1] ?? decimal[unit]
  return factor === undefined ? undefined : Number(found[1]) * factor
}

const bytesText = (bytes: number): string | number => {
  const size = sizes.find(([, factor]) => bytes >= factor && bytes % factor === 0)
  return size === undefined ? bytes : `${bytes / size[1]} ${size[0]}`
}

const isZone = (name: string): boolean => {
  if (/^(local|utc)$/i.test(name)) return true
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) instanceof Intl.DateTimeFormat
  } catch {
    return false
  }
}
