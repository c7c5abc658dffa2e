/** Files that were cut or changed: what is whole is kept, what is lost is named. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { join } from "node:path"
import { randomFrom, rounds } from "../support/Crashes.js"
import { open, openAbandoned, siteLines, temporaryDirectory } from "../support/Store.js"

const events = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({ type: `t${i % 3}`, data: { i, text: "é".repeat(i % 7) } })
  ).join("\n")

const siteFile = (site: string) => join(site, fs.readdirSync(site).find((name) => name.endsWith(".ndjson")) ?? "")

const copyOf = Effect.fnUntraced(function* (site: string) {
  const copy = yield* temporaryDirectory
  fs.cpSync(site, copy, { recursive: true })
  return copy
})

describe("damage", () => {
  it.scopedLive(
    "the newest file cut at each byte of its last three records: the rest is whole, the torn part is kept",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        const first = yield* openAbandoned(site)
        yield* first.store.postLines(Stream.make(Buffer.from(events(8))))
        const whole = fs.readFileSync(siteFile(site))
        const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []))
        const from = ends[ends.length - 4] ?? 0
        const every = rounds(7, 1)
        for (let size = from; size <= whole.length; size += every) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const copy = yield* copyOf(site)
              fs.truncateSync(siteFile(copy), size)
              const store = yield* open(copy)
              const kept = ends.filter((end) => end <= size).length
              assert.strictEqual((yield* store.figures).position.site, kept, `cut at ${size}`)
              const torn = fs.readdirSync(copy).filter((name) => name.includes(".torn-"))
              const left = size - (ends[kept - 1] ?? 0)
              assert.strictEqual(torn.length, left === 0 ? 0 : 1)
              if (left > 0) assert.strictEqual(fs.statSync(join(copy, torn[0] ?? "")).size, left)
              yield* store.post(Buffer.from('{"type":"after","data":0}'))
              assert.deepStrictEqual(
                siteLines(copy).map((line) => (JSON.parse(line) as { seq: number }).seq),
                Array.from({ length: kept + 1 }, (_, i) => i + 1)
              )
              const { findings } = yield* store.verify({ repair: false })
              assert.deepStrictEqual(
                findings.map(({ kind, length, repaired }) => [kind, length, repaired]),
                left === 0 ? [] : [["torn", left, true]]
              )
            })
          )
        }
      }),
    600_000
  )

  it.scopedLive(
    "bits flipped in a closed file: the check names the file, a block that holds the place, and its events",
    () =>
      Effect.gen(function* () {
        const site = yield* temporaryDirectory
        const first = yield* openAbandoned(site, { blockBytes: 4_096 })
        yield* first.store.postLines(Stream.make(Buffer.from(events(300))))
        yield* first.close
        const file = siteFile(site)
        const bytes = fs.readFileSync(file)
        const random = randomFrom(7)
        for (let k = 0; k < rounds(5, 200); k++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const at = Math.floor(random() * bytes.length)
              const bit = 1 << Math.floor(random() * 8)
              const copy = yield* copyOf(site)
              const damaged = Buffer.from(bytes)
              damaged[at] = (damaged[at] ?? 0) ^ bit
              fs.writeFileSync(siteFile(copy), damaged)
              const store = yield* open(copy, { blockBytes: 4_096 })
              const { findings } = yield* store.verify({ repair: false })
              const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1
              const hit = findings.find(
                (finding) =>
                  finding.kind === "corrupt" &&
                  (finding.offset ?? 0) <= at &&
                  at < (finding.offset ?? 0) + (finding.length ?? 0)
              )
              assert.isDefined(hit, `bit ${bit} of byte ${at}: ${JSON.stringify(findings)}`)
              assert.strictEqual(hit?.path, siteFile(copy))
              assert.isTrue(
                (hit?.firstSeq ?? Infinity) <= line && line <= (hit?.lastSeq ?? 0),
                `line ${line} in ${JSON.stringify(hit)}`
              )
            })
          )
        }
      }),
    600_000
  )
})
