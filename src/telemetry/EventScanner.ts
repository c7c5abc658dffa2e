/**
 * Reads the body of one event without parsing its values: where each known key's text stands, and whether it is well formed.
 * Contract of keys, defaults and problems: the telemetry server of panoptes-utils. The last of a repeated key wins, unknown
 * keys are ignored, integers keep their digits and objects their order, because nothing is ever rebuilt from values.
 *
 * A scanner is reused from event to event; its fields speak of the last `scan` only.
 */
import { InvalidInput, type Problem } from "../domain/Refusal.js"
import { JsonScanner } from "./internal/jsonScanner.js"

/** Where a value stands in the scanned bytes; `start` is -1 where the key is absent. */
export interface Slice {
  start: number
  end: number
  /** Its text is not yet in the spelling of a stored line. */
  dirty: boolean
}

const absent = (): Slice => ({ start: -1, end: -1, dirty: false })

const keys = ["type", "data", "make_current", "meta", "store_permanently", "ts"] as const
type Key = (typeof keys)[number]

/** How much of an offending value an answer repeats. */
const longestEcho = 1_000

export class EventScanner {
  readonly type = absent()
  readonly data = absent()
  readonly meta = absent()
  readonly ts = absent()
  makeCurrent = true
  storePermanently = true
  bytes: Buffer = Buffer.alloc(0)
  private readonly flags: Record<"make_current" | "store_permanently", Slice> = {
    make_current: absent(),
    store_permanently: absent()
  }
  private readonly scanner = new JsonScanner()

  /** Scans `bytes[start, end)`; answers the problems, or undefined where the event is acceptable. */
  scan(bytes: Buffer, start: number, end: number): InvalidInput | undefined {
    this.bytes = bytes
    this.type.start = this.data.start = this.meta.start = this.ts.start = -1
    this.flags.make_current.start = this.flags.store_permanently.start = -1
    const scanner = this.scanner
    scanner.reset(bytes, end)
    const bom = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
    const from = scanner.skip(bom ? start + 3 : start)
    if (from >= end) return missingBody()
    if (bytes[from] !== 0x7b) return this.notAnObject(from, end)
    const after = this.members(from + 1)
    if (after < 0) return this.broken(start)
    const rest = scanner.skip(after)
    if (rest < end) {
      scanner.fail(rest, "Extra data")
      return this.broken(start)
    }
    return this.check(from, after)
  }

  private members(i: number): number {
    const { bytes, scanner } = this
    i = scanner.skip(i)
    if (bytes[i] === 0x7d) return i + 1
    for (;;) {
      if (bytes[i] !== 0x22) return scanner.fail(i, "Expecting property name enclosed in double quotes")
      const key = i
      i = scanner.string(i + 1)
      if (i < 0) return -1
      const slice = this.sliceOf(key, i)
      i = scanner.skip(i)
      if (bytes[i] !== 0x3a) return scanner.fail(i, "Expecting ':' delimiter")
      const start = scanner.skip(i + 1)
      scanner.dirty = false
      i = scanner.value(start, 1)
      if (i < 0) return -1
      if (slice !== undefined) {
        slice.start = start
        slice.end = i
        slice.dirty = scanner.dirty
      }
      i = scanner.skip(i)
      if (bytes[i] === 0x7d) return i + 1
      if (bytes[i] !== 0x2c) return scanner.fail(i, "Expecting ',' delimiter")
      i = scanner.skip(i + 1)
    }
  }

  /** The slot of a key given by its quoted text `[start, end)`. */
  private sliceOf(start: number, end: number): Slice | undefined {
    const { bytes } = this
    switch (end - start) {
      case 4:
        if (bytes[start + 1] === 0x74 && bytes[start + 2] === 0x73) return this.ts
        break
      case 6:
        if (this.spells(start, "type")) return this.type
        if (this.spells(start, "data")) return this.data
        if (this.spells(start, "meta")) return this.meta
        break
      case 14:
        if (this.spells(start, "make_current")) return this.flags.make_current
        break
      case 19:
        if (this.spells(start, "store_permanently")) return this.flags.store_permanently
    }
    return this.escaped(start, end)
  }

  private spells(start: number, key: Key): boolean {
    for (let k = 0; k < key.length; k++) if (this.bytes[start + 1 + k] !== key.charCodeAt(k)) return false
    return true
  }

  /** A key may be spelt with escapes: `"\u0074ype"` is `type`. */
  private escaped(start: number, end: number): Slice | undefined {
    if (end - start < 9 || !this.bytes.toString("latin1", start, end).includes("\\")) return undefined
    const key: unknown = JSON.parse(this.bytes.toString("utf8", start, end))
    switch (key) {
      case "type":
        return this.type
      case "data":
        return this.data
      case "meta":
        return this.meta
      case "ts":
        return this.ts
      case "make_current":
      case "store_permanently":
        return this.flags[key]
      default:
        return undefined
    }
  }

