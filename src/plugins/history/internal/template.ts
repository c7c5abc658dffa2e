/**
 * Texts with placeholders: `{start}`, `{end}`, `{last}` (the last millisecond of the range) with a format behind a colon, as in
 * `{start:date}` or `{end:%Y%m%d}`; `{pair}`, `{base}`, `{quote}`, `{type}`, `{span}`; `{cursor}`, `{page}`, `{offset}`.
 *
 * @internal
 */
import { isTimeFormat, write } from "./timeText.js"

export interface Values {
  readonly start: number
  readonly end: number
  readonly pair: string
  readonly type: string
  readonly span: number | undefined
  readonly cursor: string | undefined
  readonly page: number
  readonly offset: number
}

/** What is wrong with a template; undefined for a good one. */
export const problemOf = (template: string): string | undefined => {
  for (const [whole, name = "", format] of template.matchAll(placeholder)) {
    if (!names.has(name)) return `there is no placeholder ${whole}; there are ${[...names].join(", ")}`
    if (format !== undefined && !times.has(name)) return `${whole} is no time and takes no format`
    if (format !== undefined && !isTimeFormat(format))
      return `${whole} has no format of time; write iso, date, s, ms, us, ns or a pattern such as %Y-%m-%d`
  }
  return undefined
}

/** Whether one of these placeholders stands in it. */
export const mentions = (template: string, ...wanted: ReadonlyArray<string>): boolean =>
  [...template.matchAll(placeholder)].some(([, name = ""]) => wanted.includes(name))

/** `escape` is applied to what comes in, not to what stands around it. */
export const expand = (template: string, values: Values, escape: (text: string) => string): string =>
  template.replaceAll(placeholder, (_, name: string, format: string | undefined) =>
    escape(valueOf(name, format ?? "iso", values))
  )

// ------------------------------------------------------------------------------------------------------------------

/** A brace of a JSON body is none: names are letters. */
const placeholder = /\{([a-z]+)(?::([^{}]+))?\}/g

const times = new Set(["start", "end", "last"])
const names = new Set([...times, "pair", "base", "quote", "type", "span", "cursor", "page", "offset"])

const valueOf = (name: string, format: string, values: Values): string => {
  const [base = "", quote = ""] = values.pair.split("/")
  switch (name) {
    case "start":
      return write(values.start, format)
    case "end":
      return write(values.end, format)
    case "last":
      return write(values.end - 1, format)
    case "pair":
      return values.pair
    case "base":
      return base
    case "quote":
      return quote
    case "type":
      return values.type
    case "span":
      return String(values.span ?? "")
    case "cursor":
      return values.cursor ?? ""
    case "page":
      return String(values.page)
    default:
      return String(values.offset)
  }
}
