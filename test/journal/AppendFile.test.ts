import { assert, describe, it } from "@effect/vitest"
import { AppendFile, type Notice } from "../../src/journal/AppendFile.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"

const path = "/site/events.ndjson"

const open = (disk: SimulatedDisk) => {
  const notices: Array<Notice> = []
  const file = new AppendFile(
    path,
    false,
    disk,
    (notice) => void notices.push(notice),
    () => "T"
  )
  const write = async (text: string) => {
    await file.ensure()
    await file.append(Buffer.from(text), 0, text.length)
    await file.sync(text.length)
  }
  return { file, notices, write }
}

const failureOf = (outcome: Promise<unknown> | undefined): Promise<string> =>
  Promise.resolve(outcome).then(
    () => "none",
    (error: Error) => error.message
  )

describe("AppendFile", () => {
  it("appends behind what is there, and knows how far it is durable", async () => {
    const disk = new SimulatedDisk()
    disk.foreign(path, "a\nb\n")
    const { file, notices, write } = open(disk)
    await write("c\n")
    assert.strictEqual(disk.text(path), "a\nb\nc\n")
    assert.strictEqual(file.durable, 6)
    assert.deepStrictEqual(notices, [])
  })

  it("sets aside what stands behind the last line end, never over what was set aside before", async () => {
    const disk = new SimulatedDisk()
    disk.foreign(path, "a\nhal")
    disk.foreign(`${path}.torn-T`, "earlier")
    const { notices, write } = open(disk)
    await write("b\n")
    assert.strictEqual(disk.text(path), "a\nb\n")
    assert.strictEqual(disk.text(`${path}.torn-T`), "earlier")
    assert.strictEqual(disk.text(`${path}.torn-T-2`), "hal")
    assert.deepStrictEqual(notices, [{ kind: "torn", path, offset: 2, length: 3, aside: `${path}.torn-T-2` }])
  })

  it("a file of one long torn line becomes empty", async () => {
    const disk = new SimulatedDisk()
    disk.foreign(path, "x".repeat(200_000))
    const { write } = open(disk)
    await write("b\n")
    assert.strictEqual(disk.text(path), "b\n")
    assert.strictEqual(disk.text(`${path}.torn-T`).length, 200_000)
  })

  it("a name is durable before anything in the file is", async () => {
    const disk = new SimulatedDisk()
    const { write } = open(disk)
    await write("a\n")
    const calls = disk.trace.map((line) => line.split(" ")[0])
    assert.isBelow(calls.indexOf("makeDirectory"), calls.indexOf("open"))
    assert.isBelow(calls.indexOf("syncDirectory"), calls.indexOf("append"))
  })

  it("a name that could not be synced is synced at the next attempt", async () => {
    const disk = new SimulatedDisk()
    let failing = true
    disk.fault = (call) => (call === "syncDirectory" && failing ? { code: "EIO" } : undefined)
    const { write } = open(disk)
    assert.include(await failureOf(write("a\n")), "EIO")
    failing = false
    await write("a\n")
    const synced = disk.trace.lastIndexOf("syncDirectory /site")
    assert.isBelow(synced, disk.trace.lastIndexOf(`append ${path}`))
    assert.isAbove(synced, disk.trace.indexOf("  EIO"))
  })

  it("after a failed sync nothing of the batch stays, however often mending fails first", async () => {
    for (const [call, failures] of [
      ["open", 1],
      ["open", 3],
      ["truncate", 2],
      ["makeDirectory", 2],
      ["read", 1]
    ] as const) {
      const disk = new SimulatedDisk()
      const { file, write } = open(disk)
      await write("a\n")
      disk.fault = (each) => (each === "sync" ? { code: "EIO" } : undefined)
      assert.include(await failureOf(write("b\nc\n")), "fdatasync")
      file.distrust(2)
      let left = failures
      disk.fault = (each) => (each === call && left-- > 0 ? { code: "EROFS" } : undefined)
      for (let attempt = 0; attempt < failures; attempt++) await failureOf(file.ensure())
      await write("d\n")
      assert.strictEqual(disk.text(path), "a\nd\n", `${call} failed ${failures} times`)
      assert.strictEqual(file.durable, 4)
    }
  })

  it("a full disk that refuses the copy of a torn tail leaves no empty file in its place", async () => {
    const disk = new SimulatedDisk()
    const { file, notices, write } = open(disk)
    await write("a\n")
    disk.fault = (call, at) => (call === "append" ? { code: "ENOSPC", written: at === path ? 3 : 0 } : undefined)
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.include(await failureOf(write("bbbb\n")), "ENOSPC")
      file.distrust(2)
      await file.ensure()
    }
    assert.deepStrictEqual(disk.paths(), [path])
    assert.strictEqual(disk.text(path), "a\n")
    assert.deepStrictEqual(notices[0], { kind: "torn", path, offset: 2, length: 3, aside: undefined })
  })

  it("a file renamed away is made anew, and the moved one stays as it is", async () => {
    const disk = new SimulatedDisk()
    const { notices, write } = open(disk)
    await write("a\n")
    disk.rename(path, "/site/moved")
    await write("b\n")
    assert.strictEqual(disk.text(path), "b\n")
    assert.strictEqual(disk.text("/site/moved"), "a\n")
    assert.deepStrictEqual(notices, [{ kind: "replaced", path }])
  })

  it("lines that another process appended are kept, a half one is set aside", async () => {
    const disk = new SimulatedDisk()
    const { write } = open(disk)
    await write("a\n")
    disk.foreign(path, "foreign\nhal")
    await write("b\n")
    assert.strictEqual(disk.text(path), "a\nforeign\nb\n")
    assert.strictEqual(disk.text(`${path}.torn-T`), "hal")
  })

  it("a file cut shorter by someone goes on behind its last line end", async () => {
    const disk = new SimulatedDisk()
    const { file, write } = open(disk)
    await write("a\nbb\n")
    const handle = await disk.open(path)
    await disk.truncate(handle, 3)
    await disk.close(handle)
    file.distrust(5)
    await write("c\n")
    assert.strictEqual(disk.text(path), "a\nc\n")
  })

  it("leaves no handle open when it can't be opened in order", async () => {
    for (const call of ["makeDirectory", "open", "syncDirectory", "read", "truncate", "sync"] as const) {
      const disk = new SimulatedDisk()
      disk.foreign(path, "a\nhal")
      disk.fault = (each) => (each === call ? { code: "EIO" } : undefined)
      const { file } = open(disk)
      await failureOf(file.ensure())
      await file.close()
      assert.strictEqual(disk.openHandles, 0, call)
    }
  })
})
