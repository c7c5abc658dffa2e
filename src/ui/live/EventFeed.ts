/**
 * The events of the site in this page, bounded: the last minutes are read on load, then the live tail goes on exactly where
 * they end. What arrives is taken in four times a second, however much it is. While the page is hidden the tail is closed (a
 * browser has few connections to give); it goes on from its place, or is read anew where that is far back.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Cursor from "../../domain/Cursor.js"
import { EventFilter, EventQuery } from "../../domain/EventQuery.js"
import { TelemetryEvent } from "../../domain/TelemetryEvent.js"
import { SiteOperations, type SiteStatus } from "../../operations/SiteOperations.js"
import { TelemetryOperations } from "../../operations/TelemetryOperations.js"
import { Cell, useChanging } from "./Changing.js"
import { EventStore } from "./EventStore.js"
import { ask } from "./Server.js"
import { learn, serverNow } from "./Ticking.js"

/** Events read back at most: beyond it the older part of the window stays empty. */
const pageLimit = 1_000
const mostPages = 20

/** Events that may wait for the next taking-in; beyond it the oldest are passed over and counted. */
const mostPending = 20_000

const intakeMillis = 250

/** A page hidden for longer than this reads its window anew. */
const longestAway = 120_000

/** How far back is kept; the plots' widest window. */
export const horizons = [5, 15, 60, 360] as const

export interface Feed {
  readonly store: EventStore
  /** Rises whenever the store has changed. */
  readonly version: number
  readonly tail: "opening" | "open" | "lost"
  /** The first read is done. */
  readonly loaded: boolean
  readonly problem: string | undefined
  /** When the last event arrived by the tail: it was durable then. */
  readonly arrivedAt: number | undefined
  /** Events passed over because more came than the page could take. */
  readonly passedOver: number
}

let horizon = 15 * 60_000
const feed = new Cell<Feed>({
  store: new EventStore(),
  version: 0,
  tail: "opening",
  loaded: false,
  problem: undefined,
  arrivedAt: undefined,
  passedOver: 0
})

export const useFeed = (): Feed => useChanging(feed)

/** Makes sure that so much of the past is there. */
export const reachBack = (millis: number): void => {
  if (millis <= horizon) return
  horizon = Math.min(millis, 360 * 60_000)
  if (running) reload()
}

/** Begins to follow; returns how to stop. */
export const start = (): (() => void) => {
  running = true
  const away = stoppedAt === undefined ? Number.POSITIVE_INFINITY : Date.now() - stoppedAt
  if (feed.get().loaded && away < longestAway) open()
  else reload()
  const intake = setInterval(takeIn, intakeMillis)
  const view = setInterval(() => void readCurrent(), 5_000)
  return () => {
    running = false
    stoppedAt = Date.now()
    takeIn()
    close()
    clearInterval(intake)
    clearInterval(view)
  }
}

/** After the server was started anew: where its numbers are behind what was seen here, it is another site's. */
export const compare = (seq: SiteStatus["telemetry"]["seq"]): void => {
  if (running && (seq.site < (cursor.site ?? 0) || seq.run < (cursor.run ?? 0))) reload()
}

// ------------------------------------------------------------------------------------------------------------------

let running = false
let stoppedAt: number | undefined
let generation = 0
let cursor: Cursor.Cursor = Cursor.start
let pending: Array<{ readonly data: string; readonly id: string }> = []
let source: EventSource | undefined
let again: ReturnType<typeof setTimeout> | undefined
let attempts = 0

const decode = Schema.decodeUnknownOption(Schema.parseJson(TelemetryEvent))
const decodeView = Schema.decodeUnknownOption(
  Schema.parseJson(Schema.Struct({ current: Schema.Record({ key: Schema.String, value: TelemetryEvent }) }))
)

const change = (changes: Partial<Feed>): void =>
  feed.set({ ...feed.get(), version: feed.get().version + 1, ...changes })

