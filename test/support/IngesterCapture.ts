/** What one of the field's own ingesters has sent over ZeroMQ during a recorded scan, and the frames that it had. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { WorkAssignment } from "../../src/assignment/WorkAssignment.js"
import { fixtures } from "./Fixtures.js"

type Parts = ReadonlyArray<Buffer>

interface Multipart {
  readonly role: string
  readonly socket: string
  readonly dir: string
  readonly frames_b64: ReadonlyArray<string>
}

const read = (path: string) => JSON.parse(readFileSync(join(fixtures, path), "utf8"))

export const assignmentsOf = (path: string, mapping: string): ReadonlyArray<WorkAssignment> =>
  read(path)[`dranspose:assigned:${mapping}`].entries.flatMap(({ fields }: { fields: { data: string } }) =>
    JSON.parse(fields.data)
  )

/** Headers are compared without their time. */
export const withoutTime = (header: Uint8Array | undefined): string =>
  Buffer.from(header ?? [])
    .toString()
    .replace(/"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"/, '"created_at":"then"')

export const captureOf = (path: string, role: string) => {
  const all: ReadonlyArray<Multipart> = read(path).filter((each: Multipart) => each.role === role)
  const partsOf = (socket: string, dir: string): ReadonlyArray<Parts> =>
    all
      .filter((each) => each.socket === socket && each.dir === dir)
      .map(({ frames_b64 }) => frames_b64.map((text) => Buffer.from(text, "base64")))
  const sent = partsOf("ROUTER", "send").map(([worker, ...message]) => ({ worker: String(worker), message }))

  /** By stream, then by event. */
  const frames = new Map<string, { readonly typ: string; readonly byEvent: Map<number, Parts> }>()
  for (const { message } of sent) {
    const [header, ...parts] = message
    const { event_number, streams } = JSON.parse(String(header))
    for (const [name, { length, typ }] of Object.entries<{ typ: string; length: number }>(streams)) {
      const stream = frames.get(name) ?? { typ, byEvent: new Map() }
      stream.byEvent.set(event_number, parts.splice(0, length))
      frames.set(name, stream)
    }
  }
  /** Where the source was recorded its frames are all there, those that nobody got too. */
  const received = partsOf("PULL", "recv")
  return {
    sent,
    streams: [...frames].map(([name, { byEvent, typ }]) => ({
      name,
      typ,
      frames:
        received.length > 0 ? received : [...byEvent].sort(([one], [other]) => one - other).map(([, parts]) => parts)
    }))
  }
}
