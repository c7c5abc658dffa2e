/** The formats of detectors, by what real ones have sent, over real sockets. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { AlbaemSource } from "../../../src/plugins/source/AlbaemSource.js"
import { EigerLegacySource } from "../../../src/plugins/source/EigerLegacySource.js"
import { classify as classifyPcap, PcapSource } from "../../../src/plugins/source/PcapSource.js"
import { StinsSource } from "../../../src/plugins/source/StinsSource.js"
import { Xspress3Source } from "../../../src/plugins/source/Xspress3Source.js"
import type { Frame } from "../../../src/source/Frame.js"
import { FrameOrder } from "../../../src/source/FrameOrder.js"
import type { Message } from "../../../src/source/FrameSeries.js"
import type { Source } from "../../../src/source/Source.js"
import { sentBySource, upstreamMessages } from "../../support/DetectorCaptures.js"
import { hasUpstream } from "../../support/Fixtures.js"
import { taken, textOf } from "../../support/TakenFrames.js"
import { detector } from "../../support/ZeromqPeer.js"

const junk: ReadonlyArray<Message> = [[Buffer.from("junk")], [Buffer.from("{}"), Buffer.alloc(10)], [Buffer.alloc(0)]]

/** What a source makes of messages, junk before them; and how often it dropped something. */
const received = (source: Source, socket: "push" | "pub", messages: ReadonlyArray<Message>, count: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const peer = yield* detector(socket)
      const prepared = yield* source.prepare({ url: peer.url })
      const reader = yield* prepared.open
      yield* peer.subscribed
      yield* peer.send([...junk, ...messages])
      const frames = yield* taken(reader, count)
      const order = new FrameOrder()
      for (const frame of frames) order.see(frame)
      return { typ: prepared.typ, frames, order: order.report, dropped: yield* reader.dropped ?? Effect.never }
    })
  )

const bytes = (frames: ReadonlyArray<Frame>) => frames.map(({ parts }) => parts.map((part) => Buffer.from(part)))

const inOrder = (images: number) => ({
  numbered: images,
  missing: 0,
  gaps: [],
  repeated: 0,
  repeats: [],
  late: 0,
  isCut: false
})

describe("stream1 of two ensembles", () => {
  for (const scan of ["A", "B"] as const) {
    it.live(`${scan} is forwarded byte for byte`, () =>
      Effect.gen(function* () {
        const sent = sentBySource(scan)
        const { dropped, frames, order, typ } = yield* received(StinsSource, "push", sent, sent.length)
        assert.strictEqual(typ, "STINS")
        assert.deepStrictEqual(bytes(frames), sent)
        assert.deepStrictEqual(order, inOrder(sent.length - 2))
        assert.deepStrictEqual([frames[0]?.marker, frames.at(-1)?.marker], ["start", "end"])
        assert.deepStrictEqual(dropped, { outside: 0, starts: 0, malformed: junk.length })
      })
    )
  }

  it.live("an image without data or number is told, and no other frame is lost", () =>
    Effect.gen(function* () {
      const [start = [], image = [], ...rest] = sentBySource("A")
      const wrong = [[image[0] ?? Buffer.alloc(0)], [Buffer.from(`{"htype":"image"}`), Buffer.alloc(1)]]
      const peer = yield* detector("push")
      const reader = yield* (yield* StinsSource.prepare({ url: peer.url })).open
      yield* peer.send([start, ...wrong, image, ...rest])
      yield* taken(reader, 1)
      const error = yield* Effect.flip(reader.take)
      assert.strictEqual(error.reason, "Malformed")
      assert.strictEqual(error.detail, "image 0 has no data")
      assert.deepStrictEqual(bytes(yield* taken(reader, rest.length + 1)), [image, ...rest])
    }).pipe(Effect.scoped)
  )

  it.live("what is sent right after the opening waits to be taken", () =>
    Effect.gen(function* () {
      const peer = yield* detector("pub")
      // Subscribing settles while nobody takes; the series is over before anyone does.
      const reader = yield* (yield* AlbaemSource.prepare({ url: peer.url })).open
      yield* peer.subscribed
      yield* peer.send([
        [Buffer.from(`{"message_type":"series-start"}`)],
        [Buffer.from(`{"message_type":"series-end"}`)]
      ])
      yield* Effect.sleep("50 millis")
      yield* peer.close
      yield* Effect.sleep("50 millis")
      assert.strictEqual((yield* taken(reader, 2)).length, 2)
    }).pipe(Effect.scoped)
  )
})

