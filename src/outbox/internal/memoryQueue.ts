/**
 * The queue in memory: the reference of what the one in SQLite has to do.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { MessageId, type Receipt, type RetrySelection } from "../../domain/Outbox.js"
import { dayOf } from "../Archive.js"
import type { ArchivedLine } from "../ArchiveLine.js"
import * as MessageText from "../MessageText.js"
import {
  type Batch,
  type Figures,
  type NewMessage,
  Order,
  priorities,
  type QueueStore,
  type UplinkCounts
} from "./queueStore.js"

interface Uplink {
  readonly id: number
  readonly name: string
  readonly waiting: Set<number>
  readonly setAside: Map<number, { readonly reason: string; readonly at: number }>
  delivered: number
  lastDeliveredAt: number | null
}

export const make = (options: { readonly receipts: number }): QueueStore => {
  const messages = new Map<number, NewMessage>()
  const uplinks: Array<Uplink> = []
  let receipts: Array<Receipt> = []
  let archive: Array<ArchivedLine & { readonly day: string }> = []
  let [dropped, expired, lastId, lastUplink] = [0, 0, 0, 0]

  const inOrder = (ids: Iterable<number>) =>
    [...ids].flatMap((id) => messages.get(id) ?? []).sort((a, b) => a.rank - b.rank || a.id - b.id)

  const counts = (uplink: Uplink): UplinkCounts => ({
    ...uplink,
    waiting: uplink.waiting.size,
    setAside: uplink.setAside.size
  })

  const figures = (): Figures => {
    const expiries = [...messages.values()].flatMap(({ expiresAt }) => expiresAt ?? [])
    return {
      uplinks: uplinks.map(counts),
      messages: messages.size,
      bytes: [...messages.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      dropped,
      expired,
      lastId,
      nextExpiry: expiries.length === 0 ? null : Math.min(...expiries)
    }
  }

  /** Messages that no uplink wants any more. */
  const sweep = () => {
    for (const id of messages.keys()) {
      if (!uplinks.some(({ setAside, waiting }) => waiting.has(id) || setAside.has(id))) messages.delete(id)
    }
  }

  const remove = (ids: ReadonlyArray<number>) => {
    for (const id of ids) {
      messages.delete(id)
      for (const { setAside, waiting } of uplinks) {
        waiting.delete(id)
        setAside.delete(id)
      }
    }
    return ids.length
  }

  const deliver = (id: number, ids: ReadonlyArray<number>, at: number) => {
    const uplink = uplinks.find((each) => each.id === id)
    if (uplink === undefined) return 0
    const done = ids.filter((each) => uplink.waiting.delete(each))
    for (const { id: number, micros } of inOrder(done)) {
      const receipt = { id: MessageId.make(number), uplink: uplink.name, at: micros / 1e6, confirmed_at: at / 1000 }
      receipts.push(receipt)
    }
    receipts = receipts.slice(-options.receipts)
    uplink.delivered += done.length
    if (done.length > 0) uplink.lastDeliveredAt = at
    sweep()
    return done.length
  }

  const makeRoom = (room: Extract<Order, { readonly _tag: "MakeRoom" }>) => {
    const victims: Array<number> = []
    let bytes = 0
    const lowestFirst = [...messages.values()].sort((a, b) => b.rank - a.rank || a.id - b.id)
    for (const message of lowestFirst) {
      if (victims.length >= room.messages && bytes >= room.bytes) break
      if (message.rank < Math.max(room.rank, 1) || room.except.includes(message.id)) continue
      victims.push(message.id)
      bytes += message.bytes
    }
    return victims.length >= room.least.messages && bytes >= room.least.bytes ? remove(victims) : 0
  }

  const reject = (id: number, message: number, reason: string, at: number) => {
    const uplink = uplinks.find((each) => each.id === id)
    if (uplink?.waiting.delete(message) !== true) return 0
    uplink.setAside.set(message, { reason, at })
    return 1
  }

  const retry = ({ ids, uplink: name }: RetrySelection) => {
    let count = 0
    for (const { name: own, setAside, waiting } of uplinks) {
      if (name !== undefined && name !== own) continue
      for (const id of setAside.keys()) {
        if (ids !== undefined && !ids.some((wanted) => wanted === id)) continue
        setAside.delete(id)
        waiting.add(id)
        count++
      }
    }
    return count
  }

  const retain = (names: ReadonlyArray<string>) => {
    const gone = uplinks.filter(({ name }) => !names.includes(name))
    for (const uplink of gone) uplinks.splice(uplinks.indexOf(uplink), 1)
    sweep()
    return gone.length
  }

  const register = (name: string) => {
    if (uplinks.some((uplink) => uplink.name === name)) return 0
    const id = ++lastUplink
    uplinks.push({ id, name, waiting: new Set(), setAside: new Map(), delivered: 0, lastDeliveredAt: null })
    return 1
  }

  const prune = (before: number) => {
    let count = 0
    for (const { setAside } of uplinks) {
      for (const [id, { at }] of setAside) if (at < before && setAside.delete(id)) count++
    }
    sweep()
    receipts.splice(
      0,
      Math.max(
        0,
        receipts.findIndex(({ confirmed_at }) => confirmed_at * 1000 >= before)
      )
    )
    return count
  }

  const obey = (order: Order, at: number): number =>
    Order.$match(order, {
      Register: ({ uplink }) => register(uplink),
      Retain: ({ uplinks }) => retain(uplinks),
      Deliver: ({ ids, uplink }) => deliver(uplink, ids, at),
      Reject: ({ id, reason, uplink }) => reject(uplink, id, reason, at),
      Retry: retry,
      Expire: ({ except }) => {
        const due = [...messages.values()].filter(
          ({ expiresAt, id }) => (expiresAt ?? Infinity) <= at && !except.includes(id)
        )
        expired += due.length
        return remove(due.map(({ id }) => id))
      },
      MakeRoom: (room) => {
        const count = makeRoom(room)
        dropped += count
        return count
      },
      Prune: ({ before }) => prune(before)
    })

  const commit = ({ at, orders, puts }: Batch) => {
    const done = orders.map((order) => obey(order, at))
    for (const put of puts) {
      const body = Either.getOrThrow(MessageText.decode(put.text))
      archive.push({ day: dayOf(at), timestamp: put.micros / 1e6, text: put.text, body })
      lastId = put.id
      if (uplinks.length > 0) messages.set(put.id, put)
      for (const { waiting } of uplinks) waiting.add(put.id)
    }
    return { counts: done, figures: figures() }
  }

  return {
    figures: Effect.sync(figures),
    commit: (batch) => Effect.sync(() => commit(batch)),
    page: (id, { except, limit, upTo }) =>
      Effect.sync(() => {
        const waiting = uplinks.find((uplink) => uplink.id === id)?.waiting ?? []
        return inOrder(waiting)
          .filter((message) => message.id <= upTo && !except.includes(message.id))
          .slice(0, limit)
      }),
    oldest: (id) =>
      Effect.sync(() => {
        const waiting = inOrder(uplinks.find((uplink) => uplink.id === id)?.waiting ?? [])
        const first = priorities.flatMap((_, rank) => waiting.find((message) => message.rank === rank)?.micros ?? [])
        return first.length === 0 ? null : Math.min(...first)
      }),
    list: ({ after = 0, limit, priority, setAside = false, uplink }) =>
      Effect.sync(() =>
        [...messages.values()]
          .filter(({ id, rank }) => id > after && (priority === undefined || priorities[rank] === priority))
          .map((message) => ({
            ...message,
            waitingFor: uplinks
              .filter(({ waiting }) => waiting.has(message.id))
              .map(({ name }) => name)
              .sort(),
            setAside: uplinks.flatMap((each) => {
              const found = each.setAside.get(message.id)
              return found === undefined ? [] : [{ uplink: each.name, ...found }]
            })
          }))
          .filter((message) => {
            if (setAside) return message.setAside.some((each) => uplink === undefined || each.uplink === uplink)
            return uplink === undefined || message.waitingFor.includes(uplink)
          })
          .slice(0, limit)
      ),
    receipts: ({ id, limit, uplink }) =>
      Effect.sync(() =>
        receipts
          .filter((receipt) => (id ?? receipt.id) === receipt.id && (uplink ?? receipt.uplink) === receipt.uplink)
          .reverse()
          .slice(0, limit)
      ),
    archived: (from = "") => Stream.suspend(() => Stream.fromIterable(archive.filter(({ day }) => day >= from))),
    forget: (before) => Effect.sync(() => void (archive = archive.filter(({ day }) => day >= before)))
  }
}
