/**
 * What every source of frames that ships keeps to: settings are refused by field, frames come in order and unchanged, it stops at
 * any time and leaves nothing behind, the end of its peer has a reason, and what nobody takes stays within bounds.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Scope } from "effect"
import { readdirSync } from "node:fs"
import type { Message } from "../../src/source/FrameSeries.js"
import type { FrameReader, PreparedSource, Source } from "../../src/source/Source.js"
import type { SourceError } from "../../src/source/SourceError.js"
import { drained, taken } from "../support/TakenFrames.js"

/** Who sends. */
export interface Peer {
  readonly settings: unknown
  /** What is sent, as the frames that are to come of it. */
  readonly frames: ReadonlyArray<Message>
  /** Done when sent; called once the source is open. */
  readonly send: Effect.Effect<void>
  /** Goes away. */
  readonly leave?: Effect.Effect<void>
  /** Sends until no more is taken from it; says how many bytes that were. */
  readonly flood?: Effect.Effect<number>
}

export interface Subject<R = never> {
  readonly source: Source<R>
  /** Settings that do not decode, and the field that is wrong. */
  readonly refused: ReadonlyArray<readonly [settings: unknown, field: string]>
  readonly peer: Effect.Effect<Peer, never, Scope.Scope>
  /** What the end of the peer becomes; absent where there is no connection, or a library makes it again by itself. */
  readonly ending?: SourceError["reason"]
  readonly provide: <A, E>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E>
}

/** A source has so long to stop, in ms. */
const promptly = 100

/** Whatever was not taken of a flood has to be less, in bytes: buffers of both systems included. */
const floodBound = 24 * 2 ** 20

export const suite = <R = never>(name: string, subject: Subject<R>) => {
  const { ending, peer, provide, refused, source } = subject
  const prepare = (settings: unknown) => provide(source.prepare(settings))

  describe(name, () => {
    it("introduces itself", () => {
      assert.match(source.name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
      assert.match(source.description, /^[A-Z].{10,99}[^.]$/)
    })

    it.scoped("refuses settings by field, and keys that it does not know", () =>
      Effect.gen(function* () {
        const { settings } = yield* peer
        const stray = [{ ...Object(settings), colour: "red" }, "colour"] as const
        for (const [wrong, field] of [...refused, stray]) {
          const error = yield* Effect.flip(prepare(wrong))
          assert.strictEqual(error.reason, "Misconfigured")
          assert.include(error.detail, field)
        }
      })
    )

    it.scopedLive("hands over what is sent, in order and unchanged", () =>
      Effect.gen(function* () {
        const { frames, send, settings } = yield* peer
        const reader = yield* (yield* prepare(settings)).open
        yield* send
        const got = yield* taken(reader, frames.length)
        assert.deepStrictEqual(
          got.map(({ parts }) => parts.map((part) => Buffer.from(part))),
          frames.map((parts) => parts.map((part) => Buffer.from(part)))
        )
      })
    )

    it.scopedLive("stops at once while it waits, and while it is sent to", () =>
      Effect.gen(function* () {
        const { flood = Effect.succeed(0), send, settings } = yield* peer
        const prepared = yield* prepare(settings)
        const waiting = yield* openedIn(prepared)
        const fiber = yield* Effect.fork(drained(waiting.reader))
        yield* Effect.sleep("20 millis")
        assert.isBelow(yield* timed(fiber.interruptAsFork(fiber.id())), promptly)
        yield* Effect.fork(Effect.zipRight(send, flood))
        yield* Effect.sleep("20 millis")
        assert.isBelow(yield* timed(waiting.close), promptly)
      })
    )

    it.scopedLive("leaves nothing behind, however often it is opened", () =>
      Effect.gen(function* () {
        const { settings } = yield* peer
        const prepared = yield* prepare(settings)
        const once = Effect.scoped(prepared.open)
        yield* once
        yield* Effect.sleep("30 millis")
        const before = held()
        for (let round = 0; round < 20; round++) yield* once
        // The operating system and the library close in their own time.
        for (let wait = 0; wait < 50 && held() > before; wait++) yield* Effect.sleep("20 millis")
        assert.isAtMost(held(), before)
      })
    )

    if (ending !== undefined) {
      it.scopedLive(`the end of its peer is ${ending}, told behind every frame, and stays`, () =>
        Effect.gen(function* () {
          const { frames, leave = Effect.void, send, settings } = yield* peer
          const reader = yield* (yield* prepare(settings)).open
          yield* send
          yield* leave
          const { end, items } = yield* drained(reader)
          assert.strictEqual(items.length, frames.length)
          assert.strictEqual(end.reason, ending)
          assert.strictEqual((yield* Effect.flip(reader.take)).reason, ending)
        })
      )
    }

    it.scopedLive("keeps no more than it may of what nobody takes", (context) =>
      Effect.gen(function* () {
        const { flood, settings } = yield* peer
        if (flood === undefined) return context.skip()
        yield* (yield* prepare(settings)).open
        const sent = yield* flood
        assert.isAbove(sent, 0)
        assert.isBelow(sent, floodBound)
      })
    )
  })
}

// ---------------------------------------------------------------------------------------------------------------------

/** Descriptors of this process. */
const held = (): number => readdirSync("/proc/self/fd").length

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toMillis(duration))

const openedIn = (prepared: PreparedSource) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const reader: FrameReader = yield* Scope.extend(prepared.open, scope)
    return { reader, close: Scope.close(scope, Exit.void) }
  })
