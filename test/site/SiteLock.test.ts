import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Scope, Exit } from "effect"
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import * as ServerFile from "../../src/site/ServerFile.js"
import * as Site from "../../src/site/Site.js"
import * as SiteLock from "../../src/site/SiteLock.js"

const program = fileURLToPath(new URL("lockHolder.ts", import.meta.url))

/** Another process that holds the site once this returns; its first line. */
const holder = (directory: string, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<readonly [ChildProcess, string]> => {
      const child = spawn(process.execPath, ["--import", "tsx", program, directory, ...args], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      const [line] = await once(child.stdout!, "data")
      return [child, String(line).trim()]
    }),
    ([child]) => Effect.promise(() => kill(child))
  )

const kill = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, "exit")
  child.kill("SIGKILL")
  await gone
}

const inSite = <A, E>(
  body: (directory: string) => Effect.Effect<A, E, Site.Site | NodeContext.NodeContext | Scope.Scope>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped()
    return yield* body(directory).pipe(Effect.provide(Site.layer(directory)))
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

/** The probe's answer; an Option is told from another by its value, not by its keys. */
const found = Effect.map(SiteLock.probe, ({ locked, server }) => ({ locked, server: Option.getOrNull(server) }))

describe("SiteLock", () => {
  it.live("is refused while another process holds it, which is named, and free after kill -9", () =>
    inSite((directory) =>
      Effect.gen(function* () {
        const [child] = yield* holder(directory)
        const error = yield* Effect.flip(Effect.scoped(SiteLock.acquire("2")))
        assert.strictEqual(error._tag, "SiteLocked")
        assert.include(error.message, `process ${child.pid} `)
        assert.include(error.message, "http://127.0.0.1:1234")
        assert.strictEqual((yield* SiteLock.probe).locked, true)

        yield* Effect.promise(() => kill(child))
        const stale = yield* ServerFile.read
        assert.isTrue(Option.isSome(stale), "the killed holder's file stays behind")
        assert.deepStrictEqual(yield* found, { locked: false, server: null })
        yield* Effect.scoped(SiteLock.acquire("2"))
      })
    )
  )

  it.live("is not inherited by what the holder started", () =>
    inSite((directory) =>
      Effect.gen(function* () {
        const [child, line] = yield* holder(directory, "with-child")
        const grandchild = Number(line.split(" ")[1])
        yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(grandchild, "SIGKILL")))
        yield* Effect.promise(() => kill(child))
        assert.isTrue(process.kill(grandchild, 0))
        yield* Effect.scoped(SiteLock.acquire("2"))
      })
    )
  )

  it.live("keeps a second process out, which says who holds it", () =>
    inSite((directory) =>
      Effect.gen(function* () {
        yield* SiteLock.acquire("2")
        const [, line] = yield* holder(directory)
        assert.include(line, `held by process ${process.pid} `)
      })
    )
  )

  it.live(
    "ivy 12: lock cannot be taken twice: it is held against the same process too, kept to the end of the scope, and leaves no file",
    () =>
      inSite(() =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          yield* SiteLock.acquire("2").pipe(Scope.extend(scope))
          assert.strictEqual((yield* SiteLock.probe).locked, true)
          assert.strictEqual((yield* Effect.flip(Effect.scoped(SiteLock.acquire("2"))))._tag, "SiteLocked")
          assert.strictEqual((yield* SiteLock.probe).locked, true, "a probe and a failed try free nothing")
          yield* Scope.close(scope, Exit.void)
          assert.strictEqual((yield* SiteLock.probe).locked, false)
          assert.isTrue(Option.isNone(yield* ServerFile.read))
        })
      )
  )

  it.live("waits for a probe that holds it for an instant", () =>
    inSite(() =>
      Effect.gen(function* () {
        const site = yield* Site.Site
        const { default: Sqlite } = yield* Effect.promise(() => import("better-sqlite3"))
        const other = new Sqlite(site.paths.lock)
        other.exec("BEGIN IMMEDIATE")
        yield* Effect.forkScoped(
          Effect.delay(
            Effect.sync(() => other.close()),
            "120 millis"
          )
        )
        yield* Effect.scoped(SiteLock.acquire("2"))
      })
    )
  )

  it.live("a probe makes nothing in a site that was never locked", () =>
    inSite(() =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* SiteLock.probe
        assert.isFalse(yield* fs.exists((yield* Site.Site).paths.lock))
      })
    )
  )

  it.live("says why where the lock file can't be used", () =>
    inSite(() =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.makeDirectory((yield* Site.Site).paths.lock)
        assert.strictEqual((yield* Effect.flip(Effect.scoped(SiteLock.acquire("2"))))._tag, "SiteUnusable")
      })
    )
  )

  it.live("says what to do about a lock file that is damaged", () =>
    inSite((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${directory}/.outpost/lock.sqlite`, "garbage")
        const failure = yield* Effect.flip(Effect.scoped(SiteLock.acquire("0.0.0")))
        assert.include(failure.message, "lock.sqlite is damaged: remove it if no server runs here")
        assert.strictEqual((yield* Effect.flip(SiteLock.probe)).message, failure.message)
      })
    )
  )

  it.live("replaces the file of an earlier life, and names the address only while it is published", () =>
    inSite(() =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const site = yield* Site.Site
        const now = yield* ServerFile.describe("1")
        yield* ServerFile.write(
          new ServerFile.ServerFile({ ...now, url: "http://stale", token: Redacted.make("stale") })
        )
        yield* SiteLock.acquire("2")
        const held = yield* SiteLock.probe
        const { url, version } = Option.getOrThrow(held.server)
        assert.deepStrictEqual([url, version], [undefined, "2"])
        yield* ServerFile.publish({
          version: "2",
          url: "http://127.0.0.1:1",
          token: Redacted.make("open sesame")
        }).pipe(
          Effect.zipRight(ServerFile.read),
          Effect.tap((file) => {
            assert.strictEqual(Option.getOrThrow(file).url, "http://127.0.0.1:1")
            assert.strictEqual(Redacted.value(Option.getOrThrow(file).token!), "open sesame")
            assert.notInclude(String(Option.getOrThrow(file)), "open sesame")
          }),
          Effect.zipRight(fs.stat(site.paths.server)),
          Effect.tap(({ mode }) => assert.strictEqual(mode & 0o777, 0o600)),
          Effect.scoped
        )
        const after = Option.getOrThrow(yield* ServerFile.read)
        assert.deepStrictEqual([after.url, after.token, after.pid], [undefined, undefined, process.pid])
      })
    )
  )

  it.live("does not believe a file whose process is gone or is another, nor one that is garbage", () =>
    inSite(() =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const site = yield* Site.Site
        yield* SiteLock.acquire("2")
        const now = yield* ServerFile.describe("2")
        for (const wrong of [{ startTime: "1" }, { bootId: "another" }, { pid: 2 ** 22 + 1 }]) {
          yield* ServerFile.write(new ServerFile.ServerFile({ ...now, ...wrong }))
          assert.deepStrictEqual(yield* found, { locked: true, server: null })
        }
        for (const text of ["", "{", "[]", '{"pid":"x"}']) {
          yield* fs.writeFileString(site.paths.server, text)
          assert.deepStrictEqual(yield* found, { locked: true, server: null })
        }
      })
    )
  )
})
