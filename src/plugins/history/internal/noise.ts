/**
 * Numbers that look random and are a function of a seed and a place: any of them can be had without the ones before it.
 *
 * @internal
 */

export interface Noise {
  /** From 0 to 1, of a whole number and a channel. */
  readonly at: (place: number, channel?: number) => number
  /** From 0 to 1, without jumps between whole numbers. */
  readonly smooth: (place: number) => number
}

export const makeNoise = (seed: string): Noise => {
  let root = 0x811c9dc5
  for (const character of seed) root = Math.imul(root ^ (character.codePointAt(0) ?? 0), 0x01000193)
  const at = (place: number, channel = 0): number => {
    const whole = Math.floor(place)
    const low = (whole % 0x1_0000_0000) | 0
    const high = Math.floor(whole / 0x1_0000_0000) | 0
    return mixed(mixed(mixed(root ^ Math.imul(channel + 1, 0x9e3779b1)) ^ low) ^ high) / 0x1_0000_0000
  }
  const smooth = (place: number): number => {
    const whole = Math.floor(place)
    const part = place - whole
    const bend = part * part * (3 - 2 * part)
    return at(whole) * (1 - bend) + at(whole + 1) * bend
  }
  return { at, smooth }
}

/** Whether a time lies in the one hole that each stretch of `every` milliseconds has somewhere. */
export const holeIn = (noise: Noise, at: number, every: number, length: number): boolean => {
  const stretch = Math.floor(at / every)
  const begin = stretch * every + Math.floor(noise.at(stretch, 9) * Math.max(0, every - length))
  return at >= begin && at < begin + length
}

// ------------------------------------------------------------------------------------------------------------------

/** An unsigned 32-bit number from one, with every bit of the one in all bits of the other. */
const mixed = (value: number): number => {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
