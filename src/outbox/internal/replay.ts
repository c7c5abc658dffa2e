/**
 * What the archive has and the queue does not know is queued: a crash came between the two. Files of other days than the last
 * ones, put there by someone, are left alone.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { SqlError } from "@effect/sql/SqlError"
import type { Database } from "../../database/Database.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Archive, OpenDay } from "../Archive.js"
import * as ArchiveLine from "../ArchiveLine.js"
import { type Batch, priorities, type NewMessage } from "./queueStore.js"

interface Options {
  readonly archive: Archive
  readonly database: Database
  readonly apply: (batch: Batch, file: OpenDay) => Effect.Effect<unknown, SqlError | StorageFailed>
}

/** Messages of one transaction. */
const portion = 5_000

export const run = Effect.fnUntraced(function* ({ apply, archive, database }: Options) {
  const { writer } = database
  const files = yield* archive.files
  const [known] = yield* writer.unsafe<{ day: string; length: number; last_id: number; revision: number }>(
    `select day, length, last_id, revision from outbox`
  )
  const now = yield* Clock.currentTimeMillis
  if (known === undefined) {
    // A queue that was lost may have given out any number: those of the new one begin where no old one has come to.
    const [first, newest] = [files.length === 0 ? 0 : Math.floor(now / 1000), files.at(-1)]
    yield* writer.unsafe(
      `insert into outbox (one, messages, bytes, dropped, expired, last_id, revision, day, length)
        values (1, 0, 0, 0, 0, ?, -1, ?, ?)`,
      [first, newest?.day ?? "", newest?.length ?? 0]
    )
    yield* Effect.forEach(files.slice(0, -1), ({ day, length }) =>
      writer.unsafe(`insert into archive_files (day, length) values (?, ?)`, [day, length])
    )
    return
  }
  const others = yield* writer.unsafe<{ day: string; length: number }>(`select day, length from archive_files`)
  const lengths = new Map([...others, known].map(({ day, length }) => [day, length]))
  let last = known.last_id
  const stored = (id: number, { text, timestamp }: ArchiveLine.ArchivedLine): NewMessage => ({
    id,
    micros: Math.round(timestamp * 1e6),
    revision: known.revision,
    rank: priorities.indexOf("normal"),
    expiresAt: null,
    text,
    bytes: Buffer.byteLength(text)
  })
  for (const { day, length } of files) {
    const from = lengths.get(day) ?? (day > known.day ? 0 : length)
    if (length <= from) continue
    const file = yield* archive.open(day)
    const lines = yield* archive.lines(day, from)
    for (let done = 0; done < lines.length; done += portion) {
      const some = lines.slice(done, done + portion)
      const puts = some.flatMap(({ line }) =>
        Option.toArray(Option.map(Either.getRight(ArchiveLine.decode(line)), (message) => stored(++last, message)))
      )
      // They stand there already: nothing is appended.
      const standing = { ...file, append: () => Effect.succeed(some.at(-1)?.end ?? from) }
      yield* apply({ at: now, orders: [], puts }, standing)
    }
    yield* Effect.logWarning(`${lines.length} messages of ${day} were archived when the site died: they are queued now`)
  }
  yield* database.durable
})
