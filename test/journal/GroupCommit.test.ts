import { assert, describe, it } from "@effect/vitest"
import type { Notice } from "../../src/journal/AppendFile.js"
import { GroupCommit } from "../../src/journal/GroupCommit.js"
import { SimulatedDisk } from "../support/SimulatedDisk.js"

const make = (
  options: { readonly disk?: SimulatedDisk; readonly capacity?: number; readonly now?: () => number } = {}
) => {
  const disk = options.disk ?? new SimulatedDisk()
  const events: Array<string> = []
  const notices: Array<Notice["kind"]> = []
  const commit: GroupCommit = new GroupCommit({
    disk,
    capacity: options.capacity ?? 1_000,
    timestamp: () => "T",
    now: options.now,
    notify: (notice) => void notices.push(notice.kind),
    onCommit: (batch) => void events.push(`committed ${batch.used}`),
    onFailure: () => void events.push("taken back")
  })
  const put = (path: string, text: string, leading = false) => {
    commit.put(commit.file(path, leading), Buffer.from(text))
    return new Promise<string>((resolve) =>
      commit.wait((failure) => {
        events.push(failure === undefined ? `ack ${text.trim()}` : `refused ${text.trim()}`)
        resolve(failure === undefined ? "" : failure.operation)
      })
    )
  }
  return { commit, disk, events, notices, put }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))

