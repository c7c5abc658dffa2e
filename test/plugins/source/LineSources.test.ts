/** Sources of lines: over TCP, from a PandABox, from a serial device, from a file that grows. */
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { createConnection, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileTailSource } from "../../../src/plugins/source/FileTailSource.js"
import { PositioncapSource } from "../../../src/plugins/source/PositioncapSource.js"
import { SerialLinesSource } from "../../../src/plugins/source/SerialLinesSource.js"
import { TcpLinesSource } from "../../../src/plugins/source/TcpLinesSource.js"
import type { Frame } from "../../../src/source/Frame.js"
import { freePort } from "../../support/FreePort.js"
import * as SerialLine from "../../support/SerialLine.js"
import { drained, opened, taken, textOf } from "../../support/TakenFrames.js"

const shown = (items: ReadonlyArray<Frame | string>) =>
  items.map((item) => (typeof item === "string" ? `!${item}` : textOf(item)))

/** A device that says these things, one after the other, to whoever connects, and hangs up. */
const device = (said: ReadonlyArray<string>, heard: (text: string) => void = () => {}) =>
  Effect.gen(function* () {
    const port = yield* freePort
    yield* Effect.acquireRelease(
      Effect.async<() => void>((resume) => {
        const server = createServer((socket) => {
          socket.on("error", () => {})
          socket.on("data", (text) => heard(text.toString()))
          const speak = ([first, ...rest]: ReadonlyArray<string>): void => {
            if (first === undefined) return void socket.end()
            socket.write(first, () => setImmediate(() => speak(rest)))
          }
          speak(said)
        })
        server.listen(port, "127.0.0.1", () => resume(Effect.succeed(() => server.close())))
      }),
      (close) => Effect.sync(close)
    )
    return { host: "127.0.0.1", port }
  })

describe("lines over TCP", () => {
  it.scopedLive("come whole, however they were cut; what is no line is told", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const said = ["on", "e\r\ntwo\n", "x".repeat(50), "x".repeat(51), "\nlast", "\nhal"]
      const address = yield* device(said, (text) => heard.push(text))
      const reader = yield* opened(TcpLinesSource, { ...address, max_line: 100, hello: "go\n", at_end: "finish" })
      const { end, items } = yield* drained(reader)
      assert.deepStrictEqual(shown(items), [
        "one",
        "two",
        "!a line of 101 bytes",
        "last",
        "!3 bytes of a line that did not end: the other end has closed the connection"
      ])
      assert.strictEqual(end.reason, "Exhausted")
      assert.deepStrictEqual(heard, ["go\n"])
    })
  )

  it.scopedLive("keep their ending where asked", () =>
    Effect.gen(function* () {
      const reader = yield* opened(TcpLinesSource, { ...(yield* device(["a\r\nb\n"])), keep_newline: true })
      assert.deepStrictEqual(shown((yield* drained(reader)).items), ["a\r\n", "b\n"])
    })
  )

  it.scopedLive("come from many senders that connect, and none of them ends the source", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const reader = yield* opened(TcpLinesSource, { host: "127.0.0.1", port, mode: "listen" })
      for (const text of ["a\n", "b\n"]) {
        createConnection({ host: "127.0.0.1", port }, function (this: import("node:net").Socket) {
          this.end(text)
        })
        assert.deepStrictEqual(shown(yield* taken(reader, 1)), [text.trim()])
      }
    })
  )

  it.scopedLive("nobody there is Disconnected", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const error = yield* Effect.flip(opened(TcpLinesSource, { host: "127.0.0.1", port }))
      assert.strictEqual(error.reason, "Disconnected")
      assert.include(error.detail, "ECONNREFUSED")
    })
  )
})

describe("position capture over TCP", () => {
  const first = ["arm_time: 1\n", "fields:\n", " A double\n", "\n"]
  const second = ["arm_time: 2\n", "\n"]

  it.scopedLive("dranspose weak point 19: the end of the connection in a scan is one error, not endless frames", () =>
    Effect.gen(function* () {
      const said = ["O", "K\n stray\n", ...first, " 1 2\n 3", " 4\n", "END 2 Disarmed\n\n", ...second, " 5\n"]
      const heard: Array<string> = []
      const reader = yield* opened(PositioncapSource, yield* device(said, (text) => heard.push(text)))
      const { end, items } = yield* drained(reader)
      assert.deepStrictEqual(shown(items), [
        first.join(""),
        " 1 2\n",
        " 3 4\n",
        "END 2 Disarmed\n",
        second.join(""),
        " 5\n"
      ])
      assert.deepStrictEqual(
        items.map((item) => (typeof item === "string" ? "" : (item.marker ?? ""))),
        ["start", "", "", "end", "start", ""]
      )
      assert.strictEqual(end.reason, "Disconnected")
      assert.deepStrictEqual(heard, ["\n"])
      assert.deepStrictEqual(yield* reader.dropped ?? Effect.never, { outside: 1, starts: 0, malformed: 0 })
    })
  )

  it.scopedLive("does not take another service for a PandABox", () =>
    Effect.gen(function* () {
      const reader = yield* opened(PositioncapSource, yield* device(["220 mail ready\n", "OK\n"]))
      assert.include((yield* drained(reader)).end.detail, "answered 220 mail ready")
    })
  )
})

