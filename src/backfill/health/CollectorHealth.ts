/**
 * How the collector fares, by exchange and pair, and the alerts about it.
 *
 * Reports are taken without waiting for anything: they change what is in memory, which is written down once a second and at
 * the end. Jobs and streams of one pair are told apart, so that a healthy stream does not hide a job that fails. One alert is
 * sent for each incident, and one message when it is over; both are made up for in the next life where this one ended before
 * they were delivered. What is to be told waits in a bounded line, each origin in it once; messages that wait together are
 * sent as one.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Record from "effect/Record"
import type * as Scope from "effect/Scope"
import type { SourceMetrics } from "../../domain/Collector.js"
import type { StorageFailed } from "../../domain/Refusal.js"
import { Outgoing } from "../../outgoing/Outgoing.js"
import type { AlertSettings } from "../Settings.js"
import * as AlertText from "./AlertText.js"
import * as HealthRecord from "./HealthRecord.js"
import { HealthStore } from "./HealthStore.js"
import * as Webhook from "./Webhook.js"

export class CollectorHealth extends Context.Tag("outpost/backfill/CollectorHealth")<
  CollectorHealth,
  {
    /** It ran, and so many rows more became durable. */
    readonly succeeded: (origin: HealthRecord.Origin, rows: number) => Effect.Effect<void>
    readonly failed: (origin: HealthRecord.Origin, detail: string) => Effect.Effect<void>
    /** By `<exchange>/<A/B>`, as the daemon told it. */
    readonly metrics: Effect.Effect<Readonly<Record<string, SourceMetrics>>>
    /** The same, with jobs and streams apart. */
    readonly records: Effect.Effect<ReadonlyArray<HealthRecord.HealthRecord>>
  }
>() {}

export interface Options {
  /** In force now. */
  readonly settings: Effect.Effect<AlertSettings>
  /** What the site is called in messages. */
  readonly siteName: Effect.Effect<string>
  /** For the site's own events: `collector.failing`, `collector.recovered`, `alert.undelivered`. */
  readonly tell: (type: string, data: unknown) => Effect.Effect<void>
}

/** What changes within it is written at once. */
const saveAfter = Duration.seconds(1)
/** What goes wrong together is told together. */
const gatherFor = Duration.seconds(2)
const defaultCooldown = Duration.minutes(15)
/** After a message that could not be delivered. */
const restAfterFailure = Duration.toMillis("1 minute")
/** Origins that wait, and lines of one message. */
const capacity = 256
const mostLines = 20

export const make = (
  options: Options
): Effect.Effect<Context.Tag.Service<CollectorHealth>, StorageFailed, HealthStore | Outgoing | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* HealthStore
    const outgoing = yield* Outgoing
    const known = new Map((yield* store.load).map((record) => [HealthRecord.idOf(record), record]))
    const unsaved = new Set<string>()
    const changed = yield* Queue.sliding<void>(1)
    const line = yield* Queue.dropping<string>(capacity)
    const waiting = new Set<string>()
    let restUntil = 0

    const put = (id: string, record: HealthRecord.HealthRecord) => {
      known.set(id, record)
      unsaved.add(id)
      changed.unsafeOffer(undefined)
    }

    const rule = Effect.map(options.settings, ({ cooldown, max_consecutive_errors, webhook_url }) => ({
      threshold: Math.max(1, max_consecutive_errors),
      cooldown: Duration.toMillis(Option.getOrElse(cooldown, () => defaultCooldown)),
      url: webhook_url
    }))

    /** Puts an origin into the line where there is something to tell and somebody to tell it to. */
    const consider = (id: string, now: number) =>
      Effect.map(rule, (rule) => {
        const record = known.get(id)
        if (record === undefined || rule.url === null || rule.url === "" || waiting.has(id) || now < restUntil) return
        if (HealthRecord.due(record, rule, now) !== undefined && line.unsafeOffer(id)) waiting.add(id)
      })

    const report = Effect.fnUntraced(function* (
      origin: HealthRecord.Origin,
      change: (record: HealthRecord.HealthRecord, now: number) => HealthRecord.HealthRecord
    ) {
      const id = HealthRecord.idOf(origin)
      const now = yield* Clock.currentTimeMillis
      const { threshold } = yield* rule
      const before = known.get(id) ?? HealthRecord.first(origin)
      const after = change(before, now)
      put(id, after)
      const { detail, failures, name } = after
      if (after.errors === threshold) yield* options.tell("collector.failing", { name, failures, detail })
      if (after.errors === 0 && before.errors >= threshold)
        yield* options.tell("collector.recovered", { name, failures })
      yield* consider(id, now)
    })

    const save = Effect.suspend(() => {
      const ids = [...unsaved]
      if (ids.length === 0) return Effect.void
      unsaved.clear()
      return store.save(ids.flatMap((id) => known.get(id) ?? [])).pipe(
        Effect.catchAll((error) => {
          for (const id of ids) unsaved.add(id)
          return Effect.logWarning(`health of the collector: ${error.message}`)
        })
      )
    })

    /** What is still to be told of those who waited; some have recovered meanwhile. */
    const deliver = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      for (const id of ids) waiting.delete(id)
      const now = yield* Clock.currentTimeMillis
      const current = yield* rule
      const news = ids.flatMap((id) => {
        const record = known.get(id)
        const what = record === undefined ? undefined : HealthRecord.due(record, current, now)
        return record === undefined || what === undefined ? [] : [{ id, record, what }]
      })
      if (news.length === 0 || current.url === null) return
      const text = AlertText.message(yield* options.siteName, news, now)
      const sent = yield* Effect.either(Effect.provideService(Webhook.post(current.url, text), Outgoing, outgoing))
      if (sent._tag === "Left") {
        restUntil = (yield* Clock.currentTimeMillis) + restAfterFailure
        yield* Effect.logWarning(`an alert was not delivered: ${sent.left.message}`)
        return yield* options.tell("alert.undelivered", { reason: sent.left.message, text })
      }
      for (const { id, what } of news) {
        const record = known.get(id)
        if (record === undefined) continue
        put(id, { ...record, told: what === "alert", toldAt: what === "alert" ? now : record.toldAt })
        // It may have changed again while the message was on its way.
        yield* consider(id, yield* Clock.currentTimeMillis)
      }
    })

    yield* Effect.addFinalizer(() => save)
    yield* Queue.take(changed).pipe(
      Effect.zipRight(Effect.sleep(saveAfter)),
      Effect.zipRight(save),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Queue.take(line).pipe(
      Effect.zipLeft(Effect.sleep(gatherFor)),
      Effect.flatMap((id) => Effect.map(Queue.takeUpTo(line, mostLines - 1), (more) => [id, ...more])),
      Effect.flatMap(deliver),
      Effect.forever,
      Effect.forkScoped
    )
    const begun = yield* Clock.currentTimeMillis
    yield* Effect.forEach([...known.keys()], (id) => consider(id, begun), { discard: true })

    return CollectorHealth.of({
      succeeded: (origin, rows) => report(origin, (record, now) => HealthRecord.succeeded(record, rows, now)),
      failed: (origin, detail) => report(origin, (record, now) => HealthRecord.failed(record, detail, now)),
      metrics: Effect.sync(() =>
        Record.map(
          Arr.groupBy(known.values(), ({ exchange, pair }) => `${exchange}/${pair}`),
          HealthRecord.combined
        )
      ),
      records: Effect.sync(() => [...known.values()])
    })
  })
