import { assert } from "@effect/vitest"
import { ConfigProvider, Effect, LogLevel, Option, Redacted } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as EnsembleRoles from "../../src/app/EnsembleRoles.js"
import * as Cli from "../../src/cli/EnsembleRoles.js"

import { layer } from "../support/SharedLayer.js"

/** Nobody listens there: what is refused is refused before anybody is asked. */
const role: Cli.Role = {
  redis: Option.some(Redacted.make("redis://127.0.0.1:1/0")),
  logLevel: Option.some(LogLevel.None),
  onReady: () => Effect.void
}

const ingester: Cli.IngesterRole = {
  ...role,
  streams: ["eiger"],
  source: "stins",
  settings: [],
  name: Option.none(),
  url: Option.none(),
  upstream: Option.none(),
  dump: Option.none(),
  dumpRoots: []
}

const worker: Cli.WorkerRole = {
  ...role,
  name: Option.none(),
  tags: [],
  module: Option.none(),
  use: Option.none(),
  threads: Option.none()
}

const offline = {
  worker: Option.none(),
  reducer: Option.none(),
  workers: 1,
  onProgress: () => Effect.void
}

const file = (content: string | Uint8Array) =>
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "outpost-roles-"))),
    (directory) => Effect.promise(() => rm(directory, { recursive: true }))
  ).pipe(
    Effect.map((directory) => join(directory, "given.mjs")),
    Effect.tap((path) => Effect.promise(() => writeFile(path, content)))
  )

const refused = (use: (roles: Cli.EnsembleRoles["Type"]) => Effect.Effect<unknown, Cli.RoleError>) =>
  Effect.flatMap(Cli.EnsembleRoles, (roles) => Effect.flip(use(roles)))

layer(EnsembleRoles.layer)("a service that is asked for wrongly", (it) => {
  it.effect("is refused in words, without a trace of the program", () =>
    Effect.gen(function* () {
      const without = yield* refused((roles) => roles.ingester(ingester))
      assert.deepStrictEqual([without._tag, without.message], ["RoleRefused", "stins: url is missing"])
      const nobody = yield* refused((roles) => roles.worker({ ...worker, use: Option.some("nobody") }))
      assert.strictEqual(nobody._tag, "RoleRefused")
      assert.match(nobody.message, /^load unfit: there is no module 'nobody' for workers; there are: frame-sums$/)
    })
  )

  it.effect("meets nowhere where the address is none, which is not shown", () =>
    Effect.gen(function* () {
      for (const address of ["http://:s3cret@host", "s3cret", "redis://user:s3cret@", ""]) {
        const given = { ...worker, redis: Option.some(Redacted.make(address)) }
        const error = yield* refused((roles) => roles.worker(given))
        assert.strictEqual(error._tag, "RoleRefused")
        assert.strictEqual(error.message, "--redis: expected an address such as redis://localhost:6379/0")
      }
      const { message } = yield* refused((roles) =>
        roles
          .worker({ ...worker, redis: Option.none() })
          .pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["REDIS_URL", "s3cret"]]))))
      )
      assert.match(message, /^REDIS_URL: expected an address/)
    })
  )

  it.effect("has one module, a file or a built-in one", () =>
    Effect.gen(function* () {
      const both = { ...worker, module: Option.some("m.mjs"), use: Option.some("frame-sums") }
      const { message } = yield* refused((roles) => roles.worker(both))
      assert.strictEqual(message, "--module and --use name two modules")
    })
  )

  it.effect("has no name that a key or an identity can't carry", () =>
    Effect.gen(function* () {
      for (const name of ["a:b", "wörker", "a b"]) {
        const error = yield* refused((roles) => roles.worker({ ...worker, name: Option.some(name) }))
        assert.deepStrictEqual([error._tag, error.message], ["RoleRefused", `--name: '${name}' can't be a name`])
      }
      const stream = yield* refused((roles) => roles.ingester({ ...ingester, streams: ["a:b"] }))
      assert.deepStrictEqual([stream._tag, stream.message], ["RoleRefused", "--stream: 'a:b' can't be a name"])
    })
  )

  it.scoped("is told which file is no module", () =>
    Effect.gen(function* () {
      const path = yield* file("export const other = 1")
      const error = yield* refused((roles) => roles.worker({ ...worker, module: Option.some(path) }))
      assert.strictEqual(error._tag, "RoleRefused")
      assert.include(error.message, `${path}: the module has to export 'process'`)
    })
  )

  it.scoped("is told that a file has no parameters", () =>
    Effect.gen(function* () {
      for (const content of ["export const process = 1", '{"no":"list"}', Uint8Array.of(0x7f, 0x61)]) {
        const path = yield* file(content)
        const error = yield* refused((roles) =>
          roles.replay({ ...offline, files: [], parameters: Option.some(path), speed: Option.none() })
        )
        assert.deepStrictEqual([error._tag, error.message], ["RoleRefused", `${path} has no parameters`])
      }
    })
  )
})
