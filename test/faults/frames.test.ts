/**
 * Every decoder of frames against messages that were damaged on their way: bits flipped, cut, repeated, swapped, put together
 * wrongly. None throws, all that is wrong is typed, what is a frame keeps its bytes, and nothing is kept for ever.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as Albaem from "../../src/plugins/source/AlbaemSource.js"
import * as EigerLegacy from "../../src/plugins/source/EigerLegacySource.js"
import { Lines } from "../../src/plugins/source/internal/lines.js"
import * as Pcap from "../../src/plugins/source/PcapSource.js"
import * as Positioncap from "../../src/plugins/source/PositioncapSource.js"
import * as Sardana from "../../src/plugins/source/SardanaSource.js"
import * as Stins from "../../src/plugins/source/StinsSource.js"
import * as Xspress3 from "../../src/plugins/source/Xspress3Source.js"
import { FrameIntake } from "../../src/source/FrameIntake.js"
import { type Classify, FrameSeries, type Message } from "../../src/source/FrameSeries.js"
import { rounds as roundsOf } from "../support/Crashes.js"
import { sentBySource, upstreamMessages } from "../support/DetectorCaptures.js"
import { hasUpstream } from "../support/Fixtures.js"
import { drained } from "../support/TakenFrames.js"

const rounds = roundsOf(3000, 100_000)

/** A generator of its own, so that a failure can be had again. */
const random = (seed: number) => {
  let state = seed | 1
  return (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % Math.max(1, below)
  }
}
type Random = ReturnType<typeof random>

const words = [
  '"',
  "{",
  "}",
  "[",
  "]",
  "\\",
  "\\u",
  "NaN",
  "-",
  "1e999",
  "null",
  ",",
  ":",
  '"htype"',
  '"__proto__":',
  "\n",
  "\0"
]

const damagedPart = (part: Uint8Array, pick: Random): Uint8Array => {
  const bytes = Buffer.from(part)
  const at = pick(bytes.length)
  const word = Buffer.from(words[pick(words.length)] ?? "")
  switch (pick(6)) {
    case 0:
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
      return bytes
    case 1:
      return bytes.subarray(0, at)
    case 2:
      return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at)])
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(20))])
    case 4:
      return Buffer.concat([bytes, bytes.subarray(at)])
    default:
      return word
  }
}

const damaged = (messages: ReadonlyArray<Message>, pick: Random): Message => {
  const message = messages[pick(messages.length)] ?? []
  switch (pick(8)) {
    case 0:
      return message
    case 1:
      return message.slice(0, pick(message.length + 1))
    case 2:
      return [...message, ...(messages[pick(messages.length)] ?? [])].slice(0, 12)
    default: {
      // The header, most often: it is what is looked into.
      const at = pick(3) === 0 ? pick(message.length) : 0
      return message.map((part, index) => (index === at ? damagedPart(part, pick) : part))
    }
  }
}

/** Arrays are looked at by their length and first bytes alone; short ones are as good. */
const light = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> =>
  messages
    .slice(0, 40)
    .map((message) => message.map((part) => (part.byteLength > 2000 ? part.subarray(0, 2000) : part)))

/** Takes what has come, as an ingester does; says how many frames that were. */
const emptied = Effect.fnUntraced(function* (intake: FrameIntake) {
  let frames = 0
  while (!intake.isEmpty) {
    const next = yield* Effect.either(intake.take)
    if (Either.isRight(next)) frames += next.right.length
    else assert.strictEqual(next.left.reason, "Malformed")
  }
  return frames
})

const survives = (messages: ReadonlyArray<Message>, classify: Classify, seed: number) =>
  Effect.gen(function* () {
    const pick = random(seed)
    const intake = new FrameIntake("test", 2 ** 20)
    const series = new FrameSeries(classify, intake)
    let frames = 0
    for (let round = 0; round < rounds; round++) {
      series.read(damaged(messages, pick))
      if (round % 100 === 0) frames += yield* emptied(intake)
    }
    frames += yield* emptied(intake)
    const { malformed, outside, starts } = series.dropped
    assert.isAbove(frames, 0)
    assert.isAbove(malformed + outside + starts, 0)
    assert.strictEqual(intake.bytes, 0)
    // It still knows a whole series: what is joined is let go, and the running series ends.
    for (const message of [...messages.slice(-1), ...messages.slice(-1), ...messages]) series.read(message)
    intake.finish("Exhausted", "")
    const { items } = yield* drained(intake)
    assert.isAbove(items.filter((item) => typeof item !== "string" && item.marker === "start").length, 0)
  })

