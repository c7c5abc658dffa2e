/**
 * A disk in memory that tells what was written from what is durable: written bytes are visible at once, but survive a power
 * cut only once they were synced, and names only once their directory was. A cut keeps a part of what was not synced, as
 * drives do: some of the last writes, some of their blocks zeroed, some of the new names.
 *
 * Faults are chosen per call by `fault`; `dieAt` stops the disk for ever at a call, as a power cut in the middle does.
 * A failed sync loses what it should have written, as Linux does: the pages stay readable and are never written again.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import type { Disk } from "../../src/journal/Disk.js"

export type Call =
  "status" | "makeDirectory" | "open" | "append" | "read" | "sync" | "truncate" | "close" | "syncDirectory" | "remove"

/** What a faulty call does: fails with this code, after `written` bytes where it is an append. */
export interface Fault {
  readonly code: string
  readonly written?: number
}

interface Write {
  readonly offset: number
  readonly end: number
}

class Inode {
  content = Buffer.alloc(0)
  durable = Buffer.alloc(0)
  /** Changes since the last sync, oldest first: appended ranges, or a new size. */
  pending: Array<Write | { readonly size: number }> = []

  constructor(readonly number: number) {}
}

/** Numbers from 0 to 1, for what a cut keeps. */
export type Dice = () => number

const block = 512

export class SimulatedDisk implements Disk {
  private readonly names = new Map<string, Inode>()
  private readonly durableNames = new Map<string, Inode>()
  private readonly handles = new Map<number, Inode>()
  private nextInode = 1
  private nextHandle = 1
  private dead = false
  private announce: () => void = () => undefined
  /** Resolves when the disk no longer answers. */
  readonly died = new Promise<undefined>((resolve) => {
    this.announce = () => resolve(undefined)
  })
  calls = 0
  /** Decides before each call whether it fails. */
  fault: (call: Call, path: string) => Fault | undefined = () => undefined
  /** The call after which nothing answers any more. */
  dieAt = Infinity
  /** What happened, for a report. */
  readonly trace: Array<string> = []

  /** A disk that holds what a directory holds, all of it durable. */
  static of(directory: string): SimulatedDisk {
    const disk = new SimulatedDisk()
    for (const name of fs.readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      const path = join(directory, name)
      if (!fs.statSync(path).isFile() || /sqlite/.test(name)) continue
      const inode = disk.make(path)
      inode.content = inode.durable = fs.readFileSync(path)
      disk.durableNames.set(path, inode)
    }
    return disk
  }

  get isDead(): boolean {
    return this.dead
  }

  /** The text of a file as a reader of the living system sees it. */
  text(path: string): string {
    return this.names.get(path)?.content.toString("latin1") ?? ""
  }

  paths(): ReadonlyArray<string> {
    return [...this.names.keys()].sort()
  }

  /** Another process renames a file away. */
  rename(from: string, to: string): void {
    const inode = this.names.get(from)
    if (inode === undefined) return
    this.names.delete(from)
    this.names.set(to, inode)
  }

  /** Another process appends. */
  foreign(path: string, text: string): void {
    const inode = this.names.get(path) ?? this.make(path)
    inode.content = Buffer.concat([inode.content, Buffer.from(text)])
    inode.pending.push({ offset: inode.content.length - text.length, end: inode.content.length })
  }

  readonly status = (path: string) => {
    this.count("status", path)
    const inode = this.names.get(path)
    return inode && { device: 1, inode: inode.number, size: inode.content.length, regular: true }
  }

  readonly makeDirectory = (path: string): Promise<void> => this.step("makeDirectory", path, () => undefined)

  readonly open = (path: string): Promise<number> =>
    this.step("open", path, () => {
      this.handles.set(this.nextHandle, this.names.get(path) ?? this.make(path))
      return this.nextHandle++
    })

  readonly append = (file: number, bytes: Buffer, start: number, end: number): Promise<void> => {
    const inode = this.inode(file)
    const write = (count: number) => {
      const offset = inode.content.length
      inode.content = Buffer.concat([inode.content, bytes.subarray(start, start + count)])
      inode.pending.push({ offset, end: inode.content.length })
    }
    return this.step(
      "append",
      this.pathOf(inode),
      () => write(end - start),
      (fault) => write(Math.min(fault.written ?? 0, end - start))
    )
  }

  readonly read = (file: number, offset: number, length: number): Promise<Buffer> => {
    const inode = this.inode(file)
    return this.step("read", this.pathOf(inode), () => Buffer.from(inode.content.subarray(offset, offset + length)))
  }

  readonly sync = (file: number): Promise<void> => {
    const inode = this.inode(file)
    return this.step(
      "sync",
      this.pathOf(inode),
      () => {
        inode.durable = Buffer.from(inode.content)
        inode.pending = []
      },
      () => {
        // What was to be written is lost: zeros where the drive has nothing, and no later sync knows of it.
        const lost = Buffer.alloc(inode.content.length)
        inode.durable.copy(lost)
        inode.durable = lost
        inode.pending = []
      }
    )
  }

