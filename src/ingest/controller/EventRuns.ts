/** Numbers of events in the order in which they came, kept as runs: ten thousand that follow each other cost as much as one. */
export class EventRuns {
  private readonly firsts: Array<number> = []
  private readonly lasts: Array<number> = []
  private total = 0

  get count(): number {
    return this.total
  }

  add(event: number): void {
    this.addRange(event, event)
  }

  /** All from the first to the last one. */
  addRange(first: number, last: number): void {
    if (last < first) return
    const end = this.lasts.length - 1
    if (this.lasts[end] === first - 1) this.lasts[end] = last
    else {
      this.firsts.push(first)
      this.lasts.push(last)
    }
    this.total += last - first + 1
  }

  /** Each one, in the order in which they came. */
  list(): ReadonlyArray<number> {
    const found: Array<number> = []
    for (let run = 0; run < this.firsts.length; run++) {
      const last = this.lasts[run] ?? -1
      for (let event = this.firsts[run] ?? 0; event <= last; event++) found.push(event)
    }
    return found
  }

  /** The ranges that they make up, in the order of their numbers, at most so many. */
  ranges(limit: number): ReadonlyArray<readonly [first: number, last: number]> {
    const sorted = this.firsts.map((first, run) => [first, this.lasts[run] ?? first] as const).sort(([a], [b]) => a - b)
    const merged: Array<[number, number]> = []
    for (const [first, last] of sorted) {
      const before = merged[merged.length - 1]
      if (before !== undefined && before[1] + 1 === first) before[1] = last
      else if (merged.length === limit) break
      else merged.push([first, last])
    }
    return merged
  }
}
