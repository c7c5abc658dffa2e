/**
 * The stack, the marks and the memo of a read, with their limits. Containers are filled in place, as the format wants it; they are
 * read-only for who gets them in the end.
 *
 * @internal
 */
import type { Limits } from "../PickleReader.js"
import type { ByteCursor } from "./ByteCursor.js"
import { type Draft, type Item, isDraft } from "./Draft.js"
import { malformed, tooLarge } from "./fault.js"

/** In so many places at most a thing that is not whole is remembered: Python remembers it in one. */
const fewPlaces = 16

export class Machine {
  private readonly stack: Array<Item> = []
  private readonly marks: Array<number> = []
  private readonly memo = new Map<number, Item>()
  /** Where things that are not whole stand in the memo: what becomes of them goes there too. */
  private readonly memoized = new Map<Draft, Array<number>>()
  private pushed = 0
  private produced = 0

  constructor(
    readonly cursor: ByteCursor,
    readonly limits: Limits,
    readonly records: ReadonlySet<string>
  ) {}

  push(item: Item): void {
    if (++this.pushed > this.limits.elements) tooLarge(`more than ${this.limits.elements} elements`)
    this.stack.push(item)
  }

  pop(): Item {
    if (this.stack.length <= this.floor) return malformed("the stack is empty")
    return this.stack.pop() ?? null
  }

  peek(): Item {
    if (this.stack.length <= this.floor) return malformed("the stack is empty")
    return this.stack[this.stack.length - 1] ?? null
  }

  /** Puts what has become of the item on top in its place, there and in the memo. */
  replaceTop(item: Item): void {
    const before = this.peek()
    this.stack[this.stack.length - 1] = item
    if (!isDraft(before)) return
    const places = this.memoized.get(before) ?? []
    this.memoized.delete(before)
    for (const place of places) this.memo.set(place, item)
    if (isDraft(item) && places.length > 0) this.memoized.set(item, places)
  }

  mark(): void {
    if (this.marks.length >= this.limits.elements) tooLarge(`more than ${this.limits.elements} marks`)
    this.marks.push(this.stack.length)
  }

  /** Everything above the last mark, which is taken away. */
  popMark(): Array<Item> {
    const start = this.marks.pop()
    return start === undefined ? malformed("there is no mark") : this.stack.splice(start)
  }

  get isMarkOnTop(): boolean {
    return this.marks.length > 0 && this.floor === this.stack.length
  }

  remember(place: number): void {
    const item = this.peek()
    this.memo.set(place, item)
    if (this.memo.size > this.limits.memo) tooLarge(`more than ${this.limits.memo} remembered values`)
    if (!isDraft(item)) return
    const places = this.memoized.get(item) ?? []
    if (places.length >= fewPlaces) malformed("an unfinished object that is remembered too often")
    places.push(place)
    this.memoized.set(item, places)
  }

  rememberNext(): void {
    this.remember(this.memo.size)
  }

  recall(place: number): void {
    const item = this.memo.get(place)
    this.push(item === undefined ? malformed(`nothing is remembered as ${place}`) : item)
  }

  /** Counts bytes that are made, not read. */
  produce(bytes: number): void {
    this.produced += bytes
    if (this.produced > this.limits.size) tooLarge(`more than ${this.limits.size} bytes`)
  }

  append(items: ReadonlyArray<Item>): void {
    const list = this.peek()
    if (!Array.isArray(list)) return malformed("appends to what is no list")
    for (const item of items) list.push(item)
  }

  set(pairs: ReadonlyArray<Item>): void {
    const dict = this.peek()
    if (!(dict instanceof Map)) return malformed("sets an item of what is no dict")
    fill(dict, pairs)
  }

  add(items: ReadonlyArray<Item>): void {
    const set = this.peek()
    if (!(set instanceof Set)) return malformed("adds to what is no set")
    for (const item of items) set.add(key(item))
  }

  /** The one value that is left at the end. */
  result(): Item {
    const item = this.pop()
    if (this.stack.length > 0) malformed("more than one value is left")
    return item
  }

  private get floor(): number {
    return this.marks[this.marks.length - 1] ?? 0
  }
}

export const dictOf = (pairs: ReadonlyArray<Item>): Item => {
  const dict = new Map<Item, Item>()
  fill(dict, pairs)
  return dict
}

export const setOf = (items: ReadonlyArray<Item>): Item => new Set(items.map(key))

// ------------------------------------------------------------------------------------------------------------------

const fill = (dict: Map<Item, Item>, pairs: ReadonlyArray<Item>): void => {
  if (pairs.length % 2 !== 0) malformed("a key without a value")
  for (let at = 0; at < pairs.length; at += 2) dict.set(key(pairs[at] ?? null), pairs[at + 1] ?? null)
}

/** Python has no dicts, lists (arrays here, as tuples are) and sets as keys; of these, what can be told is refused. */
const key = (item: Item): Item =>
  item instanceof Map || isDraft(item) ? malformed("a key that Python can't have") : item
