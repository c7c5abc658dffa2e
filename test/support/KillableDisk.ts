/**
 * The real disk until the process is "killed": then, or at the chosen call, nothing is asked of it any more and nothing is
 * answered. Faults are chosen per call, as on the simulated one.
 */
import { type Disk, nodeDisk } from "../../src/journal/Disk.js"
import type { Call, Fault } from "./SimulatedDisk.js"

export class KillableDisk implements Disk {
  private readonly paths = new Map<number, string>()
  private dead = false
  private under = 0
  private announce: () => void = () => undefined
  /** Resolves when the disk no longer answers. */
  readonly died = new Promise<undefined>((resolve) => {
    this.announce = () => resolve(undefined)
  })
  calls = 0
  dieAt = Infinity
  fault: (call: Call, path: string) => Fault | undefined = () => undefined

  get isDead(): boolean {
    return this.dead
  }

  /** Resolves when the last call that was under way has come to its end. */
  async kill(): Promise<void> {
    this.die()
    while (this.under > 0) await new Promise((resolve) => setImmediate(resolve))
    for (const file of this.paths.keys()) await nodeDisk.close(file)
  }

  readonly status: Disk["status"] = (path) => nodeDisk.status(path)
  readonly makeDirectory: Disk["makeDirectory"] = (path) =>
    this.step("makeDirectory", path, () => nodeDisk.makeDirectory(path))
  readonly open: Disk["open"] = (path) =>
    this.step("open", path, async () => {
      const file = await nodeDisk.open(path)
      this.paths.set(file, path)
      return file
    })
  readonly append: Disk["append"] = (file, bytes, start, end) =>
    this.step(
      "append",
      this.pathOf(file),
      async () => nodeDisk.append(file, bytes, start, end),
      async ({ written = 0 }) => nodeDisk.append(file, bytes, start, Math.min(end, start + written))
    )
  readonly read: Disk["read"] = (file, offset, length) =>
    this.step("read", this.pathOf(file), () => nodeDisk.read(file, offset, length))
  readonly sync: Disk["sync"] = (file) => this.step("sync", this.pathOf(file), () => nodeDisk.sync(file))
  readonly truncate: Disk["truncate"] = (file, size) =>
    this.step("truncate", this.pathOf(file), () => nodeDisk.truncate(file, size))
  readonly close: Disk["close"] = (file) =>
    this.step("close", this.pathOf(file), () => {
      this.paths.delete(file)
      return nodeDisk.close(file)
    })
  readonly syncDirectory: Disk["syncDirectory"] = (path) =>
    this.step("syncDirectory", path, () => nodeDisk.syncDirectory(path))
  readonly remove: Disk["remove"] = (path) => this.step("remove", path, () => nodeDisk.remove(path))

  private die(): void {
    this.dead = true
    this.announce()
  }

  private pathOf(file: number): string {
    return this.paths.get(file) ?? ""
  }

  private async step<A>(
    call: Call,
    path: string,
    act: () => Promise<A>,
    failing?: (fault: Fault) => Promise<void>
  ): Promise<A> {
    if (++this.calls >= this.dieAt) this.die()
    if (this.dead) return new Promise(() => undefined)
    const fault = this.fault(call, path)
    this.under++
    try {
      if (fault === undefined) return await act()
      await failing?.(fault)
      throw Object.assign(new Error(`${fault.code}: chosen, ${call} '${path}'`), { code: fault.code })
    } finally {
      this.under--
    }
  }
}
