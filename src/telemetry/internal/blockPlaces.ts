/**
 * The numbers under which blocks are saved: their order is the order of lines. A file that is indexed anew takes the numbers
 * its blocks had before, so that its lines keep their place among those of other files; there is room between numbers for
 * blocks it did not have.
 *
 * @internal
 */

const spacing = 64

export class BlockPlaces {
  private readonly freed = new Map<string, Array<number>>()
  private readonly last = new Map<string, number>()

  /** `highest`: the highest number that is taken. */
  constructor(private highest: number) {}

  /** Numbers that blocks of a file had, in order. */
  free(path: string, numbers: ReadonlyArray<number>): void {
    this.freed.set(path, [...numbers])
    this.highest = Math.max(this.highest, numbers[numbers.length - 1] ?? 0)
  }

  /** The number of the next block of a file. */
  next(path: string): number {
    const again = this.freed.get(path)?.shift()
    const before = this.last.get(path)
    const between = before !== undefined && (before + 1) % spacing !== 0 ? before + 1 : undefined
    const number = again ?? between ?? (Math.floor(this.highest / spacing) + 1) * spacing
    this.highest = Math.max(this.highest, number)
    if (this.freed.has(path)) this.last.set(path, number)
    return number
  }
}
