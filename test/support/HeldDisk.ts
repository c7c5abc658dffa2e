/** The real disk, whose writes can be held back, and which knows what was synced. */
import { type Disk, nodeDisk } from "../../src/journal/Disk.js"

export class HeldDisk implements Disk {
  private readonly paths = new Map<number, string>()
  private gate: Promise<void> | undefined
  private open_: () => void = () => undefined
  /** Paths by the order of their syncs. */
  readonly synced: Array<string> = []
  /** Runs between the halves of each write, where it is set: what a reader of the file then sees is torn. */
  halfway: (() => Promise<void>) | undefined

  readonly status = nodeDisk.status
  readonly makeDirectory = nodeDisk.makeDirectory
  readonly read = nodeDisk.read
  readonly truncate = nodeDisk.truncate
  readonly close = nodeDisk.close
  readonly syncDirectory = nodeDisk.syncDirectory
  readonly remove = nodeDisk.remove

  readonly open = async (path: string): Promise<number> => {
    const file = await nodeDisk.open(path)
    this.paths.set(file, path)
    return file
  }

  readonly append = async (file: number, bytes: Buffer, start: number, end: number): Promise<void> => {
    await this.gate
    if (this.halfway === undefined) return nodeDisk.append(file, bytes, start, end)
    const middle = start + Math.ceil((end - start) / 2)
    await nodeDisk.append(file, bytes, start, middle)
    await this.halfway()
    await nodeDisk.append(file, bytes, middle, end)
  }

  readonly sync = async (file: number): Promise<void> => {
    await nodeDisk.sync(file)
    this.synced.push(this.paths.get(file) ?? "")
  }

  /** From now on writes wait. */
  hold(): void {
    this.gate = new Promise((resolve) => (this.open_ = resolve))
  }

  release(): void {
    this.gate = undefined
    this.open_()
  }
}