describe("the split of position capture", () => {
  const frames = (text: string) => {
    const verdict = classifyPcap([Buffer.from(text)])
    return verdict._tag === "Frames" ? verdict.frames.map(textOf) : verdict
  }

  it("spells every number as it came, and repeats what is no list", () => {
    const text =
      `{"frame_number": 7, "b": [1.0, -2.50e+3, NaN], "s": "x, \\"[y", "message_type": "data", ` +
      `"n": [[1, 2], {"k": [3]}, "\\u00e9]"], "o": {"a": [1 , 2]}, "version": 1, "message_id": 12345678901234567890}`
    const front = (number: number) =>
      `{"message_id":12345678901234567890,"version":1,"message_type":"data","frame_number":${number}`
    assert.deepStrictEqual(frames(text), [
      `${front(7)},"b":1.0,"s":"x, \\"[y","n":[1,2],"o":{"a":[1,2]}}`,
      `${front(8)},"b":-2.50e+3,"s":"x, \\"[y","n":{"k":[3]},"o":{"a":[1,2]}}`,
      `${front(9)},"b":null,"s":"x, \\"[y","n":"é]","o":{"a":[1,2]}}`
    ])
  })

  it("dranspose weak point 19: data without lists is one frame, so that none behind it shifts", () => {
    assert.deepStrictEqual(frames(`{"message_type":"data","frame_number":3,"a":1}`), [
      `{"message_type":"data","frame_number":3,"a":1}`
    ])
    assert.deepStrictEqual(frames(`{"message_type":"data","frame_number":3,"a":[1],"b":[1,2]}`), {
      _tag: "Malformed",
      detail: "data 3 with lists of unequal length"
    })
  })
})

describe.skipIf(!hasUpstream)("recorded detectors", () => {
  const verbatim = [
    { file: "eiger-small.cbors", source: EigerLegacySource, socket: "push", images: 3 },
    { file: "xspress3-multipart.cbors", source: Xspress3Source, socket: "pub", images: 5 },
    { file: "albaem-dump.cbors", source: AlbaemSource, socket: "pub", images: 4 }
  ] as const
  for (const { file, images, socket, source } of verbatim) {
    it.live(`${file} is forwarded byte for byte`, () =>
      Effect.gen(function* () {
        const sent = upstreamMessages(file)
        const { frames, order } = yield* received(source, socket, sent, sent.length)
        assert.deepStrictEqual(bytes(frames), sent)
        assert.deepStrictEqual(order, inOrder(images))
      })
    )
  }

  for (const [file, images, order] of [
    ["xspress3-dump.cbors", 20, inOrder(20)],
    // This one counted to 10 twice within its series.
    ["xspress3mini-dump20.cbors", 22, { ...inOrder(22), repeated: 11, repeats: [{ first: 0, last: 10 }] }]
  ] as const) {
    it.live(`three messages of ${file} become one frame`, () =>
      Effect.gen(function* () {
        const sent = upstreamMessages(file)
        const got = yield* received(Xspress3Source, "pub", sent, images + 2)
        const { frames } = got
        assert.deepStrictEqual(got.order, order)
        assert.deepStrictEqual(frames[1]?.parts.length, 3)
        assert.deepStrictEqual(bytes(frames).flat(), sent.flat())
      })
    )
  }

  it.live("a message that is lost costs one image", () =>
    Effect.gen(function* () {
      const sent = upstreamMessages("xspress3-dump.cbors")
      for (const lost of [2, 3]) {
        const peer = yield* detector("pub")
        const reader = yield* (yield* Xspress3Source.prepare({ url: peer.url })).open
        yield* peer.subscribed
        yield* peer.send(sent.filter((_, index) => index !== lost))
        yield* taken(reader, 1)
        assert.strictEqual((yield* Effect.flip(reader.take)).reason, "Malformed")
        // The array of an image whose own is lost is what comes next; it too is no message of its own.
        const rest: Array<Frame> = []
        while (rest.at(-1)?.marker !== "end")
          rest.push(...(yield* Effect.catchAll(reader.take, () => Effect.succeed([]))))
        assert.deepStrictEqual(
          rest.map(({ number }) => number),
          [...Array.from({ length: 19 }, (_, index) => index + 1), undefined]
        )
      }
    }).pipe(Effect.scoped)
  )

  it.live("position capture is split into single frames", () =>
    Effect.gen(function* () {
      const sent = upstreamMessages("pcap-zmq.cbors")
      const parsed = sent.map(([part]) => JSON.parse(Buffer.from(part ?? []).toString()))
      const rows = parsed.flatMap((message) =>
        message.message_type === "data"
          ? message.inttime.map((_: number, index: number) => ({
              ...Object.fromEntries(
                Object.entries(message).map(([key, value]) => [key, Array.isArray(value) ? value[index] : value])
              ),
              frame_number: message.frame_number + index
            }))
          : [message]
      )
      const { frames, order } = yield* received(PcapSource, "pub", sent, rows.length)
      assert.deepStrictEqual(
        frames.map((frame) => JSON.parse(textOf(frame))),
        rows
      )
      assert.deepStrictEqual(order, inOrder(rows.length - 2))
      assert.match(
        textOf(frames[1]!),
        /^\{"message_id":2,"version":1,"message_type":"data","frame_number":0,"inttime":7.1160000000000005,"triggernumber":1.0,/
      )
      assert.deepStrictEqual(bytes([frames[0]!, frames.at(-1)!]), [sent[0], sent.at(-1)])
    })
  )
})
