/**
 * The logs of an ensemble as streams of Redis. What does not decode is told once, where it stands, and left out.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AssignmentLog } from "../AssignmentLog.js"
import { keptUpdates } from "../Ensemble.js"
import { EnsembleLog, isAtLeast, keptLines } from "../EnsembleLog.js"
import { ReadyLog } from "../ReadyLog.js"
import { UpdateLog } from "../UpdateLog.js"
import * as assignmentReading from "./assignmentReading.js"
import type { RedisCommands } from "./redisCommands.js"
import * as redisKeys from "./redisKeys.js"
import type { RedisAddress } from "./redisLink.js"
import * as redisReader from "./redisReader.js"
import * as wireForms from "./wireForms.js"

export const assignmentLog = (address: RedisAddress, redis: RedisCommands): AssignmentLog["Type"] =>
  AssignmentLog.of({
    append: (mapping, assignments) =>
      Effect.asVoid(
        Effect.suspend(() =>
          redis.send(["XADD", redisKeys.assigned(mapping), "*", "data", wireForms.assignments(assignments)])
        )
      ),
    read: (mapping) => {
      const key = redisKeys.assigned(mapping)
      const entries = decoded(key, redisReader.read(address, key, "first"), (entry) =>
        wireForms.readAssignments(redisReader.dataOf(entry))
      )
      return assignmentReading.inOrder(
        mapping,
        Stream.mapChunks(entries, (chunk) => Chunk.unsafeFromArray(Chunk.toReadonlyArray(chunk).flat()))
      )
    },
    remove: (mapping) => redis.remove([redisKeys.assigned(mapping)]),
    clear: Effect.flatMap(redis.scan(redisKeys.assigned("*")), redis.remove)
  })

export const readyLog = (address: RedisAddress, redis: RedisCommands): ReadyLog["Type"] =>
  ReadyLog.of({
    append: (mapping, ...updates) =>
      Effect.suspend(() => {
        const key = redisKeys.ready(mapping)
        return redis.sendAll(updates.map((update) => ["XADD", key, "*", "data", wireForms.report(update)]))
      }),
    read: (mapping) => {
      const key = redisKeys.ready(mapping)
      return decoded(key, redisReader.read(address, key, "first"), (entry) =>
        wireForms.readReport(redisReader.dataOf(entry))
      )
    },
    remove: (mapping) => redis.remove([redisKeys.ready(mapping), redisKeys.readyBeforeAny]),
    clear: Effect.flatMap(redis.scan(redisKeys.ready("*")), redis.remove)
  })

export const updateLog = (address: RedisAddress, redis: RedisCommands): UpdateLog["Type"] =>
  UpdateLog.of({
    append: (update) =>
      Effect.asVoid(
        Effect.suspend(() =>
          redis.send(["XADD", redisKeys.updates, ...about(keptUpdates), "*", "data", wireForms.update(update)])
        )
      ),
    newest: Effect.map(redis.send(["XREVRANGE", redisKeys.updates, "+", "-", "COUNT", "1"]), (answer) =>
      Option.flatMap(Option.fromNullable(redisReader.entriesOf(answer)[0]), (entry) =>
        Either.getRight(wireForms.readUpdate(redisReader.dataOf(entry)))
      )
    ),
    read: decoded(redisKeys.updates, redisReader.read(address, redisKeys.updates, "newest"), (entry) =>
      wireForms.readUpdate(redisReader.dataOf(entry))
    ),
    remove: redis.remove([redisKeys.updates])
  })

export const ensembleLog = (address: RedisAddress, redis: RedisCommands): EnsembleLog["Type"] => {
  const line = (entry: redisReader.Entry) => wireForms.readLogLine(entry.fields)
  return EnsembleLog.of({
    append: (said) =>
      Effect.asVoid(redis.send(["XADD", redisKeys.logs, ...about(keptLines), "*", ...wireForms.logFields(said)])),
    recent: (level) =>
      Effect.map(redis.send(["XREVRANGE", redisKeys.logs, "+", "-", "COUNT", String(2 * keptLines)]), (answer) =>
        redisReader
          .entriesOf(answer)
          .flatMap((entry) => Either.match(line(entry), { onLeft: () => [], onRight: (read) => [read] }))
          .filter(isAtLeast(level))
          .reverse()
      ),
    follow: decoded(redisKeys.logs, redisReader.read(address, redisKeys.logs, "next"), line)
  })
}

// -----------------------------------------------------------------------------

/** Keeps the newest so many; Redis may keep some more, which is far cheaper for it. */
const about = (count: number): ReadonlyArray<string> => ["MAXLEN", "~", String(count)]

const decoded = <A>(
  key: string,
  entries: Stream.Stream<redisReader.Entry>,
  read: (entry: redisReader.Entry) => wireForms.Read<A>
): Stream.Stream<A> =>
  Stream.mapChunksEffect(entries, (chunk) =>
    Effect.suspend(() => {
      const good: Array<A> = []
      const bad: Array<string> = []
      for (const entry of chunk)
        Either.match(read(entry), {
          onLeft: (reason) => bad.push(`${key} ${entry.id}: left out: ${reason}`),
          onRight: (value) => good.push(value)
        })
      const taken = Chunk.unsafeFromArray(good)
      return bad.length === 0
        ? Effect.succeed(taken)
        : Effect.as(
            Effect.forEach(bad, (line) => Effect.logWarning(line), { discard: true }),
            taken
          )
    })
  )
