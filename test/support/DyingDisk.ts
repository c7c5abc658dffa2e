/** The real disk until a chosen call; that one and all later ones fail, as if the machine were off. */
import { type DatasetDisk, realDisk } from "../../src/dataset/internal/publish.js"

export interface DyingDisk {
  readonly disk: DatasetDisk
  /** What was asked of it, in order. */
  readonly calls: ReadonlyArray<string>
}

export const make = (dieAt: number): DyingDisk => {
  const calls: Array<string> = []
  const step =
    <A extends ReadonlyArray<unknown>, B>(name: string, call: (...input: A) => Promise<B>) =>
    (...input: A): Promise<B> => {
      calls.push(name)
      return calls.length >= dieAt ? Promise.reject(new Error(`EIO: i/o error, ${name}`)) : call(...input)
    }
  return {
    calls,
    disk: {
      status: realDisk.status,
      makeDirectory: step("makeDirectory", realDisk.makeDirectory),
      open: step("open", realDisk.open),
      append: step("append", async (file: number, bytes: Buffer, start: number, end: number) =>
        realDisk.append(file, bytes, start, end)
      ),
      read: step("read", realDisk.read),
      sync: step("sync", realDisk.sync),
      truncate: step("truncate", realDisk.truncate),
      close: step("close", realDisk.close),
      syncDirectory: step("syncDirectory", realDisk.syncDirectory),
      remove: step("remove", realDisk.remove),
      rename: step("rename", realDisk.rename)
    }
  }
}
