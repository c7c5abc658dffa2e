/**
 * The queue in SQLite, beside the archive. A batch is one transaction, within which its lines are appended to the archive, then
 * one sync of both at the same time. What a crash left in the archive alone is queued at the next start: its senders were
 * never told, so it goes out with ordinary priority, without an expiry, and with the revision noted last.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Database } from "../../database/Database.js"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import type { Archive, OpenDay } from "../Archive.js"
import { dayOf } from "../Archive.js"
import * as ArchiveLine from "../ArchiveLine.js"
import * as queueOrders from "./queueOrders.js"
import * as queueReading from "./queueReading.js"
import type { Batch, Figures, NewMessage, Outcome, QueueStore, UplinkCounts } from "./queueStore.js"
import * as replay from "./replay.js"
import { run } from "./withinTransaction.js"

/** Names of the steps of a commit, in order; fault tests stop the process at one of them. */
export type Step = "outbox.begin" | "outbox.changed" | "outbox.archived" | "outbox.committed" | "outbox.synced"

export interface Options {
  readonly database: Database
  readonly archive: Archive
  /** Receipts that are kept. */
  readonly receipts: number
  readonly step: ((step: Step) => void) | undefined
}

/** Rows of one statement; two sizes, so that few statements are prepared. */
const bulk = 50

export const make = (options: Options) =>
  Effect.gen(function* () {
    const { archive, database, step } = options
    const { durable, transaction, writer } = database
    const failed = <A, R>(operation: string, effect: Effect.Effect<A, SqlError | StorageFailed, R>) =>
      Effect.mapError(effect, (error) =>
        error._tag === "SqlError" ? asStorageFailed(operation, database.path)(error) : error
      )
    const at = (name: Step) => Effect.sync(() => step?.(name))
    const obey = queueOrders.make(options)
    const reading = queueReading.make(database)

    const uplinks = run<UplinkCounts>(
      `select id, name, waiting, set_aside as setAside, delivered, last_delivered_at as lastDeliveredAt from uplinks`
    )
    const figures = Effect.zipWith(run<Totals>(`select ${totals} from outbox`), uplinks, together)

    /** `remaining`: how many uplinks there are. */
    const insert = Effect.fnUntraced(function* (puts: ReadonlyArray<NewMessage>, remaining: number) {
      for (let from = 0; from < puts.length;) {
        const rows = puts.length - from >= bulk ? bulk : 1
        yield* run(
          rows === bulk ? insertMany : insertOne,
          ...puts
            .slice(from, from + rows)
            .flatMap((put) => [
              put.id,
              put.micros,
              put.revision,
              put.rank,
              put.expiresAt,
              put.bytes,
              remaining,
              put.text
            ])
        )
        from += rows
      }
    })

    /** As of the last commit: the day whose file was written, and the uplinks. Where only puts come, they need not be asked for. */
    let lastDay = ""
    let known = yield* failed("read", transaction(uplinks))
    /** Notes how much of the archive the queue knows, and the last number. */
    const note = Effect.fnUntraced(function* (day: string, length: number, last: NewMessage) {
      if (day !== lastDay) {
        yield* run(`insert or replace into archive_files (day, length) select day, length from outbox`)
        yield* run(`delete from archive_files where day = ?`, day)
      }
      return yield* run<Totals>(
        `update outbox set day = ?, length = ?, last_id = ?, revision = ? returning ${totals}`,
        day,
        length,
        last.id,
        last.revision
      )
    })

    /** `file`: where its lines go, or where they stand already. */
    const apply = ({ at: now, orders, puts }: Batch, file: OpenDay | undefined) =>
      transaction(
        Effect.gen(function* () {
          const counts: Array<number> = []
          for (const order of orders) counts.push(yield* obey(order, now))
          const last = puts.at(-1)
          if (file === undefined || last === undefined) return { counts, figures: yield* figures }
          const wanted = (orders.length > 0 ? yield* uplinks : known).length
          if (wanted > 0) yield* insert(puts, wanted)
          yield* at("outbox.changed")
          const length = yield* file.append(puts.map(lineOf).join(""))
          yield* at("outbox.archived")
          const due = orders.length > 0 ? yield* uplinks : later(known, puts.length)
          return { counts, figures: together(yield* note(file.day, length, last), due) }
        })
      ).pipe(
        Effect.tap(({ figures: { uplinks } }) =>
          Effect.sync(() => {
            lastDay = file?.day ?? lastDay
            known = uplinks
          })
        )
      )

    /** Its senders are told that it failed: it must not be sent all the same. */
    const undo = (puts: ReadonlyArray<NewMessage>) => {
      const range = [puts[0]?.id ?? 0, puts.at(-1)?.id ?? -1]
      return transaction(
        Effect.gen(function* () {
          yield* run(`delete from deliveries where message between ? and ?`, ...range)
          yield* run(`delete from messages where id between ? and ?`, ...range)
          known = yield* uplinks
        })
      ).pipe(Effect.ignoreLogged)
    }

    const commit = Effect.fnUntraced(function* (batch: Batch): Effect.fn.Return<Outcome, StorageFailed> {
      yield* at("outbox.begin")
      const file = batch.puts.length === 0 ? undefined : yield* archive.open(dayOf(batch.at))
      const outcome = yield* failed("queue", apply(batch, file)).pipe(
        Effect.tapErrorCause(() => file?.takeBack ?? Effect.void)
      )
      yield* at("outbox.committed")
      // Both at the same time.
      const archived = file === undefined ? Effect.void : yield* file.sync
      yield* Effect.flatMap(Effect.exit(durable), (queued) => Effect.zipRight(archived, queued)).pipe(
        Effect.tapErrorCause(() => Effect.zipRight(file?.takeBack ?? Effect.void, undo(batch.puts)))
      )
      yield* at("outbox.synced")
      return outcome
    }, Effect.withTracerEnabled(false))

    yield* failed("replay", replay.run({ archive, database, apply }))

    return {
      figures: failed("read", transaction(figures)),
      commit,
      ...reading,
      archived: archive.read,
      forget: (before) =>
        Effect.zipRight(
          archive.prune(before),
          failed("forget", writer.unsafe(`delete from archive_files where day < ?`, [before]))
        )
    } satisfies QueueStore
  })

// ------------------------------------------------------------------------------------------------------------------

type Totals = Omit<Figures, "uplinks">

const together = ([row]: ReadonlyArray<Totals>, uplinks: ReadonlyArray<UplinkCounts>): Figures => ({
  ...(row ?? { messages: 0, bytes: 0, dropped: 0, expired: 0, lastId: 0, nextExpiry: null }),
  uplinks
})

const totals = `messages, bytes, dropped, expired, last_id as lastId,
  (select min(expires_at) from messages where expires_at is not null) as nextExpiry`

/** Behind so many more messages. */
const later = (uplinks: ReadonlyArray<UplinkCounts>, messages: number) =>
  uplinks.map((uplink) => ({ ...uplink, waiting: uplink.waiting + messages }))

const insertOf = (rows: number) =>
  `insert into messages (id, micros, revision, priority, expires_at, bytes, remaining, text)
    values ${Array.from({ length: rows }, () => "(?,?,?,?,?,?,?,?)").join(",")}`
const insertOne = insertOf(1)
const insertMany = insertOf(bulk)

const lineOf = ({ micros, text }: NewMessage) => ArchiveLine.encode(micros / 1e6, text)
