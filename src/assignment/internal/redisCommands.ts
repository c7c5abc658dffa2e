/**
 * The connection that all commands of an ensemble share, but for reads that wait. It is opened by the first command, and
 * again by the first one after it was lost. Who comes while it is being opened shares the outcome of that attempt, so that no
 * crowd of callers tries one after the other; an attempt belongs to the ensemble, so that a caller can leave at once and the
 * end of the ensemble ends the attempt.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import * as ScopedRef from "effect/ScopedRef"
import { EnsembleUnreachable } from "../EnsembleError.js"
import * as redisLink from "./redisLink.js"

export type RedisCommands = Pick<redisLink.RedisLink, "send" | "sendAll" | "sendForBytes" | "transaction"> & {
  /** All keys that match, found in steps that hold up no one else. */
  readonly scan: (pattern: string) => Effect.Effect<ReadonlyArray<string>, EnsembleUnreachable>
  /** Takes keys away, many or none. */
  readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<void, EnsembleUnreachable>
}

export const make = (address: redisLink.RedisAddress): Effect.Effect<RedisCommands, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const current = yield* ScopedRef.make((): redisLink.RedisLink | undefined => undefined)
    type Outcome = Deferred.Deferred<redisLink.RedisLink | undefined, EnsembleUnreachable>
    let attempt: Outcome | undefined = undefined

    /** Callers go on in the order in which they came, which observers of a fiber do not. */
    const open = Effect.uninterruptible(
      ScopedRef.set(current, Effect.interruptible(redisLink.open(address))).pipe(
        Effect.zipRight(ScopedRef.get(current)),
        Effect.forkIn(scope),
        Effect.map((fiber) => {
          const outcome: Outcome = Deferred.unsafeMake(FiberId.none)
          attempt = outcome
          fiber.addObserver((exit) => {
            attempt = undefined
            Deferred.unsafeDone(outcome, exit)
          })
          return outcome
        })
      )
    )
    const closed = new EnsembleUnreachable({
      operation: "connect",
      address: redisLink.nameOf(address.url),
      reason: "the ensemble is closed"
    })
    const opened = Effect.suspend(() => (attempt === undefined ? open : Effect.succeed(attempt))).pipe(
      Effect.flatMap((outcome) => Effect.exit(Deferred.await(outcome))),
      Effect.flatMap((exit) => (Exit.isInterrupted(exit) ? closed : exit)),
      Effect.flatMap((link) => (link === undefined ? closed : Effect.succeed(link)))
    )
    const link = Effect.flatMap(ScopedRef.get(current), (found) =>
      found?.alive() === true ? Effect.succeed(found) : opened
    )

    const send = (command: redisLink.Command) => Effect.flatMap(link, (found) => found.send(command))

    return {
      send,
      sendAll: (commands) => Effect.flatMap(link, (found) => found.sendAll(commands)),
      sendForBytes: (command) => Effect.flatMap(link, (found) => found.sendForBytes(command)),
      transaction: (commands) => Effect.flatMap(link, (found) => found.transaction(commands)),
      scan: Effect.fn("Redis.scan")(function* (pattern) {
        const keys = new Set<string>()
        let cursor = "0"
        do {
          const answer = yield* send(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"])
          const [next, page] = Array.isArray(answer) ? answer : []
          cursor = typeof next === "string" ? next : "0"
          for (const key of texts(page)) keys.add(key)
        } while (cursor !== "0")
        return [...keys]
      }),
      remove: (keys) => (keys.length === 0 ? Effect.void : Effect.asVoid(send(["DEL", ...keys])))
    }
  })

// -----------------------------------------------------------------------------

const texts = (answer: unknown): ReadonlyArray<string> =>
  Array.isArray(answer) ? answer.filter((item) => typeof item === "string") : []
