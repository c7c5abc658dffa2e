/**
 * Headers that begin with the number of their event say the same behind it again and again: what the last one said is recalled
 * for the next one with the same bytes there, which costs a tenth of parsing it.
 *
 * @internal
 */

export interface Recalled<A> {
  readonly event_number: number
  readonly said: A
}

export class HeaderMemory<A> {
  private last: Buffer = Buffer.alloc(0)
  /** Where the number of the last one ends. */
  private end = -1
  private said: A | undefined

  /** Nothing, where the header is another one or has another form; it has to be parsed then, and to be `learn`t. */
  recall(header: Uint8Array): Recalled<A> | undefined {
    if (this.said === undefined) return undefined
    const end = numberEnd(header)
    if (end === -1) return undefined
    if (this.last.compare(header, end, header.length, this.end, this.last.length) !== 0) return undefined
    let event_number = 0
    for (let at = opening.length; at < end; at++) event_number = event_number * 10 + (header[at] ?? 0) - zero
    return { event_number, said: this.said }
  }

  /** What a header says besides its number. */
  learn(header: Uint8Array, said: A): void {
    this.end = numberEnd(header)
    // Copied, because what it was cut from may be large.
    this.last = Buffer.from(header)
    this.said = this.end === -1 ? undefined : said
  }
}

// ---------------------------------------------------------------------------------------------------------------------

const opening = Buffer.from(`{"event_number":`)
const zero = 0x30
/** Numbers of more digits may not be exact. */
const mostDigits = 15

/** The place behind the number; -1 where the header does not begin with one, or not in the usual form. */
const numberEnd = (header: Uint8Array): number => {
  for (let at = 0; at < opening.length; at++) if (header[at] !== opening[at]) return -1
  let end = opening.length
  for (; end < header.length; end++) {
    const byte = header[end] ?? 0
    if (byte < zero || byte > zero + 9) break
  }
  const digits = end - opening.length
  const isPlain = digits === 1 || header[opening.length] !== zero
  return digits > 0 && digits <= mostDigits && isPlain ? end : -1
}