/** Heap in use once what is not needed is let go, where the process can be asked to. */
const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const grows = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const before = heap()
    yield* effect
    assert.isBelow(heap() - before, 200 * 2 ** 20)
  })

describe(`${rounds} damaged messages`, () => {
  it.effect("of stream1", () => grows(survives([...sentBySource("A"), ...sentBySource("B")], Stins.classify, 1)))

  for (const [name, file, classify] of [
    ["Eiger", "eiger-small.cbors", EigerLegacy.classify],
    ["Xspress 3", "xspress3-multipart.cbors", Xspress3.classify],
    ["Xspress 3 in single messages", "xspress3-dump.cbors", Xspress3.classify],
    ["an Albaem", "albaem-dump.cbors", Albaem.classify],
    ["a PandABox", "pcap-zmq.cbors", Pcap.classify]
  ] as const) {
    it.effect.skipIf(!hasUpstream)(`of ${name}`, () => {
      const all = upstreamMessages(file)
      return grows(survives(light([...all.slice(0, 38), ...all.slice(-1)]), classify, 2))
    })
  }

  const panda = [
    "arm_time: 2024-01-01\n",
    "fields:\n",
    " A double Mean\n",
    "\n",
    " 1 2 3\n",
    " 4 5 6\n",
    "END 2 Disarmed\n"
  ]

  it.effect("of position capture over TCP", () =>
    grows(
      survives(
        panda.map((line) => [Buffer.from(line)]),
        Positioncap.classify,
        3
      )
    )
  )

  it("of lines, in pieces of any size: none is lost or made up, and nothing is copied that need not be", () => {
    const pick = random(4)
    const all = Buffer.concat(
      Array.from({ length: Math.floor(rounds / 10) }, () => damagedPart(Buffer.from(panda.join("")), pick))
    )
    const longest = 30
    const got: Array<Buffer> = []
    let dropped = 0
    const lines = new Lines(
      longest,
      (line) => got.push(Buffer.from(line)),
      () => dropped++
    )
    for (let at = 0; at < all.length;) {
      const next = at + 1 + pick(50)
      lines.push(all.subarray(at, next))
      at = next
    }
    const expected = all.toString("latin1").split("\n").slice(0, -1)
    assert.deepStrictEqual(
      got.map((line) => line.toString("latin1")),
      expected.filter((line) => line.length <= longest).map((line) => `${line}\n`)
    )
    assert.strictEqual(dropped, expected.filter((line) => line.length > longest).length)
  })

  it("of Sardana: refused with a reason, or a frame that is JSON again", () => {
    const pick = random(5)
    const posts = [
      ["/v1/data_desc", `{"serialno":1,"scandir":"/d","title":"a \\"scan\\"","column_desc":[{"name":"point_nb"}]}`],
      [
        "/v1/record_data",
        `{"timestamp": 0.5, "point_nb": 0, "mot": 1.50, "nan": NaN, "deep": {"a": [[1, "\\u00e9"]]}}`
      ],
      ["/v1/record_end", "{}"]
    ] as const
    let taken = 0
    for (let round = 0; round < rounds; round++) {
      const [path, body] = posts[pick(3)] ?? posts[0]
      const frame = Sardana.frameOf(path, damagedPart(damagedPart(Buffer.from(body), pick), pick))
      if (Either.isLeft(frame)) assert.isNotEmpty(frame.left)
      else {
        taken++
        assert.isTrue(Object.hasOwn(JSON.parse(Buffer.from(frame.right).toString()), "type"))
        assert.notStrictEqual(Sardana.classify([frame.right])._tag, "Malformed")
      }
    }
    assert.isAbove(taken, rounds / 100)
  })

  it("of great size or depth do not exhaust anything", () => {
    const deep = `{"message_type":"data","frame_number":1,"a":${"[".repeat(2e5)}${"]".repeat(2e5)}}`
    const escaped = `{"message_type":"data","frame_number":1,"a":["${"\\n".repeat(1e6)}"]}`
    const spaces = " ".repeat(2 ** 21)
    for (const text of [deep, escaped, spaces, `{${spaces}`, `{"a":NaN,"b":"${"\\\\".repeat(1e6)}`]) {
      for (const classify of [Pcap.classify, Stins.classify, Sardana.classify]) {
        assert.isString(classify([Buffer.from(text)])._tag)
      }
      Sardana.frameOf("/v1/record_end", Buffer.from(text))
    }
  })
})
