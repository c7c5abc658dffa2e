/**
 * A set of sequence numbers for a check of everything that is stored: one bit for each, and nothing for a stretch of 65,536
 * that is complete, which is what logs are made of. A number far off, of a damaged line, costs one stretch.
 *
 * @internal
 */

const stretch = 65_536

/** `bits` is undefined where the stretch is complete. */
interface Stretch {
  bits: Uint8Array | undefined
  count: number
}

export class SeenNumbers {
  private readonly stretches = new Map<number, Stretch>()
  private lastKey = -1
  private last: Stretch | undefined

  /** False where it was there already. */
  add(number: number): boolean {
    const at = this.stretchOf(number)
    if (at.bits === undefined) return false
    const bit = number % stretch
    if (bitOf(at.bits, bit)) return false
    at.bits[bit >> 3] = (at.bits[bit >> 3] ?? 0) | (1 << (bit & 7))
    if (++at.count === stretch) at.bits = undefined
    return true
  }

  /** The stretches of numbers from `first` to `last` that are not in the set, in order. */
  *missing(first: number, last: number): Generator<readonly [first: number, last: number]> {
    let begin = first
    for (const [key, { bits }] of [...this.stretches].sort(([a], [b]) => a - b)) {
      const start = Math.max(first, key * stretch)
      const end = Math.min(last, key * stretch + stretch - 1)
      for (let number = start; number <= end; number++) {
        if (bits !== undefined && !bitOf(bits, number % stretch)) continue
        if (begin < number) yield [begin, number - 1]
        if (bits === undefined) number = end
        begin = number + 1
      }
    }
    if (begin <= last) yield [begin, last]
  }

  private stretchOf(number: number): Stretch {
    const key = Math.floor(number / stretch)
    if (this.last !== undefined && this.lastKey === key) return this.last
    let found = this.stretches.get(key)
    if (found === undefined) this.stretches.set(key, (found = { bits: new Uint8Array(stretch / 8), count: 0 }))
    this.lastKey = key
    this.last = found
    return found
  }
}

const bitOf = (bits: Uint8Array, bit: number): boolean => ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
