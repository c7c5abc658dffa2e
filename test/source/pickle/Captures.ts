/** Pickles that real programs have written. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { plainItems } from "../../support/CborItems.js"
import { fixtures, hasUpstream, upstream } from "../../support/Fixtures.js"

const read = (name: string): Buffer => readFileSync(join(fixtures, name))

/** Messages of a file of raw captures. */
export const messages = (name: string): ReadonlyArray<ReadonlyArray<Uint8Array>> =>
  plainItems(readFileSync(join(upstream, name)))

export const debugEvents = (): Uint8Array => read("B/debugworker_last_events.pickle")

/** What workers sent to their reducer: the pickle of each result. */
export const results = (scan: "A" | "B"): ReadonlyArray<Uint8Array> => {
  const tapped: ReadonlyArray<{ role: string; dir: string; frames_b64: ReadonlyArray<string> }> = JSON.parse(
    read(`${scan}/zmq_multipart.json`).toString()
  )
  return tapped
    .filter(({ dir, role }) => role === "reducer" && dir === "recv")
    .map(({ frames_b64 }) => Buffer.from(frames_b64.at(-1) ?? "", "base64"))
}

/** Every pickle there is, for decoders that must survive anything made of them. */
export const all = (): ReadonlyArray<Uint8Array> => [
  debugEvents(),
  ...results("A"),
  ...results("B"),
  ...(hasUpstream ? ofDetectors() : [])
]

const ofDetectors = () => [
  ...messages("contrast-dump.cbors").map(([part = Buffer.alloc(0)]) => part),
  ...["xspress3-dump.cbors", "xspress3-multipart.cbors"]
    .flatMap((name) => messages(name))
    .map((parts) => parts.at(-1) ?? Buffer.alloc(0))
    .filter((part) => part[0] === 0x80)
]
