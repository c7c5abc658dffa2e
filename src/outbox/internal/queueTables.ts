/**
 * The tables of the queue. A message that comes in is due for every uplink there is; figures are kept by triggers, so that
 * nothing is ever counted.
 *
 * @internal
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type { Migrations } from "../../database/Database.js"

const tables: ReadonlyArray<string> = [
  // `remaining`: how many uplinks have not delivered it. Priorities are ranks, the lowest leaves first.
  `create table messages (
    id integer primary key, micros integer not null, revision integer not null, priority integer not null,
    expires_at integer, bytes integer not null, remaining integer not null, text text not null) strict`,
  `create index messages_by_priority on messages (priority)`,
  `create index messages_by_expiry on messages (expires_at) where expires_at is not null`,
  // A number of an uplink is not used again: what is under way for one that is gone must not count for the next.
  `create table uplinks (
    id integer primary key autoincrement, name text not null unique, waiting integer not null default 0,
    set_aside integer not null default 0, delivered integer not null default 0, last_delivered_at integer) strict`,
  `create table deliveries (
    uplink integer not null, priority integer not null, message integer not null,
    primary key (uplink, priority, message)) strict, without rowid`,
  `create table set_aside (
    uplink integer not null, message integer not null, reason text not null, at integer not null,
    primary key (uplink, message)) strict, without rowid`,
  `create table receipts (
    id integer primary key autoincrement, uplink text not null, message integer not null, micros integer not null,
    confirmed_at integer not null) strict`,
  `create index receipts_by_message on receipts (message)`,
  // `day` and `length`: the file of the archive that was written last, and how much of it the queue knows.
  `create table outbox (
    one integer primary key check (one = 1), messages integer not null, bytes integer not null,
    dropped integer not null, expired integer not null, last_id integer not null, revision integer not null,
    day text not null, length integer not null) strict`,
  // How much the queue knows of the others.
  `create table archive_files (day text primary key, length integer not null) strict, without rowid`
]

const trigger = (name: string, on: string, statement: string) =>
  `create trigger ${name} after ${on} begin ${statement}; end`

const triggers: ReadonlyArray<string> = [
  trigger(
    "message_wanted",
    "insert on messages",
    "insert into deliveries (uplink, priority, message) select id, new.priority, new.id from uplinks"
  ),
  trigger(
    "message_in",
    "insert on messages",
    "update outbox set messages = messages + 1, bytes = bytes + new.bytes where one = 1"
  ),
  trigger(
    "message_out",
    "delete on messages",
    "update outbox set messages = messages - 1, bytes = bytes - old.bytes where one = 1"
  ),
  trigger("delivery_in", "insert on deliveries", "update uplinks set waiting = waiting + 1 where id = new.uplink"),
  trigger("delivery_out", "delete on deliveries", "update uplinks set waiting = waiting - 1 where id = old.uplink"),
  trigger("aside_in", "insert on set_aside", "update uplinks set set_aside = set_aside + 1 where id = new.uplink"),
  trigger("aside_out", "delete on set_aside", "update uplinks set set_aside = set_aside - 1 where id = old.uplink")
]

export const migrations: Migrations = {
  "0001_outbox": Effect.flatMap(SqlClient, (sql) =>
    Effect.forEach([...tables, ...triggers], (statement) => sql.unsafe(statement), { discard: true })
  )
}
