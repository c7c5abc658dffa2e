/** Pickles that real programs have written, from the captures; none where these are not at hand. */
import { readFileSync } from "node:fs"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { plainItems } from "../../support/CborItems.js"

const root = join(import.meta.dirname, "../../../../shared/fixtures/dranspose")

export const hasCaptures = existsSync(root)

const read = (name: string): Buffer => readFileSync(join(root, name))

/** Messages of a file of raw captures. */
export const messages = (name: string): ReadonlyArray<ReadonlyArray<Uint8Array>> =>
  plainItems(read(`upstream_data/${name}`))

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
  ...messages("contrast-dump.cbors").map(([part = Buffer.alloc(0)]) => part),
  ...["xspress3-dump.cbors", "xspress3-multipart.cbors"]
    .flatMap((name) => messages(name))
    .map((parts) => parts.at(-1) ?? Buffer.alloc(0))
    .filter((part) => part[0] === 0x80)
]
