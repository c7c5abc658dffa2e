/** How one log entry reads: as a JSON line for the file, as logfmt, and as coloured text for a terminal. Pure. */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as List from "effect/List"
import type * as Logger from "effect/Logger"
import * as Record from "effect/Record"

/** What a line is made of, in the order of the file's keys. */
export interface LogEntry {
  readonly ts: string
  readonly level: string
  readonly message: string
  readonly child?: string
  readonly run?: string
  readonly source?: string
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly cause?: string
}

export const entryOf = (options: Logger.Logger.Options<unknown>): LogEntry => {
  const named: Record<string, string> = {}
  const others: Array<readonly [string, unknown]> = []
  for (const [key, value] of HashMap.entries(options.annotations)) {
    if (key === "child" || key === "run" || key === "source") named[key] = textOf(value)
    else others.push([key, plain(value)])
  }
  const now = options.date.getTime()
  for (const span of List.toArray(options.spans)) others.push([`${span.label}_ms`, now - span.startTime])
  return {
    ts: options.date.toISOString(),
    level: options.logLevel.label,
    message: Arr.ensure(options.message).map(textOf).join(" "),
    ...named,
    ...(others.length > 0 ? { annotations: Object.fromEntries(others) } : {}),
    ...(Cause.isEmpty(options.cause) ? {} : { cause: Cause.pretty(options.cause, { renderErrorCause: true }) })
  }
}

/**
 * The entry without secrets. Its texts are searched and not the line they make: a secret that happens to be a word of the line's
 * own, such as a key or a level, must not make it unreadable.
 */
export const redacted = (
  { annotations, level, message, ts, ...texts }: LogEntry,
  redact: (text: string) => string
): LogEntry => {
  const hidden = (value: unknown): unknown => {
    const written = textOf(value)
    const shown = redact(written)
    return shown === written ? value : shown
  }
  return {
    ts,
    level,
    message: redact(message),
    ...Record.map<string, string, string>(texts, redact),
    ...(annotations === undefined ? {} : { annotations: Record.map(annotations, hidden) })
  }
}

/** One line of JSON. */
export const json = (entry: LogEntry): string => Inspectable.stringifyCircular(entry)

/** `key=value` pairs on one line. */
export const logfmt = ({ annotations, ...entry }: LogEntry): string =>
  Object.entries({ ...entry, ...annotations })
    .map(([key, value]) => `${key.replace(/[\s="]/g, "_")}=${quoted(textOf(value))}`)
    .join(" ")

/** For people: local time, level, message, where from, then the cause below. */
export const pretty = (entry: LogEntry, colours: boolean): string => {
  const date = new Date(entry.ts)
  const paint = (code: string, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`
  const { annotations, cause, child, level, message, run, source } = entry
  const facts = Object.entries({ run, source, ...annotations }).filter(([, value]) => value !== undefined)
  const head = [
    paint("90", time),
    paint(colourOf[level] ?? "0", level.padEnd(5)),
    ...(child === undefined ? [] : [paint("36", child)]),
    withoutControls(message),
    ...facts.map(([key, value]) => paint("90", `${key}=${quoted(textOf(value))}`))
  ].join(" ")
  return cause === undefined ? head : `${head}\n${withoutControls(cause).replace(/^/gm, "    ")}`
}

// ------------------------------------------------------------------------------------------------------------------

const colourOf: Readonly<Record<string, string>> = {
  TRACE: "90",
  DEBUG: "34",
  INFO: "32",
  WARN: "33",
  ERROR: "31",
  FATAL: "1;31"
}

const two = (n: number, width = 2) => String(n).padStart(width, "0")

const plain = (value: unknown): unknown =>
  typeof value === "bigint" || typeof value === "function" || typeof value === "symbol"
    ? String(value)
    : value instanceof Error
      ? `${value.name}: ${value.message}`
      : Inspectable.toJSON(value)

const textOf = (value: unknown): string => {
  const it = plain(value)
  return typeof it === "string" ? it : (Inspectable.stringifyCircular(it) ?? String(it))
}

const quoted = (text: string): string => (/[\s="\\]|^$/.test(text) ? JSON.stringify(text) : withoutControls(text))

// What is logged may come from outside; it must not steer the terminal.
// oxlint-disable-next-line no-control-regex
const withoutControls = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd")
