/** Messages of real detectors, as they were recorded. */
import { Decoder } from "cbor-x"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Message } from "../../src/source/FrameSeries.js"
import { fixtures, upstream } from "./Fixtures.js"

const decoder = new Decoder({ useRecords: false })

/** A file of CBOR items, each the parts of one message. */
export const upstreamMessages = (file: string): ReadonlyArray<Message> => {
  const bytes = readFileSync(join(upstream, file))
  const messages: Array<Message> = []
  decoder.decodeMultiple(file.endsWith(".gz") ? gunzipSync(bytes) : bytes, (item: unknown) => {
    if (Array.isArray(item)) messages.push(item.map((part: Uint8Array) => Buffer.from(part)))
  })
  return messages
}

/** What the detector of an ensemble sent. */
export const sentBySource = (scan: "A" | "B"): ReadonlyArray<Message> => {
  const file = join(fixtures, scan, "zmq_multipart.json")
  const all: ReadonlyArray<{ role: string; frames_b64: ReadonlyArray<string> }> = JSON.parse(readFileSync(file, "utf8"))
  return all
    .filter(({ role }) => role === "source")
    .map(({ frames_b64 }) => frames_b64.map((text) => Buffer.from(text, "base64")))
}