describe("GroupCommit", () => {
  it("makes what is put together durable with one write and one sync, in order", async () => {
    const { disk, events, put } = make()
    await Promise.all(["1\n", "2\n", "3\n"].map((text) => put("/a/f", text)))
    assert.strictEqual(disk.text("/a/f"), "1\n2\n3\n")
    assert.deepStrictEqual(
      disk.trace.filter((line) => /^(append|sync) /.test(line)),
      ["append /a/f", "sync /a/f"]
    )
    assert.deepStrictEqual(events, ["committed 6", "ack 1", "ack 2", "ack 3"])
  })

  it("what is put while a batch is on its way goes with the next one", async () => {
    const { disk, put } = make()
    const first = put("/a/f", "1\n")
    await tick()
    const later = [put("/a/f", "2\n"), put("/a/f", "3\n")]
    await Promise.all([first, ...later])
    assert.strictEqual(disk.trace.filter((line) => line.startsWith("sync ")).length, 2)
    assert.strictEqual(disk.text("/a/f"), "1\n2\n3\n")
  })

  it("much does not wait for the end of the turn where the disk is idle and quick", async () => {
    const much = `${"x".repeat(40 * 1024)}\n`
    for (const [tookMillis, begunAtOnce] of [
      [1, true],
      [20, false]
    ] as const) {
      let millis = 0
      const disk = new SimulatedDisk()
      disk.fault = (call) => {
        if (call === "sync") millis += tookMillis
        return undefined
      }
      const { commit, put } = make({ disk, capacity: 200_000, now: () => millis })
      await put("/a/f", "0\n")
      await commit.drained()
      const before = disk.trace.length
      const { batch } = commit
      const puts = [put("/a/f", much)]
      assert.strictEqual(commit.batch !== batch, begunAtOnce)
      puts.push(put("/a/f", "1\n"))
      await Promise.all(puts)
      assert.strictEqual(disk.text("/a/f"), `0\n${much}1\n`)
      const syncs = disk.trace.slice(before).filter((each) => each === "sync /a/f")
      assert.lengthOf(syncs, begunAtOnce ? 2 : 1)
    }
  })

  it("nobody is told before all files of the batch are durable; a leading one is durable first", async () => {
    const { disk, events, put } = make()
    disk.fault = (call, path) => {
      if (call === "sync") events.push(`sync ${path}`)
      return undefined
    }
    await Promise.all([put("/a/site", "1\n"), put("/a/record", "2\n", true), put("/a/site", "3\n")])
    assert.deepStrictEqual(events, ["sync /a/record", "sync /a/site", "committed 6", "ack 1", "ack 2", "ack 3"])
  })

  it("a failure takes back what was given out before anyone hears of it, and leaves nothing of either batch", async () => {
    const { disk, events, notices, put } = make()
    await put("/a/f", "0\n")
    let failing = true
    disk.fault = (call) => (call === "sync" && failing ? { code: "EIO" } : undefined)
    const first = [put("/a/f", "1\n"), put("/a/g", "2\n")]
    await tick()
    const second = put("/a/f", "3\n")
    assert.deepStrictEqual(await Promise.all([...first, second]), ["fdatasync", "fdatasync", "fdatasync"])
    assert.deepStrictEqual(events.slice(2), ["taken back", "refused 1", "refused 2", "refused 3"])
    failing = false
    assert.strictEqual(await put("/a/f", "4\n"), "")
    assert.strictEqual(disk.text("/a/f"), "0\n4\n")
    assert.strictEqual(disk.text("/a/g"), "")
    assert.deepStrictEqual(notices, ["failed", "torn", "resumed"])
  })

  it("a failure of the second file of a batch takes back what the first one got", async () => {
    const { disk, put } = make()
    disk.fault = (call, path) => (call === "append" && path === "/a/g" ? { code: "ENOSPC", written: 1 } : undefined)
    assert.deepStrictEqual(await Promise.all([put("/a/f", "1\n"), put("/a/g", "2\n")]), ["write", "write"])
    disk.fault = () => undefined
    await put("/a/f", "3\n")
    assert.strictEqual(disk.text("/a/f"), "3\n")
    assert.strictEqual(disk.text("/a/g"), "")
  })

  it("that another file takes records does not end the trouble; that the same one does, or a retry, or absolution", async () => {
    for (const end of ["record", "retry", "absolve"] as const) {
      const { commit, disk, notices, put } = make()
      let full = true
      disk.fault = (call, path) =>
        call === "append" && path.startsWith("/run") && full ? { code: "ENOSPC", written: 1 } : undefined
      await put("/run/f", "1\n")
      await put("/site/f", "2\n")
      await commit.retry().catch(() => undefined)
      assert.deepStrictEqual([...new Set(notices)], ["failed", "torn"], end)
      if (end !== "absolve") full = false
      if (end === "record") await put("/run/f", "3\n")
      else if (end === "retry") await commit.retry()
      else commit.absolve("/run/f")
      assert.strictEqual(notices.at(-1), "resumed", end)
      assert.strictEqual(disk.text("/run/f"), end === "record" ? "3\n" : "")
      const count = notices.length
      await commit.retry()
      assert.strictEqual(notices.length, count, "a retry without trouble does nothing")
    }
  })

  it("a file that can't be mended stops its own directory, not others", async () => {
    const { disk, put } = make()
    await put("/run/f", "0\n")
    disk.fault = (call, path) => (call === "sync" && path === "/run/f" ? { code: "EIO" } : undefined)
    assert.strictEqual(await put("/run/f", "1\n"), "fdatasync")
    disk.fault = (call, path) => (call === "open" && path === "/run/f" ? { code: "EROFS" } : undefined)
    assert.strictEqual(await put("/site/f", "2\n"), "")
    assert.strictEqual(await put("/run/beside", "3\n"), "open")
    disk.fault = () => undefined
    assert.strictEqual(await put("/run/beside", "4\n"), "")
    assert.strictEqual(disk.text("/run/f"), "0\n")
    assert.strictEqual(disk.text("/run/beside"), "4\n")
  })

  it("holds few files open however many are written", async () => {
    const { commit, disk, put } = make()
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) {
        const written = put(`/a/${n}`, `${round}\n`)
        // More records come while idle files are being closed.
        if (n % 3 === 0) await Promise.all([tick().then(() => put(`/a/${(n + 1) % 20}`, "x\n")), written])
        else await written
      }
    }
    assert.isAtMost(disk.openHandles, 7)
    for (let n = 0; n < 20; n++) {
      assert.deepStrictEqual(disk.text(`/a/${n}`).replaceAll("x\n", ""), "0\n1\n2\n", `file ${n}`)
    }
    await commit.close()
    assert.strictEqual(disk.openHandles, 0)
  })

  it("runs a guest between two batches", async () => {
    const { commit, disk, put } = make()
    const first = put("/a/f", "1\n")
    await tick()
    let seen = ""
    const guest = commit.exclusive(async () => {
      seen = disk.text("/a/f")
      await tick()
      assert.strictEqual(disk.text("/a/f"), seen, "nothing is written while the guest works")
    })
    await Promise.all([first, put("/a/f", "2\n"), guest])
    assert.strictEqual(seen, "1\n")
    assert.strictEqual(disk.text("/a/f"), "1\n2\n")
    const failure = await commit.exclusive(() => Promise.reject(new Error("no"))).catch((error: Error) => error.message)
    assert.strictEqual(failure, "no")
    assert.strictEqual(await put("/a/f", "3\n"), "")
  })

  it("tells who waits for room once there is some", async () => {
    const { commit, put } = make({ capacity: 4 })
    const first = put("/a/f", "1\n")
    const second = put("/a/f", "2\n")
    assert.isFalse(commit.fits(2))
    const third = new Promise<string>((resolve) => commit.whenRoom(() => resolve(put("/a/f", "3\n"))))
    assert.strictEqual(commit.waitingForRoom, 1)
    assert.deepStrictEqual(await Promise.all([first, second, third]), ["", "", ""])
  })

  it("a close commits what is pending", async () => {
    const { commit, disk, put } = make()
    const written = put("/a/f", "1\n")
    await commit.close()
    assert.strictEqual(await written, "")
    assert.strictEqual(disk.text("/a/f"), "1\n")
    assert.strictEqual(disk.openHandles, 0)
  })

  it("a disk that hangs gets no acknowledgement out", async () => {
    const { disk, events, put } = make()
    await put("/a/f", "1\n")
    disk.dieAt = disk.calls + 2
    void put("/a/f", "2\n")
    for (let i = 0; i < 20; i++) await tick()
    assert.isTrue(disk.isDead)
    assert.deepStrictEqual(events, ["committed 2", "ack 1"])
  })
})
