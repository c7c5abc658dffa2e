/**
 * Records on their way to the disk together: their bytes in one buffer, which part of it goes to which file, and who waits.
 *
 * @internal
 */
import type { AppendFile, DiskFailure } from "./AppendFile.js"

export interface Segment {
  readonly target: AppendFile
  readonly start: number
  end: number
  /** Where the segment stands in its file; known when the batch is durable. */
  offset: number
}

export class Batch {
  readonly buffer: Buffer
  used = 0
  segments: Array<Segment> = []
  /** What the owner of the batch notes about its records, for `onCommit`. */
  readonly marks: Array<number> = []
  private waiters: Array<(failure: DiskFailure | undefined) => void> = []

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get isEmpty(): boolean {
    return this.segments.length === 0 && this.waiters.length === 0 && this.marks.length === 0
  }

  get waiting(): number {
    return this.waiters.length
  }

  wait(waiter: (failure: DiskFailure | undefined) => void): void {
    this.waiters.push(waiter)
  }

  settle(failure: DiskFailure | undefined): void {
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) waiter(failure)
  }

  clear(): void {
    this.used = 0
    this.segments = []
    this.marks.length = 0
  }
}
