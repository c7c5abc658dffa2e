/**
 * Syncs of one directory, shared: while one is under way, whoever comes waits for the next, which is one for all of them. The
 * names that were made before a call are on the device once it resolves.
 *
 * @internal
 */
import type { Disk } from "../../journal/Disk.js"

export class DirectorySync {
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly next = new Map<string, Promise<void>>()

  constructor(private readonly disk: Pick<Disk, "syncDirectory">) {}

  sync(path: string): Promise<void> {
    const before = this.underWay.get(path)
    if (before === undefined) return this.begin(path)
    const known = this.next.get(path)
    if (known !== undefined) return known
    const shared = before.then(
      () => this.begin(path),
      () => this.begin(path)
    )
    this.next.set(path, shared)
    return shared
  }

  private begin(path: string): Promise<void> {
    this.next.delete(path)
    const syncing = this.disk.syncDirectory(path).finally(() => {
      if (this.underWay.get(path) === syncing) this.underWay.delete(path)
    })
    this.underWay.set(path, syncing)
    return syncing
  }
}
