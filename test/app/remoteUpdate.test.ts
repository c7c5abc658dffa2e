import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ConfigFile } from "../../src/app/ConfigFile.js"
import * as RemoteUpdate from "../../src/app/RemoteUpdate.js"
import { UpdateBusy } from "../../src/domain/Update.js"
import { type ApplyRequest, Updater } from "../../src/update/Updater.js"
import { UpdateRequests } from "../../src/uplink/UpdateRequests.js"
import * as ConfigSite from "./ConfigSite.js"

const local = `# the station on the roof
general: { name: roof, config_revision: 3 }
procedures:
  pump: { command: [python3, pump.py], every: 1m }
`

/** Asks for 2.0.0 with a document; answers what the updater was asked, or why it was not. */
const asked = (file: string, document: Readonly<Record<string, unknown>>, busy = false) =>
  Effect.gen(function* () {
    const requests: Array<ApplyRequest> = []
    const unused = Effect.dieMessage("not asked here")
    const updater = Layer.succeed(Updater, {
      check: () => unused,
      apply: (request) => {
        requests.push(request)
        return busy
          ? new UpdateBusy({ version: "1.9.0" })
          : Effect.succeed({ from: null, to: request.version ?? "", by: request.by, begun: "2026-11-21T12:00:00Z" })
      },
      rollback: unused,
      status: unused,
      last: unused,
      work: unused,
      finish: unused
    })
    const answer = yield* Effect.flatMap(UpdateRequests, ({ request }) =>
      Effect.either(request({ uplink: "office", revision: 4, version: "2.0.0", document }))
    ).pipe(Effect.provide(Layer.provide(RemoteUpdate.layer, updater)))
    const { raw } = yield* ConfigFile
    return { requests, refused: answer._tag === "Left" ? answer.left.message : undefined, after: yield* raw }
  }).pipe(Effect.scoped, Effect.provide(ConfigSite.layer(file, {})))

const general = { config_revision: 4, software_version: "2.0.0" }

describe("another version, asked for from afar", () => {
  it.live("its config is written for it alone: merged into the file, which stays as it is", () =>
    Effect.gen(function* () {
      const { after, refused, requests } = yield* asked(local, { general, telescope: { focus: 3 } })
      assert.strictEqual(refused, undefined)
      assert.deepInclude(requests[0], { version: "2.0.0", by: "office" })
      const config = requests[0]?.config ?? ""
      assert.include(config, "# the station on the roof")
      assert.match(config, /config_revision: 4/)
      assert.match(config, /pump\.py/)
      assert.match(config, /telescope/)
      assert.strictEqual(after, local)
    })
  )

  it.live("it brings no code, no keys and no source of releases", () =>
    Effect.gen(function* () {
      for (const [document, path] of [
        [{ general, procedures: { pump: { command: ["sh"] } } }, "procedures.pump.command"],
        [{ general, update: { keys: ["jrcG3sXWnk0+XM9BvKZ2W4a8kIv5y1fYI3m8pIZ3b3E="] } }, "update.keys"],
        [{ general, update: { source: { use: "url", settings: { manifest: "http://evil/" } } } }, "update.source"]
      ] as const) {
        const { refused, requests } = yield* asked(local, document)
        assert.include(refused, path)
        assert.deepStrictEqual(requests, [])
      }
    })
  )

  it.live("a station that takes unsigned releases, or is at one already, says no", () =>
    Effect.gen(function* () {
      const unsigned = yield* asked(`${local}update: { allow_unsigned: true }\n`, { general })
      assert.include(unsigned.refused, "unsigned")
      assert.deepStrictEqual(unsigned.requests, [])
      assert.include((yield* asked(local, { general }, true)).refused, "1.9.0 is not over yet")
    })
  )
})
