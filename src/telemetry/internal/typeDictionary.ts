/**
 * Event types by small number. A type is known by the bytes of its quoted text in line form, looked up without making a
 * string. Numbers are given in order of first sight, from 1; beyond `capacity` every new type is `other` (0), which an
 * index must treat as "may be any type".
 *
 * @internal
 */

export const other = 0

export class TypeDictionary {
  private readonly texts: Array<Buffer> = [Buffer.alloc(0)]
  private slots = new Int32Array(1024)

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.texts.length - 1
  }

  /** Whether types beyond the capacity may have been seen. */
  get full(): boolean {
    return this.size >= this.capacity
  }

  /** The quoted text of a type. */
  text(id: number): string {
    return this.texts[id]?.toString("latin1") ?? ""
  }

  /** The quoted texts from a number on. */
  textsFrom(first: number): ReadonlyArray<string> {
    return this.texts.slice(first).map((text) => text.toString("latin1"))
  }

  /** The number of a quoted text, or undefined where it was never seen. */
  find(quoted: string): number | undefined {
    const bytes = Buffer.from(quoted, "latin1")
    const id = this.slots[this.slot(bytes, 0, bytes.length)] as number
    return id === 0 ? undefined : id
  }

  /** The number of the type whose quoted text is `bytes[start, end)`. */
  id(bytes: Buffer, start: number, end: number): number {
    const slot = this.slot(bytes, start, end)
    const known = this.slots[slot] as number
    if (known !== 0) return known
    if (this.size >= this.capacity) return other
    const id = this.texts.push(Buffer.from(bytes.subarray(start, end))) - 1
    this.slots[slot] = id
    if (this.size * 2 > this.slots.length) this.grow()
    return id
  }

  private slot(bytes: Buffer, start: number, end: number): number {
    const mask = this.slots.length - 1
    let hash = 0x811c9dc5
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    for (let at = (hash ^ (hash >>> 15)) & mask; ; at = (at + 1) & mask) {
      const id = this.slots[at] as number
      if (id === 0) return at
      const text = this.texts[id] as Buffer
      if (text.length !== end - start) continue
      let same = 0
      while (same < text.length && text[same] === bytes[start + same]) same++
      if (same === text.length) return at
    }
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2)
    for (let id = 1; id < this.texts.length; id++) {
      const text = this.texts[id] as Buffer
      this.slots[this.slot(text, 0, text.length)] = id
    }
  }
}
