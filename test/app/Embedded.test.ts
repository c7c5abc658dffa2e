import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Option, Redacted, Scope, Stream } from "effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import { SupervisionTree } from "../../src/actor/SupervisionTree.js"
import * as Embedded from "../../src/app/Embedded.js"
import { EventFilter } from "../../src/domain/EventQuery.js"
import { RunOperations } from "../../src/operations/RunOperations.js"
import { SiteOperations } from "../../src/operations/SiteOperations.js"
import { TelemetryOperations } from "../../src/operations/TelemetryOperations.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-embedded-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const site = (options: Embedded.Options) => Embedded.layer(options).pipe(Layer.provide(NodeContext.layer))

const get = (url: string, headers: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const answer = await fetch(url, { headers })
    return { status: answer.status, body: await answer.json() }
  })

describe("an embedded site", () => {
  it.scopedLive("serves what the program stores, and starts nothing by itself", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* Effect.gen(function* () {
        const { url } = yield* Embedded.Station
        const telemetry = yield* TelemetryOperations
        const ack = yield* telemetry.post('{"type":"note","data":"first light"}')
        const { body } = yield* get(`${url}/current/note`)
        assert.deepStrictEqual(body, JSON.parse(ack))
        const { nodes } = yield* Effect.flatMap(SupervisionTree, (tree) => tree.get)
        assert.deepStrictEqual(
          nodes.map((node) => node.path).filter((path) => path.startsWith("procedures/")),
          []
        )
        const shutdown = yield* Effect.flip(Effect.flatMap(SiteOperations, (operations) => operations.shutdown))
        assert.strictEqual(shutdown._tag, "ShutdownUnavailable")
      }).pipe(Effect.provide(site({ directory: path, port: 0 })))
    })
  )

  it.scopedLive("stops the program's children before the server, and lets the next one go on", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(site({ directory: path, port: 0 }), scope)
      const seen: Array<string> = []
      yield* Effect.gen(function* () {
        const { supervisor, url } = yield* Embedded.Station
        const runs = yield* RunOperations
        const telemetry = yield* TelemetryOperations
        yield* runs.start({ runId: "night" })
        const posted = yield* Deferred.make<void>()
        const child = Effect.gen(function* () {
          yield* Effect.addFinalizer(() =>
            Effect.flatMap(get(`${url}/health`), ({ status }) => Effect.sync(() => seen.push(`server ${status}`)))
          )
          yield* telemetry.post('{"type":"a","data":1}')
          yield* Deferred.succeed(posted, undefined)
          return yield* Effect.never
        })
        yield* supervisor.add(ChildSpec.make({ id: "mine", run: child }))
        yield* Deferred.await(posted)
      }).pipe(Effect.provide(context))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(seen, ["server 200"])

      yield* Effect.gen(function* () {
        const active = yield* Effect.flatMap(RunOperations, (runs) => runs.active)
        assert.deepStrictEqual(
          Option.map(active, (run) => run.run_id),
          Option.some("night")
        )
        const lines = yield* Effect.flatMap(TelemetryOperations, (telemetry) =>
          Stream.runCollect(telemetry.events(new EventFilter({ run: "night" })))
        )
        assert.strictEqual(lines.length, 1)
      }).pipe(Effect.provide(site({ directory: path, port: 0 })))
    })
  )

  it.scopedLive("is guarded by its token", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* Effect.gen(function* () {
        const { url } = yield* Embedded.Station
        assert.strictEqual((yield* get(`${url}/current`)).status, 401)
        assert.strictEqual((yield* get(`${url}/current`, { authorization: "Bearer secret" })).status, 200)
      }).pipe(Effect.provide(site({ directory: path, port: 0, token: Redacted.make("secret") })))
    })
  )

  it.scopedLive("fails with data: a site that is held, a port that is taken, an open address without a token", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const other = yield* directory
      yield* Effect.gen(function* () {
        const { url } = yield* Embedded.Station
        const failure = (options: Embedded.Options) =>
          Effect.map(Effect.flip(Effect.scoped(Layer.build(site(options)))), (error) => error._tag)
        assert.strictEqual(yield* failure({ directory: path, port: 0 }), "SiteLocked")
        assert.strictEqual(yield* failure({ directory: other, port: Number(new URL(url).port) }), "PortTaken")
        assert.strictEqual(yield* failure({ directory: other, port: 0, host: "0.0.0.0" }), "TokenRequired")
      }).pipe(Effect.provide(site({ directory: path, port: 0 })))
    })
  )
})
