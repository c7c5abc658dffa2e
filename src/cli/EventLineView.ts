/** An event's line for people: when, where, what, and as much of the data as fits. */
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as JsonText from "./JsonText.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

/** One row for a stored line; a line that can't be read is shown as it is. */
export const row =
  (zone: DateTime.TimeZone, columns: number, style: Output.Style) =>
  (line: string): string => {
    const fields = new Map(JsonText.members(line))
    const text = (name: string) => unquoted(fields.get(name) ?? "")
    if (!fields.has("type") || !fields.has("data")) return Output.cut(line, columns)
    const time = Readable.moment(text("ts"), zone)
    const place = `${text("stream") || "site"} ${text("seq")}`
    const type = text("type")
    const left = `${time}  ${place.padEnd(10)}  ${type.padEnd(14)}  `
    const data = Output.cut(fields.get("data") ?? "", Math.max(20, columns - Output.width(left)))
    return `${style.dim(`${time}  ${place.padEnd(10)}`)}  ${style.bold(type.padEnd(14))}  ${data}`
  }

// ------------------------------------------------------------------------------------------------------------------

const unquoted = (text: string): string =>
  text.startsWith('"') ? String(Option.getOrElse(JsonText.valueOf(text), () => text)) : text
