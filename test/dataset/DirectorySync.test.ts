import { assert, describe, it } from "@effect/vitest"
import { DirectorySync } from "../../src/dataset/internal/directorySync.js"

/** A disk that answers when it is told to. */
const slowDisk = () => {
  const asked: Array<{ readonly path: string; readonly done: (error?: Error) => void }> = []
  const syncDirectory = (path: string) =>
    new Promise<void>((resolve, reject) =>
      asked.push({ path, done: (error) => (error === undefined ? resolve() : reject(error)) })
    )
  return { asked, syncDirectory }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe("syncs of a directory", () => {
  it("whoever comes while one is under way shares the next, and is not told by the one that had begun", async () => {
    const disk = slowDisk()
    const syncs = new DirectorySync(disk)
    const told: Array<string> = []
    const ask = (name: string) => syncs.sync("/a").then(() => told.push(name))
    const all = [ask("first"), ask("second"), ask("third")]
    assert.lengthOf(disk.asked, 1)
    disk.asked[0]?.done()
    await turn()
    assert.deepStrictEqual(told, ["first"])
    assert.lengthOf(disk.asked, 2)
    all.push(ask("fourth"))
    disk.asked[1]?.done()
    await turn()
    assert.deepStrictEqual(told, ["first", "second", "third"])
    disk.asked[2]?.done()
    await Promise.all(all)
    assert.lengthOf(disk.asked, 3)
  })

  it("other directories do not wait", () => {
    const disk = slowDisk()
    const syncs = new DirectorySync(disk)
    void syncs.sync("/a")
    void syncs.sync("/b")
    assert.deepStrictEqual(
      disk.asked.map(({ path }) => path),
      ["/a", "/b"]
    )
  })

  it("a failure is told to those that shared it, and the next is tried all the same", async () => {
    const disk = slowDisk()
    const syncs = new DirectorySync(disk)
    const outcomes: Array<string> = []
    const ask = () =>
      syncs.sync("/a").then(
        () => outcomes.push("done"),
        (error: Error) => outcomes.push(error.message)
      )
    const all = [ask(), ask(), ask()]
    disk.asked[0]?.done(new Error("EIO"))
    await turn()
    disk.asked[1]?.done()
    await Promise.all(all)
    assert.deepStrictEqual(outcomes, ["EIO", "done", "done"])
    all.push(ask())
    assert.lengthOf(disk.asked, 3)
  })
})