  readonly truncate = (file: number, size: number): Promise<void> => {
    const inode = this.inode(file)
    return this.step("truncate", this.pathOf(inode), () => {
      inode.content = Buffer.from(inode.content.subarray(0, size))
      inode.pending.push({ size })
    })
  }

  readonly close = (file: number): Promise<void> => {
    const inode = this.inode(file)
    return this.step("close", this.pathOf(inode), () => void this.handles.delete(file))
  }

  readonly syncDirectory = (path: string): Promise<void> =>
    this.step("syncDirectory", path, () => {
      for (const [name, inode] of this.names) if (dirname(name) === path) this.durableNames.set(name, inode)
      for (const name of this.durableNames.keys()) {
        if (dirname(name) === path && !this.names.has(name)) this.durableNames.delete(name)
      }
    })

  readonly remove = (path: string): Promise<void> => this.step("remove", path, () => void this.names.delete(path))

  /** From now on no call is answered. */
  halt(): void {
    this.dead = true
    this.announce()
  }

  /** The disk as the next process finds it after a kill: all that was written, and none of it more durable than it was. */
  revived(): SimulatedDisk {
    const next = new SimulatedDisk()
    for (const [path, inode] of this.names) next.names.set(path, inode)
    for (const [path, inode] of this.durableNames) next.durableNames.set(path, inode)
    next.nextInode = this.nextInode
    return next
  }

  /** Handles that are open: a leak shows here. */
  get openHandles(): number {
    return this.handles.size
  }

  /** Writes what is left after the process was killed: everything that was written. */
  materialiseKilled(directory: string, root: string): void {
    for (const [path, inode] of this.names) put(directory, root, path, inode.content)
  }

  /** Writes what is left after a power cut, by the dice. */
  materialiseCut(directory: string, root: string, dice: Dice): void {
    this.halt()
    const survivors = new Map(this.durableNames)
    for (const [path, inode] of this.names) if (dice() < 0.5) survivors.set(path, inode)
    for (const [path, inode] of this.durableNames) {
      if (!this.names.has(path) && dice() < 0.5) survivors.delete(path)
      else if (!survivors.has(path)) survivors.set(path, inode)
    }
    for (const [path, inode] of survivors) put(directory, root, path, afterCut(inode, dice))
  }

  private make(path: string): Inode {
    const inode = new Inode(this.nextInode++)
    this.names.set(path, inode)
    return inode
  }

  private inode(file: number): Inode {
    const inode = this.handles.get(file)
    if (inode === undefined) throw new Error(`EBADF: handle ${file}`)
    return inode
  }

  private pathOf(inode: Inode): string {
    for (const [path, other] of this.names) if (other === inode) return path
    return "(removed)"
  }

  private count(call: Call, path: string): Fault | undefined {
    this.calls++
    if (this.calls >= this.dieAt) this.halt()
    this.trace.push(`${call} ${path}${this.dead ? " (dead)" : ""}`)
    return this.dead ? undefined : this.fault(call, path)
  }

  /** One call: later than it was asked for, and not at all once the disk is dead. */
  private step<A>(call: Call, path: string, act: () => A, failing?: (fault: Fault) => void): Promise<A> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        const fault = this.count(call, path)
        if (this.dead) return
        if (fault === undefined) return resolve(act())
        failing?.(fault)
        this.trace.push(`  ${fault.code}`)
        reject(Object.assign(new Error(`${fault.code}: simulated, ${call} '${path}'`), { code: fault.code }))
      })
    })
  }
}

const put = (directory: string, root: string, path: string, content: Buffer): void => {
  const target = join(directory, path.slice(root.length))
  fs.mkdirSync(dirname(target), { recursive: true })
  fs.writeFileSync(target, content)
}

/** The synced content, then a part of what came later: a prefix of the changes, with some blocks of it never written. */
const afterCut = (inode: Inode, dice: Dice): Buffer => {
  let content = Buffer.from(inode.durable)
  const kept = Math.floor(dice() * (inode.pending.length + 1))
  for (const change of inode.pending.slice(0, kept)) {
    if ("size" in change) content = Buffer.from(content.subarray(0, change.size))
    else {
      const end = dice() < 0.5 ? change.end : change.offset + Math.floor(dice() * (change.end - change.offset + 1))
      const grown = Buffer.alloc(Math.max(content.length, end))
      content.copy(grown)
      for (let at = change.offset; at < end;) {
        const next = Math.min(end, (Math.floor(at / block) + 1) * block)
        if (dice() < 0.7) inode.content.copy(grown, at, at, next)
        at = next
      }
      content = grown
    }
  }
  return content
}
