/** Sets of tags by number: a map asks for few different ones, and each worker answers for each of them once. */
export class TagSets {
  private readonly numbers = new Map<string, number>()
  private readonly members: Array<ReadonlyArray<string>> = []

  /** The number of these tags, whatever their order. */
  numberOf(tags: ReadonlyArray<string>): number {
    const key = tags.length === 1 ? (tags[0] ?? "") : [...new Set(tags)].sort().join("\n")
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    this.numbers.set(key, this.members.length)
    this.members.push(tags)
    return this.members.length - 1
  }

  /** By number: whether who has these tags has all of the set. */
  satisfiedBy(tags: ReadonlyArray<string>): ReadonlyArray<boolean> {
    const held = new Set(tags)
    return this.members.map((members) => members.every((tag) => held.has(tag)))
  }

  /** Every tag of any set, sorted. */
  tags(): ReadonlyArray<string> {
    return [...new Set(this.members.flat())].sort()
  }
}
