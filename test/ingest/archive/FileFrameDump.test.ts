import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { MappingId } from "../../../src/assignment/WorkAssignment.js"
import * as DumpCompanions from "../../../src/ingest/archive/DumpCompanions.js"
import { DumpScanner } from "../../../src/ingest/archive/DumpScanner.js"
import type { DumpStopped } from "../../../src/ingest/archive/DumpWriter.js"
import * as FileFrameDump from "../../../src/ingest/archive/FileFrameDump.js"
import { items } from "../../support/CborItems.js"

const mapping = "f3f6c35e-0ec4-4b5b-acf1-8da287f91d73" as MappingId
const other = "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779" as MappingId

const frames = [{ name: "cam", typ: "STINS", parts: [Buffer.from("x")] }]

const withDirectory = <A, E>(use: (root: string) => Effect.Effect<A, E, NodeContext.NodeContext>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "outpost-dump-")))),
    (root) => Effect.provide(use(root), NodeContext.layer),
    (root) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
  )

const dumps = (roots: ReadonlyArray<string>, path?: string) =>
  Effect.gen(function* () {
    const alarms: Array<DumpStopped> = []
    const dump = yield* FileFrameDump.make({
      roots,
      pathOf: () => Option.fromNullable(path),
      onStopped: (_, alarm) => Effect.sync(() => alarms.push(alarm))
    })
    const scan = (id: MappingId, prefix: string, events: ReadonlyArray<number>) =>
      Effect.scoped(
        Effect.tap(dump.open({ ingester: "cam-ingester", mapping: id, prefix }), (opened) =>
          Effect.sync(() => events.forEach((event) => opened?.offer(event, frames)))
        )
      )
    return { dump, alarms, scan }
  })

const eventsIn = (path: string) => {
  const scanner = new DumpScanner()
  return scanner.push(readFileSync(path)).map((entry) => (entry._tag === "Record" ? entry.record.event : -1))
}

describe("dumps of an ingester", () => {
  it.live("are a file for each scan below its prefix, and none without events", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        const { alarms, scan } = yield* dumps([root])
        yield* scan(mapping, `${root}/deep/x_`, [0, 1])
        yield* scan(other, `${root}/deep/x_`, [0])
        yield* scan(other, "relative/", [5])
        assert.deepStrictEqual(readdirSync(join(root, "deep")).sort(), [
          `x_cam-ingester-${other}.cbors`,
          `x_cam-ingester-${mapping}.cbors`
        ])
        assert.deepStrictEqual(eventsIn(join(root, "deep", `x_cam-ingester-${mapping}.cbors`)), [0, 1])
        assert.deepStrictEqual(eventsIn(join(root, "relative", `cam-ingester-${other}.cbors`)), [5])
        assert.lengthOf(alarms, 0)
      })
    )
  )

  it.live("dranspose weak point 22: an ingester that takes no part leaves no file", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        const { scan } = yield* dumps([root])
        yield* scan(mapping, `${root}/x_`, [])
        yield* scan(mapping, "", [1])
        assert.deepStrictEqual(readdirSync(root), [])
      })
    )
  )

  it.live("dranspose weak point 18: a prefix reaches no file outside the configured directories", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.makeDirectory(join(root, "allowed"))
        yield* fs.makeDirectory(join(root, "allowed-not"))
        symlinkSync(join(root, "allowed-not"), join(root, "allowed", "link"))
        const { alarms, scan } = yield* dumps([join(root, "allowed")])
        const refused = [
          `${root}/x_`,
          `${root}/allowed-not/x_`,
          `${root}/allowed/../x_`,
          "../x_",
          `${root}/allowed/link/x_`,
          `${root}/allowed/link/deeper/x_`,
          "/etc/cron.d/x_",
          `${root}/allowed/x\0_`
        ]
        for (const prefix of refused) yield* scan(mapping, prefix, [1])
        assert.deepStrictEqual(
          alarms.map(({ path, reason }) => [path, reason]),
          refused.map((prefix) => [prefix, "Refused"])
        )
        assert.deepStrictEqual(readdirSync(root).sort(), ["allowed", "allowed-not"])
        assert.deepStrictEqual(readdirSync(join(root, "allowed-not")), [])
        const closed = yield* dumps([])
        yield* closed.scan(mapping, `${root}/allowed/x_`, [1])
        assert.include(closed.alarms[0]?.detail ?? "", "dump_roots")
        assert.deepStrictEqual(readdirSync(join(root, "allowed")), ["link"])
      })
    )
  )

  it.live("are appended to one file where the configuration names it, by one scan at a time", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        const path = join(root, "all.cbors")
        const { alarms, dump, scan } = yield* dumps([], path)
        yield* scan(mapping, "", [0, 1])
        yield* scan(other, "ignored/", [0])
        assert.deepStrictEqual(eventsIn(path), [0, 1, 0])
        yield* Effect.scoped(
          Effect.gen(function* () {
            const first = yield* dump.open({ ingester: "a", mapping, prefix: "" })
            const second = yield* dump.open({ ingester: "b", mapping, prefix: "" })
            first?.offer(7, frames)
            second?.offer(8, frames)
          })
        )
        assert.deepStrictEqual(eventsIn(path), [0, 1, 0, 7])
        assert.deepStrictEqual(
          alarms.map(({ detail }) => detail),
          ["another dump is being written to it"]
        )
      })
    )
  )
})

describe("companions", () => {
  const companions = (root: string, parameters: ReadonlyArray<DumpCompanions.Parameter>) =>
    DumpCompanions.write({
      prefix: `${root}/x_`,
      roots: [root],
      mapping,
      map: `{"parts":{},"sequence":[]}`,
      parameters
    })

  it.live("are the map and the parameters as JSON", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        yield* companions(root, [{ name: "label", data: Buffer.from("é") }])
        const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"))
        assert.deepStrictEqual(read(`x_mapping-${mapping}.json`), { parts: {}, sequence: [] })
        assert.deepStrictEqual(read(`x_parameters-${mapping}.json`), [{ name: "label", data: "é" }])
      })
    )
  )

  it.live("are CBOR where a parameter is no text", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        yield* companions(root, [
          { name: "label", data: Buffer.from("a") },
          { name: "blob", data: Buffer.from([0, 255]) }
        ])
        assert.isFalse(existsSync(join(root, `x_parameters-${mapping}.json`)))
        assert.deepStrictEqual(items(readFileSync(join(root, `x_parameters-${mapping}.cbor`))), [
          [
            new Map<string, unknown>([
              ["name", "label"],
              ["data", Buffer.from("a")]
            ]),
            new Map<string, unknown>([
              ["name", "blob"],
              ["data", Buffer.from([0, 255])]
            ])
          ]
        ])
      })
    )
  )

  it.live("dranspose weak point 18: are refused outside the configured directories", () =>
    withDirectory((root) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          DumpCompanions.write({ prefix: `${root}/x_`, roots: [join(root, "in")], mapping, map: "{}", parameters: [] })
        )
        assert.strictEqual(error._tag, "DumpRefused")
        assert.deepStrictEqual(readdirSync(root), [])
      })
    )
  )
})
