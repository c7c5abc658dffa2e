import { assert, it } from "@effect/vitest"
import * as EventMessage from "../../../src/ingest/worker/EventMessage.js"

const message = (event: number, streams: unknown, ...frames: ReadonlyArray<string>) => [
  Buffer.from(`{"event_number":${event},"streams":${JSON.stringify(streams)},"created_at":"t"}`),
  ...frames.map((frame) => Buffer.from(frame))
]
const shown = (read: EventMessage.EventMessage | string) =>
  typeof read === "string"
    ? read
    : [read.event_number, read.size, read.streams.map(([name, { frames, typ }]) => [name, typ, frames.join()])]

it("an event is read the same whether its header is like the one before or not", () => {
  const one = { a: { typ: "STINS", length: 2 } }
  const two = { a: { typ: "STINS", length: 1 }, b: { typ: "raw", length: 0 } }
  const messages = [
    message(9, one, "x", "yz"),
    message(10, one, "x", ""),
    message(11, two, "x"),
    message(12, one, "x"),
    message(13, one, "x", "y", "z"),
    message(14, one, "u", "v")
  ]
  const read = EventMessage.reader()
  const found = messages.map((parts) => shown(read(parts)))
  assert.deepStrictEqual(
    found,
    messages.map((parts) => shown(EventMessage.reader()(parts)))
  )
  assert.deepStrictEqual(found, [
    [9, 3, [["a", "STINS", "x,yz"]]],
    [10, 1, [["a", "STINS", "x,"]]],
    [
      11,
      1,
      [
        ["a", "STINS", "x"],
        ["b", "raw", ""]
      ]
    ],
    "it has 1 frames, its header says 2",
    "it has 3 frames, its header says 2",
    [14, 2, [["a", "STINS", "u,v"]]]
  ])
})

it("what is no message is told, and what comes behind it is read", () => {
  const read = EventMessage.reader()
  const good = message(1, { a: { typ: "raw", length: 1 } }, "x")
  for (const bad of ["", "[]", `{"event_number":-1,"streams":{}}`, `{"event_number":1,"streams":{"a":{}}}`]) {
    assert.isString(read([Buffer.from(bad)]))
    assert.deepStrictEqual(shown(read(good)), [1, 1, [["a", "raw", "x"]]])
  }
  assert.isString(read([]))
})
