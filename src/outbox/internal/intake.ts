/**
 * Everything that changes the queue passes here, and what comes while the disk is busy goes together: one transaction, one
 * write and one sync for all that wait. Who is interrupted while it waits does not take back what it asked for.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { OutboxFull } from "../../domain/Outbox.js"
import { StorageFailed } from "../../domain/Refusal.js"
import { type Batch, type Figures, type NewMessage, Order, type Outcome, type QueueStore } from "./queueStore.js"

/** A message that has no number yet. */
export type Draft = Omit<NewMessage, "id">

export interface Intake {
  /** In their order; their numbers. All or none. */
  readonly put: (drafts: ReadonlyArray<Draft>) => Effect.Effect<ReadonlyArray<number>, OutboxFull | StorageFailed>
  /** How many messages it concerned. */
  readonly order: (order: Order) => Effect.Effect<number, StorageFailed>
}

export interface Options {
  readonly store: QueueStore
  readonly begin: Figures
  readonly limits: { readonly messages: number; readonly bytes: number; readonly drop: boolean }
  readonly inFlight: () => ReadonlyArray<number>
  /** A batch is durable; its senders are told when it returns. */
  readonly committed: (batch: Batch, outcome: Outcome) => void
  /** So many messages made room for others. */
  readonly dropped: (messages: number) => void
}

interface Put {
  readonly drafts: ReadonlyArray<Draft>
  readonly bytes: number
  readonly rank: number
  readonly done: (result: Effect.Effect<ReadonlyArray<number>, OutboxFull | StorageFailed>) => void
}

interface Wanted {
  readonly order: Order
  readonly done: (result: Effect.Effect<number, StorageFailed>) => void
}

/** Messages and orders of one batch, and how many may wait for the next. */
const batchSize = 2_000
const capacity = 10_000

