/** Bytes that are almost right: samples with a few places changed, cut out, doubled, or taken from another sample. */

/** The same numbers for the same seed (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below)
  }
}

const interesting = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x5d, 0x7d, 0x94, 0x68, 0x52, 0x62, 0x1b, 0x5b, 0x9f]

export class Mutations {
  private readonly random: (below: number) => number

  constructor(
    private readonly samples: ReadonlyArray<Uint8Array>,
    seed: number
  ) {
    this.random = randomOf(seed)
  }

  next(): Buffer {
    let bytes: Buffer = Buffer.from(this.sample())
    for (let changes = this.random(4); changes >= 0; changes--) bytes = this.change(bytes)
    return bytes
  }

  private sample(): Uint8Array {
    return this.samples[this.random(this.samples.length)] ?? new Uint8Array(0)
  }

  private change(bytes: Buffer): Buffer {
    const at = this.random(bytes.length)
    const length = this.random(Math.min(32, bytes.length - at))
    switch (this.random(7)) {
      case 0:
        bytes[at] = this.random(256)
        return bytes
      case 1:
        bytes[at] = interesting[this.random(interesting.length)] ?? 0
        return bytes
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << this.random(8))
        return bytes
      case 3:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
      case 4:
        return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
      case 5:
        return bytes.subarray(0, at)
      default: {
        const other = this.sample()
        const from = this.random(other.length)
        return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)])
      }
    }
  }
}