  private check(from: number, end: number): InvalidInput | undefined {
    const { bytes, data, meta, ts, type } = this
    const { make_current, store_permanently } = this.flags
    const current = make_current.start < 0 ? true : this.boolean(make_current)
    const permanent = store_permanently.start < 0 ? true : this.boolean(store_permanently)
    const fine =
      type.start >= 0 &&
      bytes[type.start] === 0x22 &&
      data.start >= 0 &&
      typeof current === "boolean" &&
      (meta.start < 0 || bytes[meta.start] === 0x7b) &&
      typeof permanent === "boolean" &&
      (ts.start < 0 || bytes[ts.start] === 0x22 || bytes[ts.start] === 0x6e)
    if (fine) {
      this.makeCurrent = current
      this.storePermanently = permanent
      if (ts.start >= 0 && bytes[ts.start] === 0x6e) ts.start = -1
      return undefined
    }
    const problems: Array<Problem> = []
    const missing = (key: Key) =>
      problems.push({ type: "missing", loc: ["body", key], msg: "Field required", input: this.echo(from, end) })
    const wrong = (key: Key, slice: Slice, kind: string, msg: string) =>
      problems.push({ type: kind, loc: ["body", key], msg, input: this.echo(slice.start, slice.end) })
    if (type.start < 0) missing("type")
    else if (bytes[type.start] !== 0x22) wrong("type", type, "string_type", "Input should be a valid string")
    if (data.start < 0) missing("data")
    if (typeof current === "string") wrong("make_current", make_current, current, booleanMessage(current))
    if (meta.start >= 0 && bytes[meta.start] !== 0x7b) {
      wrong("meta", meta, "dict_type", "Input should be a valid dictionary")
    }
    if (typeof permanent === "string")
      wrong("store_permanently", store_permanently, permanent, booleanMessage(permanent))
    if (ts.start >= 0 && bytes[ts.start] !== 0x22 && bytes[ts.start] !== 0x6e) {
      wrong("ts", ts, "string_type", "Input should be a valid string")
    }
    return new InvalidInput({ problems })
  }

  private boolean(slice: Slice): boolean | BooleanProblem {
    const c = this.bytes[slice.start]
    if (c === 0x74) return true
    if (c === 0x66) return false
    return booleanOf(JSON.parse(this.bytes.toString("utf8", slice.start, slice.end)))
  }

  private echo(start: number, end: number): unknown {
    const { bytes } = this
    if (end - start <= longestEcho) return JSON.parse(bytes.toString("utf8", start, end))
    return `${bytes.toString("utf8", start, start + longestEcho)}... (${end - start} bytes)`
  }

  private notAnObject(from: number, end: number): InvalidInput {
    const { scanner } = this
    const after = scanner.value(from, 0)
    if (after < 0) return this.broken(from)
    if (scanner.skip(after) < end) {
      scanner.fail(scanner.skip(after), "Extra data")
      return this.broken(from)
    }
    const input = this.echo(from, after)
    return input === null ? missingBody() : notADictionary(input)
  }

  private broken(start: number): InvalidInput {
    const offset = this.bytes.toString("utf8", start, this.scanner.errorAt).length
    return notJson(offset, this.scanner.errorText)
  }
}

type BooleanProblem = "bool_parsing" | "bool_type"

const booleanMessage = (problem: BooleanProblem): string =>
  problem === "bool_type"
    ? "Input should be a valid boolean"
    : "Input should be a valid boolean, unable to interpret input"

const truthy = new Set(["true", "yes", "on", "y", "t", "1"])
const falsy = new Set(["false", "no", "off", "n", "f", "0"])

/** What the telemetry clients may write for a boolean. */
export const booleanOf = (value: unknown): boolean | BooleanProblem => {
  if (typeof value === "boolean") return value
  if (typeof value === "number")
    return value === 1 ? true : value === 0 ? false : Number.isInteger(value) ? "bool_parsing" : "bool_type"
  if (typeof value !== "string") return "bool_type"
  const word = value.toLowerCase()
  return truthy.has(word) ? true : falsy.has(word) ? false : "bool_parsing"
}

/** No body, an empty one, or `null`. */
export const missingBody = (): InvalidInput =>
  new InvalidInput({ problems: [{ type: "missing", loc: ["body"], msg: "Field required", input: null }] })

export const notADictionary = (input: unknown): InvalidInput =>
  new InvalidInput({
    problems: [
      {
        type: "model_attributes_type",
        loc: ["body"],
        msg: "Input should be a valid dictionary or object to extract fields from",
        input
      }
    ]
  })

/** `offset` counts characters from the start of the body. */
export const notJson = (offset: number, error: string): InvalidInput =>
  new InvalidInput({
    problems: [{ type: "json_invalid", loc: ["body", offset], msg: "JSON decode error", input: {}, ctx: { error } }]
  })