export const make = (options: Options): Effect.Effect<Intake, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { committed, dropped, inFlight, limits, store } = options
    let { begin: figures } = options
    let lastId = figures.lastId
    let puts: Array<Put> = []
    let orders: Array<Wanted> = []
    let waiting = 0
    let closed = false
    const room = new Set<() => void>()
    const idle = new Set<() => void>()
    const wake = Effect.unsafeMakeLatch()

    const ask = <A, E>(
      size: number,
      enqueue: (done: (result: Effect.Effect<A, E | StorageFailed>) => void) => void
    ): Effect.Effect<A, E | StorageFailed> =>
      Effect.async((resume) => {
        const enter = () => {
          if (closed) return resume(new StorageFailed({ operation: "queue", path: "", reason: "the outbox is closed" }))
          waiting += size
          enqueue(resume)
          wake.unsafeOpen()
        }
        if (waiting < capacity) return enter()
        room.add(enter)
        return Effect.sync(() => room.delete(enter))
      })

    /** The first of what waits, as much as makes one batch. */
    const next = () => {
      let size = 0
      let count = 0
      while (count < puts.length && (size === 0 || size + (puts[count]?.drafts.length ?? 0) <= batchSize)) {
        size += puts[count++]?.drafts.length ?? 0
      }
      const taken = { puts: puts.slice(0, count), orders: orders.slice(0, batchSize) }
      puts = puts.slice(count)
      orders = orders.slice(batchSize)
      return taken
    }

    const commit = (batch: Batch) =>
      Effect.tap(store.commit(batch), (outcome) =>
        Effect.sync(() => {
          figures = outcome.figures
          committed(batch, outcome)
        })
      )

    /** Those there is room for, the others are told; nothing has to fit where nobody would send it. */
    const admit = Effect.fnUntraced(function* (wanted: ReadonlyArray<Put>, at: number) {
      if (figures.uplinks.length === 0) return wanted
      const admitted: Array<Put> = []
      const used = { messages: 0, bytes: 0 }
      for (const [index, put] of wanted.entries()) {
        const excess = () => ({
          messages: figures.messages + used.messages + put.drafts.length - limits.messages,
          bytes: figures.bytes + used.bytes + put.bytes - limits.bytes
        })
        const fits = () => excess().messages <= 0 && excess().bytes <= 0
        if (!fits() && limits.drop) {
          const rest = wanted.slice(index + 1)
          const least = { messages: Math.max(0, excess().messages), bytes: Math.max(0, excess().bytes) }
          const more = {
            messages: rest.reduce((sum, { drafts }) => sum + drafts.length, excess().messages),
            bytes: rest.reduce((sum, { bytes }) => sum + bytes, excess().bytes)
          }
          const makeRoom = Order.MakeRoom({
            messages: Math.max(0, more.messages),
            bytes: Math.max(0, more.bytes),
            least,
            rank: put.rank,
            except: inFlight()
          })
          const { counts } = yield* commit({ at, orders: [makeRoom], puts: [] })
          if ((counts[0] ?? 0) > 0) dropped(counts[0] ?? 0)
        }
        if (fits()) {
          used.messages += put.drafts.length
          used.bytes += put.bytes
          admitted.push(put)
        } else {
          const { bytes, messages } = figures
          put.done(new OutboxFull({ messages: messages + used.messages, bytes: bytes + used.bytes }))
        }
      }
      return admitted
    })

    const round = Effect.gen(function* () {
      const taken = next()
      const at = yield* Clock.currentTimeMillis
      const fail = (failure: StorageFailed) => {
        for (const { done } of [...taken.puts, ...taken.orders]) done(failure)
      }
      yield* Effect.gen(function* () {
        const admitted = yield* admit(taken.puts, at)
        const merged = merge(taken.orders)
        const numbered = admitted.map(({ drafts }) => drafts.map((draft): NewMessage => ({ ...draft, id: ++lastId })))
        const { counts } = yield* commit({ at, orders: merged.map(({ order }) => order), puts: numbered.flat() })
        for (const [index, { done }] of admitted.entries()) {
          done(Effect.succeed((numbered[index] ?? []).map(({ id }) => id)))
        }
        for (const [index, { tell }] of merged.entries()) tell(counts[index] ?? 0)
      }).pipe(
        // A defect, too, is told to those who wait; the next batch is another one.
        Effect.catchAllCause((cause) =>
          Effect.sync(() => fail(Option.getOrElse(Cause.failureOption(cause), () => asFailed(cause))))
        )
      )
      waiting -= taken.puts.reduce((sum, { drafts }) => sum + drafts.length, taken.orders.length)
      for (const enter of room) {
        if (waiting >= capacity) break
        room.delete(enter)
        enter()
      }
    })

    const isIdle = () => puts.length === 0 && orders.length === 0
    const rounds = Effect.gen(function* () {
      yield* wake.await
      yield* wake.close
      yield* Effect.uninterruptible(
        Effect.zipRight(
          Effect.whileLoop({ while: () => !isIdle(), body: () => round, step: () => undefined }),
          Effect.sync(() => idle.forEach((resume) => resume()))
        )
      )
    })
    yield* Effect.forkScoped(Effect.forever(rounds))
    // Runs before the fiber is stopped: what was asked for is carried out first.
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        closed = true
        room.forEach((enter) => enter())
        if (waiting === 0) return resume(Effect.void)
        idle.add(() => resume(Effect.void))
      })
    )

    return {
      put: (drafts) =>
        ask(drafts.length, (done) => {
          const bytes = drafts.reduce((sum, draft) => sum + draft.bytes, 0)
          puts.push({ drafts, bytes, rank: Math.max(...drafts.map(({ rank }) => rank)), done })
        }),
      order: (order) => ask(1, (done) => orders.push({ order, done }))
    }
  })

// ------------------------------------------------------------------------------------------------------------------

const asFailed = (cause: Cause.Cause<unknown>) =>
  new StorageFailed({ operation: "queue", path: "", reason: Cause.pretty(cause) })

interface Merged {
  readonly order: Order
  readonly tell: (count: number) => void
}

/** Confirmations of one uplink become one order. */
const merge = (wanted: ReadonlyArray<Wanted>): ReadonlyArray<Merged> => {
  const delivered = new Map<number, Array<Wanted>>()
  const others: Array<Merged> = []
  for (const each of wanted) {
    const { done, order } = each
    if (order._tag !== "Deliver") {
      others.push({ order, tell: (count) => done(Effect.succeed(count)) })
      continue
    }
    const same = delivered.get(order.uplink)
    if (same === undefined) delivered.set(order.uplink, [each])
    else same.push(each)
  }
  const together = [...delivered].map(([uplink, same]) => ({
    order: Order.Deliver({
      uplink,
      ids: same.flatMap(({ order }) => (order._tag === "Deliver" ? order.ids : []))
    }),
    tell: (count: number) => same.forEach(({ done }) => done(Effect.succeed(count)))
  }))
  return [...others, ...together]
}
