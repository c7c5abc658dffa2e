/**
 * The last look at what was read: that it is whole, no deeper and no larger than is wanted, and not part of itself. What a pickle
 * mentions twice is one object; who walks the value meets it twice. So the size is that of the value written out, and a few
 * hundred bytes that stand for a billion of elements are refused here.
 *
 * @internal
 */
import { NdArray } from "../NdArray.js"
import type { Limits } from "../PickleReader.js"
import { Instance, type PickleValue, Written } from "../PickleValue.js"
import { type Item, isDraft } from "./Draft.js"
import { malformed, tooLarge } from "./fault.js"

/** Counted for each value, besides its bytes. */
const each = 16

interface Extent {
  readonly size: number
  readonly height: number
}

/** Known to be a value from here on. */
export const measure = (item: Item, limits: Limits): PickleValue => {
  const known = new Map<Item, Extent | undefined>()
  const walk = (value: Item, depth: number): Extent => {
    if (typeof value !== "object" || value === null) return leaf(value)
    if (value instanceof Uint8Array) return { size: each + value.length, height: 0 }
    const before = known.get(value)
    if (before !== undefined) return before
    if (known.has(value)) return malformed("a value that contains itself")
    if (isDraft(value)) return malformed("a class or an unfinished object where a value must be")
    known.set(value, undefined)
    if (depth > limits.depth) tooLarge(`nested deeper than ${limits.depth}`)
    let size = each + own(value)
    let height = 0
    for (const child of children(value)) {
      const extent = walk(child, depth + 1)
      size += extent.size
      height = Math.max(height, extent.height + 1)
    }
    if (size > limits.size) tooLarge(`more than ${limits.size} bytes when written out`)
    if (depth + height > limits.depth) tooLarge(`nested deeper than ${limits.depth}`)
    const extent = { size, height }
    known.set(value, extent)
    return extent
  }
  walk(item, 0)
  // The walk has met all of it, and nothing that is no value.
  return item as PickleValue
}

// ------------------------------------------------------------------------------------------------------------------

const leaf = (value: null | boolean | number | bigint | string): Extent => ({
  size: each + (typeof value === "string" ? value.length : 0),
  height: 0
})

const own = (value: Item): number => (value instanceof NdArray ? value.bytes.length : 0)

function* children(value: Item): Iterable<Item> {
  if (value instanceof Instance) yield value.fields
  else if (value instanceof Map) for (const entry of value) yield* entry
  else if (Array.isArray(value) || value instanceof Set) yield* value
  else if (!(value instanceof NdArray || value instanceof Written)) malformed("a value of no known kind")
}