const reload = (): void => {
  close()
  pending = []
  const mine = ++generation
  void load(mine).then((problem) => {
    if (mine !== generation || !running) return
    if (problem === undefined) {
      attempts = 0
      open()
    } else {
      change({ problem, tail: "lost" })
      later(reload)
    }
  })
}

/** Reads the window; answers what went wrong. The place is taken first, so that nothing is missed in between. */
const load = async (mine: number): Promise<string | undefined> => {
  const status = await ask(Effect.flatMap(SiteOperations, (site) => site.status))
  if (Either.isLeft(status)) return status.left.message
  learn(status.right.now)
  const { seq } = status.right.telemetry
  let place: Cursor.Cursor = { site: seq.site, run: seq.run }
  const store = new EventStore()
  const filter = new EventFilter({ since: Math.floor(serverNow() - horizon) })
  const found: Array<TelemetryEvent> = []
  let next: Cursor.Cursor | undefined
  for (let page = 0; page < mostPages; page++) {
    const query = new EventQuery({
      filter,
      limit: pageLimit,
      descending: true,
      ...(next === undefined ? {} : { cursor: next })
    })
    const answer = await ask(Effect.flatMap(TelemetryOperations, (telemetry) => telemetry.query(query)))
    if (Either.isLeft(answer)) return answer.left.message
    for (const line of answer.right.lines) {
      const event = decode(line)
      if (event._tag === "Some") found.push(event.value)
    }
    next = answer.right.next
    if (next === undefined) break
  }
  if (mine !== generation) return undefined
  for (const event of found.toReversed()) {
    store.add(event, serverNow())
    const stream = event.stream ?? "site"
    if (event.seq > (place[stream] ?? 0)) place = Cursor.advance(place, stream, event.seq)
  }
  const oldest = found.at(-1)
  if (next !== undefined && oldest !== undefined) store.knownSince = Date.parse(oldest.ts)
  cursor = place
  change({ store, loaded: true, problem: undefined })
  await readCurrent()
  return undefined
}

const open = (): void => {
  close()
  const opened = new EventSource(`/events/tail?cursor=${encodeURIComponent(Cursor.format(cursor))}`)
  source = opened
  opened.addEventListener("open", () => {
    attempts = 0
    change({ tail: "open", problem: undefined })
  })
  opened.addEventListener("message", (message: MessageEvent<string>) => {
    pending.push({ data: message.data, id: message.lastEventId })
    if (pending.length > mostPending) {
      const extra = pending.length - mostPending / 2
      pending.splice(0, extra)
      change({ passedOver: feed.get().passedOver + extra })
    }
  })
  opened.addEventListener("error", () => {
    change({ tail: "lost" })
    // The browser tries again by itself unless it was refused: then it is for us to do so.
    if (opened.readyState === EventSource.CLOSED) later(open)
  })
}

const close = (): void => {
  source?.close()
  source = undefined
  clearTimeout(again)
}

const later = (then: () => void): void => {
  clearTimeout(again)
  again = setTimeout(() => running && then(), Math.min(10_000, 500 * 2 ** attempts++))
}

const takeIn = (): void => {
  if (pending.length === 0) return
  const taken = pending
  pending = []
  const { store } = feed.get()
  const now = serverNow()
  for (const { data } of taken) {
    const event = decode(data)
    if (event._tag === "Some") store.add(event.value, now)
  }
  cursor = Option.getOrElse(Cursor.parse(taken.at(-1)?.id ?? ""), () => cursor)
  store.forgetBefore(now - horizon)
  change({ arrivedAt: now })
}

/** Events that are kept in the current view only come by no tail. */
const readCurrent = async (): Promise<void> => {
  const answer = await ask(Effect.flatMap(TelemetryOperations, (telemetry) => telemetry.current))
  if (Either.isLeft(answer)) return
  const view = decodeView(answer.right)
  if (view._tag === "None") return
  const { store } = feed.get()
  let changed = false
  for (const event of Object.values(view.value.current)) changed = store.addCurrent(event, serverNow()) || changed
  if (changed) change({})
}
