/** The core of the event hub, step by step: no clock, no socket. */
import * as Cursor from "../../src/domain/Cursor.js"
import { EventPage, type TailItem } from "../../src/domain/EventQuery.js"
import { EventLine } from "../../src/domain/TelemetryEvent.js"
import { Follower, Group, mostUnsent } from "../../src/http/internal/sseGroup.js"
import { assert, describe, it } from "@effect/vitest"
import type { ServerResponse } from "node:http"

const line = (seq: number, stream = "site") =>
  EventLine.make(`{"seq":${seq},"ts":"2026-01-02T03:04:05.678Z","stream":"${stream}","type":"t","data":1,"meta":{}}`)
const item = (seq: number): TailItem => ({ line: line(seq), cursor: { site: seq, run: 7 } })
const page = (seqs: ReadonlyArray<number>, next?: Cursor.Cursor) =>
  new EventPage({ lines: seqs.map((seq) => line(seq)), ...(next === undefined ? {} : { next }) })

/** A response that keeps what is written to it. */
class Kept {
  writableLength = 0
  readonly written: Array<string | Buffer> = []
  write(part: string | Buffer) {
    this.written.push(part)
    return true
  }
  get seqs() {
    return Array.from(
      this.written
        .map(String)
        .join("")
        .matchAll(/^data: \{"seq":(\d+)/gm),
      (found) => Number(found[1])
    )
  }
}

const follower = (group: Group, state: "live" | "behind", cursor: Cursor.Cursor = group.cursor) => {
  const kept = new Kept()
  const made = new Follower(kept as unknown as ServerResponse, cursor, state)
  group.followers.add(made)
  return { kept, made }
}
const tick = (group: Group, ...seqs: ReadonlyArray<number>) => {
  group.push(seqs.map(item))
  group.flush()
}

describe("a group", () => {
  it("encodes a tick once, and writes the same bytes to all", () => {
    const group = new Group({ site: 0, run: 7 })
    const a = follower(group, "live")
    const b = follower(group, "live")
    tick(group, 1, 2)
    assert.deepStrictEqual(a.kept.seqs, [1, 2])
    assert.strictEqual(a.kept.written[0], b.kept.written[0])
    assert.strictEqual(String(a.kept.written[0]).split("\n\n")[1], `id: site.2-run.7\ndata: ${line(2)}`)
    group.flush()
    assert.strictEqual(a.kept.written.length, 1)
  })

  it("leaves who does not keep up alone, and wakes it once", () => {
    const group = new Group({ site: 0 })
    const slow = follower(group, "live")
    const quick = follower(group, "live")
    let woken = 0
    slow.made.wake = () => woken++
    tick(group, 1)
    slow.kept.writableLength = mostUnsent + 1
    tick(group, 2)
    tick(group, 3)
    assert.deepStrictEqual([slow.kept.seqs, slow.made.state, woken], [[1], "behind", 1])
    assert.deepStrictEqual(slow.made.cursor, { site: 1, run: 7 })
    assert.deepStrictEqual(quick.kept.seqs, [1, 2, 3])
  })

  it("wakes all when it ends", () => {
    const group = new Group({})
    const one = follower(group, "live")
    let woken = false
    one.made.wake = () => (woken = true)
    group.end()
    assert.isTrue(woken && group.over)
  })
})

describe("catching up", () => {
  it("takes what came while the last page was read, without what the page held", () => {
    const group = new Group({ site: 4 })
    const { kept, made } = follower(group, "behind", { site: 1 })
    made.join()
    tick(group, 5, 6)
    assert.isTrue(made.caughtUp(page([2, 3, 4, 5])))
    assert.deepStrictEqual(kept.seqs, [2, 3, 4, 5, 6])
    tick(group, 7)
    assert.deepStrictEqual([kept.seqs, made.state], [[2, 3, 4, 5, 6, 7], "live"])
  })

  it("skips what its page held and the group has yet to send", () => {
    const group = new Group({ site: 1 })
    const { kept, made } = follower(group, "behind", { site: 0 })
    group.push([item(2), item(3)])
    made.join()
    assert.isTrue(made.caughtUp(page([1, 2, 3])))
    group.flush()
    tick(group, 4)
    assert.deepStrictEqual(kept.seqs, [1, 2, 3, 4])
  })

  it("goes on while there are pages, from where a page says it ended", () => {
    const group = new Group({ site: 9 })
    const { kept, made } = follower(group, "behind", {})
    made.join()
    tick(group, 10)
    assert.isFalse(made.caughtUp(page([1, 2], { site: 5 })))
    assert.deepStrictEqual([made.state, made.cursor], ["behind", { site: 5 }])
    made.join()
    assert.isTrue(made.caughtUp(page([6, 10])))
    assert.deepStrictEqual(kept.seqs, [1, 2, 6, 10])
  })

  it("reads another page where more came in between than it may keep", () => {
    const group = new Group({ site: 0 })
    const { kept, made } = follower(group, "behind", {})
    made.join()
    tick(group, ...Array.from({ length: 10_001 }, (_, n) => n + 1))
    assert.strictEqual(made.state, "behind")
    assert.isFalse(made.caughtUp(page([1])))
    made.join()
    assert.isTrue(made.caughtUp(page([2])))
    assert.deepStrictEqual(kept.seqs, [1, 2])
  })

  it("keeps the streams apart", () => {
    const group = new Group({ site: 0, run: 0 })
    const { kept, made } = follower(group, "behind", { site: 5 })
    made.join()
    group.push([{ line: line(3, "run"), cursor: { site: 0, run: 3 } }, item(5), item(6)])
    group.flush()
    assert.isTrue(made.caughtUp(page([])))
    assert.deepStrictEqual([kept.seqs, made.cursor], [[3, 6], { site: 6, run: 3 }])
  })
})
