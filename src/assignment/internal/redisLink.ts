/**
 * One connection to Redis, for as long as a scope lasts. It does not mend itself: once it is lost every command fails, and
 * who needs another one opens it. A server that holds the connection and says nothing (stopped, out of reach without a word)
 * is noticed by a fiber that looks four times within `patience` whether any answer has come to those who wait. It counts its
 * looks and not the time, so that a pause of this process is not blamed on the server.
 *
 * Commands are written in the order in which they are sent and share round trips with all that are in flight. A command
 * whose sender is interrupted is carried out all the same.
 *
 * @internal
 */
import type { RedisClientOptions } from "@redis/client"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { EnsembleUnreachable } from "../EnsembleError.js"

export type Argument = string | Buffer
export type Command = ReadonlyArray<Argument>

/** Where Redis is, and how long it may be silent. */
export interface RedisAddress {
  readonly url: Redacted.Redacted
  readonly timeout: Duration.Duration
}

export interface RedisLink {
  /** Whether commands can still be answered. */
  readonly alive: () => boolean
  /** The answer to a command; also a refusal is `EnsembleUnreachable`, with the words of the server. */
  readonly send: (command: Command) => Effect.Effect<unknown, EnsembleUnreachable>
  /** Done when all of these are answered, which share a round trip. Fails with the first that does. */
  readonly sendAll: (commands: ReadonlyArray<Command>) => Effect.Effect<void, EnsembleUnreachable>
  /** The answer to one command with texts as bytes. */
  readonly sendForBytes: (command: Command) => Effect.Effect<unknown, EnsembleUnreachable>
  /** The answers to commands that are carried out as one. */
  readonly transaction: (commands: ReadonlyArray<Command>) => Effect.Effect<ReadonlyArray<unknown>, EnsembleUnreachable>
}

/** An address as errors name it, without credentials. */
export const nameOf = (url: Redacted.Redacted): string => {
  const text = Redacted.value(url)
  if (!URL.canParse(text)) return "redis"
  const { host, pathname, protocol } = new URL(text)
  return `${protocol}//${host}${pathname}`
}

/** `blocking` is how long a command may rightly wait at the server. */
export const open = (
  address: RedisAddress,
  blocking: Duration.DurationInput = 0
): Effect.Effect<RedisLink, EnsembleUnreachable, Scope.Scope> =>
  Effect.gen(function* () {
    const name = nameOf(address.url)
    const unreachable = (operation: string, cause: unknown) =>
      new EnsembleUnreachable({ operation, address: name, reason: reasonOf(cause) })

    const { createClient, RESP_TYPES } = yield* Effect.promise(() => import("@redis/client"))
    // What `destroy` does not reach: a connection that is still being made.
    const abort = new AbortController()
    const client = yield* Effect.acquireRelease(
      Effect.try({
        try: () => createClient(options(address, abort.signal)),
        catch: (cause) => unreachable("connect", cause)
      }),
      (client) =>
        Effect.sync(() => {
          client.destroy()
          abort.abort()
        })
    )
    // Each sender is told by itself.
    client.on("error", () => undefined)
    yield* Effect.tryPromise({ try: () => client.connect(), catch: (cause) => unreachable("connect", cause) }).pipe(
      Effect.timeoutFail({ duration: address.timeout, onTimeout: () => unreachable("connect", "no answer in time") })
    )

    let waiting = 0
    let answered = 0
    const perform = <A>(operation: string, start: () => Promise<A>): Effect.Effect<A, EnsembleUnreachable> =>
      Effect.async((resume) => {
        waiting++
        start().then(
          (answer) => {
            waiting--
            answered++
            resume(Effect.succeed(answer))
          },
          (cause) => {
            waiting--
            answered++
            resume(Effect.fail(unreachable(operation, cause)))
          }
        )
      })

    let seen = 0
    let silent = 0
    yield* Effect.sync(() => {
      silent = waiting > 0 && answered === seen ? silent + 1 : 0
      seen = answered
      if (silent >= looks) client.destroy()
    }).pipe(
      Effect.schedule(Schedule.spaced(Duration.times(Duration.sum(address.timeout, blocking), 1 / looks))),
      Effect.forkScoped
    )

    const bytes = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }
    return {
      alive: () => client.isReady,
      send: (command) => perform(operationOf(command), () => client.sendCommand<unknown>(command)),
      sendAll: (commands) =>
        Effect.asVoid(
          perform(operationOf(commands[0] ?? []), () =>
            Promise.all(commands.map((command) => client.sendCommand<unknown>(command)))
          )
        ),
      sendForBytes: (command) => perform(operationOf(command), () => client.sendCommand<unknown>(command, bytes)),
      transaction: (commands) =>
        perform(operationOf(commands[0] ?? []), async () => {
          const each = [["MULTI"], ...commands, ["EXEC"]].map((command) => client.sendCommand<unknown>(command))
          const results = (await Promise.all(each)).at(-1)
          return Array.isArray(results) ? results : []
        })
    }
  })

// -----------------------------------------------------------------------------

const looks = 4

const options = (address: RedisAddress, signal: AbortSignal): RedisClientOptions => ({
  url: Redacted.value(address.url),
  RESP: 3,
  disableClientInfo: true,
  disableOfflineQueue: true,
  maintNotifications: "disabled",
  // One timer and one signal for each command cost more than all the rest of it; silence is noticed otherwise.
  commandOptions: { timeout: 0 },
  socket: { reconnectStrategy: false, connectTimeout: Duration.toMillis(address.timeout), signal }
})

const operationOf = (command: Command): string => `${String(command[0])} ${String(command[1] ?? "")}`.trim()

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message || cause.name : String(cause))
