/**
 * JSON as the field's Python peers write it: members in the order of the schema, no blanks, and numbers that are fractions by
 * their nature with a fraction or an exponent even where they are whole (`0.0`, `1e-7`).
 *
 * @internal
 */

/** The members of the wire whose numbers are fractions. */
const fractions: ReadonlySet<string> = new Set([
  "event_rate",
  "last_seen",
  "get_assignments",
  "get_messages",
  "assemble_event",
  "custom_code",
  "send_result"
])

/** A number with a fraction or an exponent, in the fewest digits that give it back; what is no number is null. */
export const fraction = (value: number): string => {
  if (!Number.isFinite(value)) return "null"
  const [digits = "", power = "0"] = Math.abs(value).toExponential().split("e")
  const exponent = Number(power)
  if (exponent < -5 || exponent > 15) return `${value < 0 ? "-" : ""}${digits}e${exponent}`
  const text = Object.is(value, -0) ? "-0" : String(value)
  return text.includes(".") ? text : `${text}.0`
}

/** A JSON value as text. `name` is that of the member it stands in. */
export const text = (value: unknown, name = ""): string => {
  if (typeof value === "number" && fractions.has(name)) return fraction(value)
  if (Array.isArray(value)) return `[${value.map((item) => text(item)).join(",")}]`
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}:${text(member, key)}`)
      .join(",")}}`
  return JSON.stringify(value)
}
