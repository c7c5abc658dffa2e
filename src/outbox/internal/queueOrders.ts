/**
 * What each order does to the tables, within the transaction of its batch. Answers how many messages it concerned.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { RetrySelection } from "../../domain/Outbox.js"
import { Order, priorities } from "./queueStore.js"
import { run } from "./withinTransaction.js"

/** So many messages leave at a time where there may be more. */
const portion = 1_000

export const make = (options: { readonly receipts: number }) => {
  const listed = (ids: ReadonlyArray<number>) => JSON.stringify(ids)

  /** Messages leave the queue, whoever has not delivered them. */
  const remove = Effect.fnUntraced(function* (ids: ReadonlyArray<number>, counted: "dropped" | "expired") {
    if (ids.length === 0) return 0
    const which = listed(ids)
    yield* run(
      `delete from deliveries where (uplink, priority, message) in (
        select u.id, m.priority, m.id from json_each(?) j join messages m on m.id = j.value cross join uplinks u)`,
      which
    )
    yield* run(
      `delete from set_aside where (uplink, message) in (select u.id, j.value from json_each(?) j cross join uplinks u)`,
      which
    )
    yield* run(`delete from messages where id in (select value from json_each(?))`, which)
    yield* run(`update outbox set ${counted} = ${counted} + ?`, ids.length)
    return ids.length
  })

  /** One uplink less wants these; who is the last lets them go. */
  const letGo = (ids: string) =>
    Effect.zipRight(
      run(`delete from messages where id in (select value from json_each(?)) and remaining <= 1`, ids),
      run(`update messages set remaining = remaining - 1 where id in (select value from json_each(?))`, ids)
    )

  const deliver = Effect.fnUntraced(function* (uplink: number, ids: ReadonlyArray<number>, at: number) {
    const rows = yield* run<{ id: number }>(
      `delete from deliveries where uplink = ? and (priority, message) in (
        select m.priority, m.id from json_each(?) j cross join messages m on m.id = j.value) returning message as id`,
      uplink,
      listed(ids)
    )
    if (rows.length === 0) return 0
    const done = listed(rows.map(({ id }) => id))
    yield* run(
      `insert into receipts (uplink, message, micros, confirmed_at)
        select u.name, m.id, m.micros, ? from json_each(?) j cross join messages m on m.id = j.value
        join uplinks u on u.id = ?`,
      at,
      done,
      uplink
    )
    yield* run(`delete from receipts where id <= (select max(id) from receipts) - ?`, options.receipts)
    yield* letGo(done)
    yield* run(
      `update uplinks set delivered = delivered + ?, last_delivered_at = ? where id = ?`,
      rows.length,
      at,
      uplink
    )
    return rows.length
  })

  const reject = Effect.fnUntraced(function* (uplink: number, id: number, reason: string, at: number) {
    const rows = yield* run(
      `delete from deliveries where uplink = ? and message = ?
        and priority = (select priority from messages where id = ?) returning message`,
      uplink,
      id,
      id
    )
    if (rows.length > 0) {
      yield* run(
        `insert into set_aside (uplink, message, reason, at) values (?, ?, ?, ?)`,
        uplink,
        id,
        reason.slice(0, 1_000),
        at
      )
    }
    return rows.length
  })

  const retry = Effect.fnUntraced(function* ({ ids, uplink }: RetrySelection) {
    const chosen = `uplink in (select id from uplinks where name = coalesce(?, name))
      and (? or message in (select value from json_each(?)))`
    const values = [uplink ?? null, ids === undefined ? 1 : 0, listed(ids ?? [])]
    yield* run(
      `insert into deliveries (uplink, priority, message)
        select s.uplink, m.priority, m.id from set_aside s join messages m on m.id = s.message where ${chosen}`,
      ...values
    )
    return (yield* run(`delete from set_aside where ${chosen} returning message`, ...values)).length
  })

  const retain = Effect.fnUntraced(function* (uplinks: ReadonlyArray<string>) {
    const gone = yield* run<{ id: number }>(
      `select id from uplinks where name not in (select value from json_each(?))`,
      JSON.stringify(uplinks)
    )
    for (const { id } of gone) {
      const held = yield* run<{ id: number }>(
        `select message as id from deliveries where uplink = ? union all select message from set_aside where uplink = ?`,
        id,
        id
      )
      yield* run(`delete from deliveries where uplink = ?`, id)
      yield* run(`delete from set_aside where uplink = ?`, id)
      yield* letGo(listed(held.map((row) => row.id)))
      yield* run(`delete from uplinks where id = ?`, id)
    }
    return gone.length
  })

  const makeRoom = Effect.fnUntraced(function* (room: Extract<Order, { readonly _tag: "MakeRoom" }>) {
    const victims: Array<number> = []
    let bytes = 0
    for (let rank = priorities.length - 1; rank >= Math.max(room.rank, 1); rank--) {
      let after = 0
      while (victims.length < room.messages || bytes < room.bytes) {
        const rows = yield* run<{ id: number; bytes: number }>(
          `select id, bytes from messages where priority = ? and id > ? and id not in (select value from json_each(?))
            order by id limit ?`,
          rank,
          after,
          listed(room.except),
          portion
        )
        for (const row of rows) {
          if (victims.length >= room.messages && bytes >= room.bytes) break
          victims.push(row.id)
          bytes += row.bytes
        }
        const last = rows.at(-1)
        if (last === undefined) break
        after = last.id
      }
    }
    const enough = victims.length >= room.least.messages && bytes >= room.least.bytes
    return enough ? yield* remove(victims, "dropped") : 0
  })

  const expire = (except: ReadonlyArray<number>, at: number) =>
    run<{ id: number }>(
      `select id from messages where expires_at <= ? and id not in (select value from json_each(?)) limit ?`,
      at,
      listed(except),
      portion
    ).pipe(
      Effect.map((rows) => rows.map(({ id }) => id)),
      Effect.flatMap((ids) => remove(ids, "expired"))
    )

  const prune = Effect.fnUntraced(function* (before: number) {
    const old = yield* run<{ id: number }>(`delete from set_aside where at < ? returning message as id`, before)
    yield* Effect.forEach(old, ({ id }) => letGo(listed([id])), { discard: true })
    yield* run(`delete from receipts where confirmed_at < ?`, before)
    return old.length
  })

  return (order: Order, at: number): Effect.Effect<number, SqlError> =>
    Order.$match(order, {
      Register: ({ uplink }) =>
        Effect.map(
          run(`insert into uplinks (name) values (?) on conflict (name) do nothing returning id`, uplink),
          (rows) => rows.length
        ),
      Retain: ({ uplinks }) => retain(uplinks),
      Deliver: ({ ids, uplink }) => deliver(uplink, ids, at),
      Reject: ({ id, reason, uplink }) => reject(uplink, id, reason, at),
      Retry: retry,
      Expire: ({ except }) => expire(except, at),
      MakeRoom: makeRoom,
      Prune: ({ before }) => prune(before)
    })
}
