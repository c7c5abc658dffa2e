/**
 * Python's plain data in JavaScript. Numbers are exact: an int beyond 2^53 is a bigint. Bytes and arrays are views of what was
 * read, never copies. Dicts are maps, so that no key has a meaning of its own. Lists and tuples are both arrays.
 */
import type { NdArray } from "./NdArray.js"

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ReadonlyArray<PickleValue>
  | ReadonlyMap<PickleValue, PickleValue>
  | ReadonlySet<PickleValue>
  | NdArray
  | Written
  | Instance

/** A value that JavaScript has no type for, as Python writes it. */
export class Written {
  readonly _tag = "Written"
  constructor(
    readonly kind: "datetime" | "date" | "time" | "timedelta" | "timezone" | "decimal",
    /** ISO 8601 of the first three; seconds of a `timedelta`; `+02:00` of a `timezone`; digits of a `decimal`. */
    readonly text: string
  ) {}
}

/** An object of one of the classes that the caller asked for: its fields and nothing of its behaviour. */
export class Instance {
  readonly _tag = "Instance"
  constructor(
    /** `module.name` */
    readonly className: string,
    readonly fields: ReadonlyMap<PickleValue, PickleValue>
  ) {}
}

/** What stands under a key, where the value is a dict or an object that has it. */
export const get = (value: PickleValue | undefined, key: string): PickleValue | undefined =>
  value instanceof Map ? value.get(key) : value instanceof Instance ? value.fields.get(key) : undefined

/**
 * The same with records for dicts whose keys are all texts, and for objects. The records have no prototype: `__proto__` is a key
 * like any other.
 */
export const plain = (value: PickleValue): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Set) return new Set([...value].map(plain))
  if (value instanceof Instance) return plain(value.fields)
  if (!(value instanceof Map)) return value
  const entries = [...value]
  if (!entries.every(([key]) => typeof key === "string")) {
    return new Map(entries.map(([key, item]) => [plain(key), plain(item)]))
  }
  const record: Record<string, unknown> = Object.create(null)
  for (const [key, item] of entries) record[key] = plain(item)
  return record
}
