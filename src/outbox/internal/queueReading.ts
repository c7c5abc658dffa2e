/**
 * What is asked of the queue: on the reading connection, so that nobody waits for a commit.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Database } from "../../database/Database.js"
import { MessageId } from "../../domain/Outbox.js"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import { priorities, type QueueStore, type StoredMessage } from "./queueStore.js"

const columns = `m.id, m.micros, m.revision, m.priority as rank, m.expires_at as expiresAt, m.text`

/** By the name of the uplink that is asked for, which may be null for any. */
const isSetAside = `m.id in (select s.message from set_aside s join uplinks u on u.id = s.uplink
  where u.name = coalesce(?, u.name))`
const isWaiting = `exists (select 1 from uplinks u join deliveries d
  on d.uplink = u.id and d.priority = m.priority and d.message = m.id where u.name = ?)`

export const make = ({ path, reader }: Database): Pick<QueueStore, "page" | "oldest" | "list" | "receipts"> => {
  const ask = <A extends object>(
    statement: string,
    values: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<A>, StorageFailed> =>
    Effect.mapError(reader.unsafe<A>(statement, values), (error: SqlError) => asStorageFailed("read", path)(error))

  const around = Effect.fnUntraced(function* (message: StoredMessage) {
    const waiting = yield* ask<{ name: string }>(
      `select u.name from uplinks u join deliveries d on d.uplink = u.id and d.priority = ? and d.message = ?
        order by u.name`,
      [message.rank, message.id]
    )
    const setAside = yield* ask<{ uplink: string; reason: string; at: number }>(
      `select u.name as uplink, s.reason, s.at from set_aside s join uplinks u on u.id = s.uplink where s.message = ?
        and s.uplink in (select id from uplinks) order by u.name`,
      [message.id]
    )
    return { ...message, waitingFor: waiting.map(({ name }) => name), setAside }
  })

  return {
    page: (uplink, { except, limit, upTo }) =>
      ask<StoredMessage>(
        `select ${columns} from deliveries d cross join messages m on m.id = d.message
          where d.uplink = ? and d.message <= ? and d.message not in (select value from json_each(?))
          order by d.priority, d.message limit ?`,
        [uplink, upTo, JSON.stringify(except), limit]
      ),
    oldest: (uplink) =>
      Effect.map(
        Effect.forEach(priorities, (_, rank) =>
          ask<{ micros: number }>(
            `select micros from messages where id = (select min(message) from deliveries where uplink = ? and priority = ?)`,
            [uplink, rank]
          )
        ),
        (found) => {
          const times = found.flat().map(({ micros }) => micros)
          return times.length === 0 ? null : Math.min(...times)
        }
      ),
    list: ({ after, limit, priority, setAside, uplink }) =>
      Effect.flatMap(
        ask<StoredMessage>(
          `select ${columns} from messages m where m.id > ? and m.priority = coalesce(?, m.priority)
            and ${setAside === true ? isSetAside : uplink === undefined ? "? is null" : isWaiting} order by m.id limit ?`,
          [after ?? 0, priority === undefined ? null : priorities.indexOf(priority), uplink ?? null, limit]
        ),
        Effect.forEach(around)
      ),
    receipts: ({ id, limit, uplink }) =>
      Effect.map(
        ask<{ id: number; uplink: string; micros: number; at: number }>(
          `select message as id, uplink, micros, confirmed_at as at from receipts
            where ${id === undefined ? "? is null" : "message = ?"} and uplink = coalesce(?, uplink)
            order by receipts.id desc limit ?`,
          [id ?? null, uplink ?? null, limit]
        ),
        (rows) =>
          rows.map((row) => ({
            id: MessageId.make(row.id, true),
            uplink: row.uplink,
            at: row.micros / 1e6,
            confirmed_at: row.at / 1000
          }))
      )
  }
}
