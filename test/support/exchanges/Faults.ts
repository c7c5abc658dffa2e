/** Ways in which an imitated exchange fails, and when: by what was asked and how often, so that every run is the same. */
import type { Asked } from "./Venue.js"

export type Fault =
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "too-many"; readonly retryAfter: number | string }
  /** Half of the body, then the connection ends. */
  | { readonly kind: "truncated" }
  /** Nothing, until the asker gives up. */
  | { readonly kind: "hang" }
  /** The rows of the time before, once more. */
  | { readonly kind: "duplicate" }
  /** No rows, though there are some: only an oracle can tell this from the truth. */
  | { readonly kind: "empty" }
  | { readonly kind: "redirect-loop" }

/** `nth` counts how often the very same request came, from 0. */
export type Faults = (asked: Asked, nth: number) => Fault | undefined

const usual: ReadonlyArray<Fault> = [
  { kind: "status", status: 404 },
  { kind: "too-many", retryAfter: 1 },
  { kind: "status", status: 500 },
  { kind: "truncated" },
  { kind: "hang" },
  { kind: "duplicate" },
  { kind: "redirect-loop" }
]

/**
 * Of all requests, `rate` (0 to 1) fail `times` times before they succeed, each in a way of its own. None of the ways hides rows:
 * whoever asks again gets the truth.
 */
export const recurring = (options: {
  readonly seed: number
  readonly rate: number
  readonly times: number
  readonly kinds?: ReadonlyArray<Fault["kind"]>
}): Faults => {
  const faults = usual.filter(({ kind }) => options.kinds?.includes(kind) ?? true)
  return (asked, nth) => {
    const place = hash(options.seed, (asked.start ?? 0) / 1000)
    const fails = nth < options.times && (place % 1000) / 1000 < options.rate
    return fails ? faults[hash(place, nth) % faults.length] : undefined
  }
}

const hash = (a: number, b: number): number => {
  let h = Math.imul(a ^ ((b % 4_294_967_296) | 0), 0x85ebca6b) ^ Math.imul(b / 4_294_967_296, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