describe("a file that grows", () => {
  const file = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-tail-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
  ).pipe(Effect.map((directory) => join(directory, "data.log")))
  const tail = (path: string, settings: object = {}) =>
    Effect.provide(opened(FileTailSource, { path, poll: "5ms", ...settings }), NodeContext.layer)

  it.scopedLive("is followed through its rotation: the old file to its end, then the new one", () =>
    Effect.gen(function* () {
      const path = yield* file
      writeFileSync(path, "a\nb")
      const reader = yield* tail(path)
      assert.deepStrictEqual(shown(yield* taken(reader, 1)), ["a"])
      appendFileSync(path, "c\nd\n")
      renameSync(path, `${path}.1`)
      appendFileSync(`${path}.1`, "late")
      yield* Effect.fork(
        Effect.delay(
          Effect.sync(() => writeFileSync(path, "new\n")),
          "20 millis"
        )
      )
      assert.deepStrictEqual(shown(yield* taken(reader, 4)), ["bc", "d", "late", "new"])
    })
  )

  it.scopedLive("is read from its start when it was cut", () =>
    Effect.gen(function* () {
      const path = yield* file
      writeFileSync(path, "first line\nhalf")
      const reader = yield* tail(path)
      yield* taken(reader, 1)
      yield* Effect.fork(
        Effect.delay(
          Effect.sync(() => {
            truncateSync(path)
            appendFileSync(path, "x\n")
          }),
          "20 millis"
        )
      )
      assert.include((yield* Effect.flip(reader.take)).detail, "4 bytes of a line that did not end")
      assert.deepStrictEqual(shown(yield* taken(reader, 1)), ["x"])
    })
  )

  it.scopedLive("goes on behind a cursor, each line once, whichever it is and wherever its file went", () =>
    Effect.gen(function* () {
      const path = yield* file
      writeFileSync(path, "a\r\nbb\n")
      const [first, second] = yield* taken(yield* tail(path, { max_line: 3 }), 2)
      const again = yield* tail(path, { after: first?.cursor })
      assert.deepStrictEqual(shown(yield* taken(again, 1)), ["bb"])
      appendFileSync(path, "ccc\n")
      renameSync(path, `${path}.1`)
      writeFileSync(path, "d\n")
      const behind = yield* tail(path, { after: second?.cursor })
      assert.deepStrictEqual(shown(yield* taken(behind, 2)), ["ccc", "d"])
    })
  )

  it.scopedLive("tells that the file of a cursor is gone, and that a line is too long", () =>
    Effect.gen(function* () {
      const path = yield* file
      writeFileSync(path, `${"x".repeat(50)}\nok\n`)
      const reader = yield* tail(path, { after: "1:0", max_line: 10 })
      assert.include((yield* Effect.flip(reader.take)).detail, "the file of cursor 1:0 is gone")
      const [frame] = yield* taken(reader, 1).pipe(Effect.retry({ while: ({ reason }) => reason === "Malformed" }))
      assert.strictEqual(frame?.cursor?.split(":")[1], "54")
    })
  )

  it.scopedLive("begins at its end where asked; is Disconnected while it is not there", () =>
    Effect.gen(function* () {
      const path = yield* file
      assert.strictEqual((yield* Effect.flip(tail(path))).reason, "Disconnected")
      writeFileSync(path, "old\n")
      copyFileSync(path, `${path}.bak`)
      const reader = yield* tail(path, { from: "end" })
      appendFileSync(path, "new\n")
      assert.deepStrictEqual(shown(yield* taken(reader, 1)), ["new"])
    })
  )
})

describe("a serial device", () => {
  it.scopedLive.skipIf(!SerialLine.canTry)(
    "gives lines as they come, is told to begin, can be let go while it is silent, and is missed when unplugged",
    () =>
      Effect.gen(function* () {
        const { child, device: path, heard } = yield* SerialLine.open
        const settings = { device: path, baud: 115_200, hello: "go" }
        const silent = Effect.flatMap(opened(SerialLinesSource, { device: path }), ({ take }) => take)
        const [letGo] = yield* Effect.timed(
          silent.pipe(Effect.scoped, Effect.provide(NodeContext.layer), Effect.timeoutOption("300 millis"))
        )
        assert.isBelow(Duration.toMillis(letGo), 1000)
        const begin = yield* Effect.fork(heard)
        const reader = yield* Effect.provide(opened(SerialLinesSource, settings), NodeContext.layer)
        assert.strictEqual(yield* Fiber.join(begin), "go")
        child.stdin.write("1.0 2.0\n")
        assert.deepStrictEqual(shown(yield* taken(reader, 1)), ["1.0 2.0"])
        child.stdin.end()
        const { end } = yield* drained(reader)
        assert.strictEqual(end.reason, "Disconnected")
        assert.include(end.detail, path)
      })
  )

  it.scopedLive("is not anything else", () =>
    Effect.gen(function* () {
      const open = (settings: object) =>
        Effect.flip(Effect.provide(opened(SerialLinesSource, settings), NodeContext.layer))
      assert.strictEqual((yield* open({ device: "/dev/null" })).reason, "Misconfigured")
      assert.strictEqual((yield* open({ device: "/dev/ttyNOTHERE" })).reason, "Disconnected")
      assert.include((yield* open({ device: "/etc/passwd" })).detail, "device")
    })
  )
})
