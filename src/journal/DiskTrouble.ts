/**
 * What a group commit knows of a disk that fails: the files that may hold bytes of a failed batch, until each is mended, and
 * the one that failed last, until it is seen to take records again. That others do says nothing of it.
 *
 * @internal
 */
import { dirname } from "node:path"
import type { AppendFile, DiskFailure, Notice } from "./AppendFile.js"

/** A file that a batch has written to, and how long it was before. */
export interface Touched {
  readonly target: AppendFile
  readonly durable: number
}

export class DiskTrouble {
  private readonly suspects = new Set<AppendFile>()
  private failing: AppendFile | undefined
  private failed = false

  constructor(private readonly notify: (notice: Notice) => void) {}

  /** A batch has failed at this file, or at none in particular. */
  begin(failure: DiskFailure, at: AppendFile | undefined, touched: ReadonlyArray<Touched>): void {
    for (const { durable, target } of touched) {
      target.distrust(durable)
      this.suspects.add(target)
    }
    const { operation, path, reason } = failure
    if (!this.failed) this.notify({ kind: "failed", operation, path, reason })
    this.failed = true
    this.failing = at ?? this.failing
  }

  isSuspect(file: AppendFile): boolean {
    return this.suspects.has(file)
  }

  /**
   * Makes suspect files whole. Numbers that were taken back are given out again, perhaps to lines of a file beside: so this
   * fails where one stays suspect in a directory of the `targets`. Other directories, of other disks perhaps, go on.
   * Undefined where no file is suspect.
   */
  mend(targets: Iterable<AppendFile>): Promise<void> | undefined {
    return this.suspects.size === 0 ? undefined : this.mendAll(targets)
  }

  private async mendAll(targets: Iterable<AppendFile>): Promise<void> {
    for (const file of this.suspects) {
      try {
        await file.ensure()
        this.suspects.delete(file)
      } catch (cause) {
        for (const target of targets) if (dirname(target.path) === dirname(file.path)) throw cause
      }
    }
  }

  /** These files are durable: that ends the trouble where the one that failed is among them. */
  proven(durable: ReadonlyArray<Touched>): void {
    if (!this.failed || durable.length === 0) return
    const path = this.failing?.path
    if (path === undefined || durable.some(({ target }) => target.path === path)) this.end()
  }

  /** Nothing will be put into the file at this path any more: that it fails is of no concern. */
  absolve(path: string): void {
    if (this.failing?.path === path) this.end()
  }

  /** Tries the file that failed, so that a disk that takes records again is noticed without one. */
  async retry(): Promise<void> {
    if (!this.failed) return
    const { failing } = this
    await this.mend(failing === undefined ? [] : [failing])
    await failing?.probe()
    this.end()
  }

  private end(): void {
    this.failed = false
    this.failing = undefined
    this.notify({ kind: "resumed" })
  }
}
