/**
 * A Mosquitto of this test alone: on a free loopback port, without persistence, with kill, restart and pause.
 */
import { Effect, Schedule, type Scope } from "effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "./FreePort.js"
import { killed } from "./Killed.js"

const program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].find((path) => existsSync(path)) ?? "mosquitto"
export const installed = spawnSync(program, ["-h"]).error === undefined

export interface Mosquitto {
  readonly port: number
  /** `kill -9`. */
  readonly kill: Effect.Effect<void>
  /** Up again at the same address, without anything that it knew. */
  readonly start: Effect.Effect<void>
  /** Holds all connections and says nothing. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

/** `lines` are added to its configuration. */
export const make = (
  options: {
    readonly lines?: ReadonlyArray<string>
    readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string }
  } = {}
): Effect.Effect<Mosquitto, never, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* freePort
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "outpost-mosquitto-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
    )
    const { tls } = options
    const config = join(directory, "mosquitto.conf")
    writeFileSync(
      config,
      [
        `listener ${port} 127.0.0.1`,
        "allow_anonymous true",
        "persistence false",
        "max_inflight_messages 0",
        "max_queued_messages 0",
        ...(process.getuid?.() === 0 ? ["user root"] : []),
        ...(tls === undefined ? [] : [`cafile ${tls.ca}`, `certfile ${tls.certificate}`, `keyfile ${tls.key}`]),
        ...(options.lines ?? []),
        ""
      ].join("\n")
    )
    let child: ChildProcess | undefined = undefined
    const answers = Effect.async<void, Error>((resume) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy()
        resume(Effect.void)
      })
      socket.on("error", (error) => resume(Effect.fail(error)))
    })
    const start = Effect.sync(() => {
      child = spawn(program, ["-c", config], { stdio: "ignore" })
    }).pipe(
      Effect.zipRight(answers.pipe(Effect.retry(Schedule.spaced("10 millis")), Effect.timeout("2 minutes"))),
      Effect.orDie
    )
    const signal = (name: NodeJS.Signals) => Effect.sync(() => void child?.kill(name))
    const kill = Effect.suspend(() => {
      const running = child
      child = undefined
      if (running === undefined) return Effect.void
      return killed(running)
    })
    yield* Effect.acquireRelease(start, () => kill)
    return { port, kill, start, pause: signal("SIGSTOP"), resume: signal("SIGCONT") }
  })
