/**
 * Windows on their way: claimed some at a time, asked for side by side, written, and what they came to noted together. The
 * steps work at the same time, joined by bounded mailboxes, so that neither the disk nor the source waits for the other, and
 * rows that are ready together share one commit.
 *
 * What is tricky:
 * - Nothing that was asked for is left without a note: writing and noting go on until the askers are down and all is noted,
 *   also after a failure or an interruption. Only where the noting itself fails is the rest let go.
 * - Of the windows that were answered only so many are held in memory: an asker does not go on before there is a place to
 *   write in.
 * - The next windows are claimed while the ones before are asked for. A claim says nothing of a window, so that those of a
 *   run that ends are left to the next one.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { TimeRange } from "../../domain/TimeRange.js"
import type { Outgoing } from "../../outgoing/Outgoing.js"
import type { SourceError } from "../../source/SourceError.js"
import type { Attempt } from "../ChunkBook.js"
import type { Answered, Asked } from "../WindowFetch.js"

type Failed = StorageFailed | SourceError

export interface Steps {
  readonly claim: (windows: ReadonlyArray<TimeRange>) => Effect.Effect<ReadonlyArray<Attempt>, StorageFailed>
  /** An attempt that is interrupted is noted by itself. */
  readonly ask: (attempt: Attempt) => Effect.Effect<Answered, StorageFailed, Outgoing>
  readonly note: (asked: ReadonlyArray<Asked>) => Effect.Effect<void, StorageFailed>
  /** Why nothing more is to be asked for after this. */
  readonly ending: (asked: Asked) => SourceError | undefined
  /** How many windows are asked for at the same time. */
  readonly concurrency: number
}

/** Fails where a step fails, or where an answer is the end of it. */
export const run = (
  windows: Iterable<TimeRange>,
  { ask, claim, concurrency, ending, note }: Steps
): Effect.Effect<void, Failed, Outgoing> =>
  Effect.gen(function* () {
    const claimed = yield* Mailbox.make<Attempt>(claimedAtOnce(concurrency))
    const asked = yield* Mailbox.make<Asked>(onTheirWay)
    const unwritten = yield* Deferred.make<never, StorageFailed>()
    const places = yield* Effect.makeSemaphore(concurrency + besides)
    const scope = yield* Effect.scope

    const claiming = Stream.fromIterable(windows).pipe(
      Stream.grouped(claimedAtOnce(concurrency)),
      Stream.runForEach((group) => Effect.flatMap(claim([...group]), (all) => claimed.offerAll(all))),
      Effect.zipRight(claimed.end)
    )
    const write = (writing: Effect.Effect<Asked, StorageFailed>) =>
      writing.pipe(
        Effect.matchCauseEffect({
          onFailure: (cause) => Deferred.failCause(unwritten, cause),
          onSuccess: (answer) => asked.offer(answer)
        }),
        Effect.ensuring(places.release(1)),
        Effect.forkIn(scope)
      )
    const askOne = (attempt: Attempt) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(ask(attempt)), (answer) => {
          if (answer._tag === "Unwritten") return Effect.zipRight(places.take(1), write(answer.write))
          const error = ending(answer)
          return Effect.zipRight(asked.offer(answer), error === undefined ? Effect.void : Effect.fail(error))
        })
      )
    const asking: Effect.Effect<void, Failed, Outgoing> = Effect.matchEffect(claimed.take, {
      onFailure: () => Effect.void,
      onSuccess: (attempt) =>
        Effect.zipRight(
          askOne(attempt),
          Effect.suspend(() => asking)
        )
    })
    const askers = Array.from({ length: concurrency }, () => asking)
    const noting: Effect.Effect<void, StorageFailed> = Effect.flatMap(asked.takeAll, ([answers, isLast]) =>
      Effect.zipRight(
        answers.length === 0 ? Effect.void : note([...answers]),
        isLast ? Effect.void : Effect.suspend(() => noting)
      )
    )
    yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const noter = yield* Effect.forkScoped(Effect.onError(noting, () => asked.shutdown))
        const all = Effect.all([claiming, ...askers], { concurrency: "unbounded", discard: true })
        const work = yield* Effect.forkIn(restore(all), scope)
        const ends = [Fiber.join(work), Fiber.join(noter), Deferred.await(unwritten)]
        const exit = yield* Effect.exit(restore(Effect.raceAll(ends.map(Effect.exit))))
        yield* Fiber.interrupt(work)
        yield* places.take(concurrency + besides)
        yield* asked.end
        yield* Fiber.join(noter)
        if (yield* Deferred.isDone(unwritten)) yield* Deferred.await(unwritten)
        yield* Exit.flatten(exit)
      })
    )
  }).pipe(Effect.scoped)

// -----------------------------------------------------------------------------

/** Outcomes that wait for the disk while the next windows are asked for. */
const onTheirWay = 512

/** Windows that are written at the same time, beside one for each asker. */
const besides = 3

/** Windows that are claimed in one commit. */
const claimedAtOnce = (concurrency: number): number => Math.min(256, Math.max(16, concurrency * 8))
