/**
 * A Redis of this test alone: on a free loopback port, without persistence, so that a restart loses all, with kill, restart
 * and pause.
 */
import { Duration, Effect, Redacted, Schedule, type Scope } from "effect"
import { createClient } from "@redis/client"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createServer } from "node:net"
import { RedisSettings } from "../../src/assignment/RedisEnsemble.js"
import { killed } from "./Killed.js"

export const installed = spawnSync("redis-server", ["--version"]).status === 0

export interface RedisServer {
  readonly url: string
  /** What reaches it, with a short patience. */
  readonly settings: RedisSettings
  /** `kill -9`. */
  readonly kill: Effect.Effect<void>
  /** Up again at the same address, empty. */
  readonly start: Effect.Effect<void>
  /** Holds all connections and says nothing. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
  /** A command over a connection of the test's own. */
  readonly ask: (...command: ReadonlyArray<string>) => Effect.Effect<unknown>
  /** How many connections it has besides the one that asks. */
  readonly connections: Effect.Effect<number>
}

export const make: Effect.Effect<RedisServer, never, Scope.Scope> = Effect.gen(function* () {
  const port = yield* freePort
  const url = `redis://127.0.0.1:${port}/0`
  let child: ChildProcess | undefined = undefined

  const ask = (...command: ReadonlyArray<string>) =>
    Effect.acquireUseRelease(
      Effect.promise(async () => {
        const client = createClient({ url, RESP: 3, socket: { reconnectStrategy: false } })
        client.on("error", () => undefined)
        return client.connect()
      }),
      (client) => Effect.promise(() => client.sendCommand<unknown>(command)),
      (client) => Effect.sync(() => client.destroy())
    )
  const start = Effect.sync(() => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    child = spawn("redis-server", args, { stdio: "ignore", cwd: "/tmp" })
  }).pipe(
    Effect.zipRight(
      ask("PING").pipe(Effect.sandbox, Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("2 minutes"))
    ),
    Effect.orDie,
    Effect.asVoid
  )
  const signal = (name: NodeJS.Signals) => Effect.sync(() => child?.kill(name))
  const kill = Effect.suspend(() => {
    const running = child
    child = undefined
    if (running === undefined) return Effect.void
    return killed(running)
  })
  yield* Effect.acquireRelease(start, () => kill)

  return {
    url,
    settings: new RedisSettings({ url: Redacted.make(url), timeout: Duration.millis(600) }),
    kill,
    start,
    pause: signal("SIGSTOP"),
    resume: signal("SIGCONT"),
    ask,
    connections: Effect.map(ask("CLIENT", "LIST"), (text) => String(text).trim().split("\n").length - 1)
  }
})

// -----------------------------------------------------------------------------

const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
