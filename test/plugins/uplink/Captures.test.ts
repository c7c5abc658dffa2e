/**
 * What goes over the wire, compared key by key with what ivy 1.1.0 was seen to send; on purpose other are the quality of service,
 * the time (a message's own) and that secrets were masked before.
 */
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bodyFrom } from "../../../src/domain/Message.js"
import * as Tenta from "../../../src/plugins/uplink/TentaUplink.js"
import * as Thingsboard from "../../../src/plugins/uplink/ThingsboardUplink.js"

interface Item {
  readonly timestamp: number
  readonly message_body: unknown
}
interface Packet {
  readonly topic: string
  readonly payload: unknown
}

const read = <A>(name: string): A =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/ivy", name), "utf8")) as A

const queue = read<Record<"tenta_run_e9" | "thingsboard_run_e8", ReadonlyArray<Item>>>("queue_items_input.json")

const messageOf = ({ message_body, timestamp }: Item) => ({
  body: Either.getOrThrow(bodyFrom(message_body)),
  micros: Math.round(timestamp * 1_000_000),
  revision: 1
})

/** Key sets, types and mapped values; times are replaced. */
const withoutTime = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === "timestamp" || key === "ts" ? typeof one : one)))

const published = (...names: ReadonlyArray<string>) =>
  names.flatMap((name) => read<{ readonly published: ReadonlyArray<Packet> }>(name).published)

const parsed = (packet: { readonly topic: string; readonly payload: string } | undefined) =>
  packet === undefined ? [] : [{ topic: packet.topic, payload: JSON.parse(packet.payload) as unknown }]

describe("as ivy was seen to send", () => {
  it("Tenta: measurements, logs and acknowledgments have the same topics, keys and values", () => {
    const sent = queue.tenta_run_e9.flatMap((item) => parsed(Tenta.packetOf(messageOf(item), "e9")))
    // What the demo procedure of the captured run measured was not in the queue's input.
    const seen = published("tenta_data.json", "tenta_logs.json", "tenta_acknowledgments.json").filter(
      ({ payload }) => !JSON.stringify(payload).includes("random_walk")
    )
    assert.deepStrictEqual(
      sent.map(({ payload, topic }) => ({ topic, payload: withoutTime(payload) })),
      seen.map(({ payload, topic }) => ({ topic, payload: withoutTime(payload) }))
    )
  })

  it("ivy 14.12: with Tenta a message keeps its own time and the revision it was made with", () => {
    const [item] = queue.tenta_run_e9
    assert.isDefined(item)
    const packet = Tenta.packetOf({ ...messageOf(item), revision: 41 }, "e9")
    assert.deepStrictEqual((JSON.parse(packet?.payload ?? "") as ReadonlyArray<object>)[0], {
      revision: 41,
      value: { temperature: 19.7, count: 3, flag: 1 },
      timestamp: item.timestamp
    })
  })

  it("ThingsBoard: telemetry of all three kinds has the same topic, keys and values", () => {
    const sent = queue.thingsboard_run_e8.flatMap((item) => parsed(Thingsboard.packetOf(messageOf(item))))
    // What the captured run said by itself was not in the queue's input.
    const times = new Set(queue.thingsboard_run_e8.map(({ timestamp }) => Math.floor(timestamp * 1000)))
    const seen = published("thingsboard_data.json", "thingsboard_logs.json", "thingsboard_config_status.json").filter(
      ({ payload }) => times.has((payload as { readonly ts: number }).ts)
    )
    assert.strictEqual(seen.length, queue.thingsboard_run_e8.length)
    const inOrder = (packets: ReadonlyArray<Packet>) =>
      packets.map(({ payload, topic }) => JSON.stringify([topic, payload])).sort()
    assert.deepStrictEqual(inOrder(sent), inOrder(seen.map(({ payload, topic }) => ({ topic, payload }))))
  })

  it("ThingsBoard: a message is sent with its own time, in milliseconds", () => {
    const [item] = queue.thingsboard_run_e8
    assert.isDefined(item)
    const packet = Thingsboard.packetOf(messageOf(item))
    assert.strictEqual((JSON.parse(packet.payload) as { readonly ts: number }).ts, 1795304057240)
  })

  it("ivy 14.15: ThingsBoard's request has a number within 32 bits", () => {
    for (const now of [0, 1795304068085, 2 ** 43]) {
      const id = Thingsboard.requestId(now)
      assert.isTrue(Number.isInteger(id) && id >= 0 && id < 2 ** 31, `${id}`)
    }
  })
})

describe("what comes in", () => {
  const inputs = (name: string) =>
    read<{ readonly inputs: ReadonlyArray<{ readonly topic: string; readonly payload_raw: string }> }>(name).inputs

  it("ivy 14.1: Tenta: whatever was sent to ivy is read or told, with the reason and, where it can be, the revision", () => {
    const came = inputs("tenta_invalid_configs_input.json").map(({ payload_raw }) =>
      Tenta.requestOf(Buffer.from(payload_raw))
    )
    assert.deepStrictEqual(
      came.map((one) => [one._tag, one.revision, one._tag === "Unreadable" ? one.reason : ""]),
      [
        ["Configuration", 5, ""],
        ["Configuration", 6, ""],
        ["Unreadable", undefined, "revision: expected a whole number from -1"],
        ["Unreadable", undefined, "not JSON"],
        ["Configuration", 1, ""],
        ["Configuration", 8, ""],
        ["Configuration", 9, ""]
      ]
    )
  })

  it("ivy 14.1: what is nested too deep to be walked through is told, over either", () => {
    const nested = (depth: number) => `{"revision":8,"configuration":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`
    for (const { requestOf } of [Tenta, Thingsboard]) {
      const came = requestOf(Buffer.from(nested(200_000)))
      assert.strictEqual(came?._tag === "Unreadable" ? came.reason : "", "nested deeper than 128")
    }
    assert.strictEqual(Tenta.requestOf(Buffer.from(nested(100)))._tag, "Configuration")
  })

  it("ThingsBoard: the attribute and the answer to the request are read, others are passed over", () => {
    const came = inputs("thingsboard_attribute_inputs.json").map(({ payload_raw }) =>
      Thingsboard.requestOf(Buffer.from(payload_raw))
    )
    const revisions = came.map((one) =>
      one?._tag === "Configuration"
        ? (one.document as { readonly general: { readonly config_revision: number } }).general.config_revision
        : undefined
    )
    assert.deepStrictEqual(revisions, [undefined, 1, 11, 11])
    assert.isUndefined(came[0])
  })

  it("ThingsBoard: what is no JSON, and what is no object, is told", () => {
    for (const text of ["", "nonsense", "[1]", "null", '"text"']) {
      assert.strictEqual(Thingsboard.requestOf(Buffer.from(text))?._tag, "Unreadable", text)
    }
    assert.isUndefined(Thingsboard.requestOf(Buffer.from('{"deleted":["configuration"]}')))
  })
})
