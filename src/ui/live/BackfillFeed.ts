/**
 * All backfills as they go on: read once the stream of what happens is open, then kept by it. What happens while they are read
 * waits, so that the older answer never covers the newer event. Runs while a page that shows them is seen.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { useEffect } from "react"
import { BackfillEvent, BackfillRecord } from "../../domain/Backfill.js"
import { BackfillOperations } from "../../operations/BackfillOperations.js"
import { isUnderWay } from "../model/BackfillState.js"
import { sampled, type Sample } from "../model/Pace.js"
import { Cell, useChanging } from "./Changing.js"
import { useSeen } from "./Seen.js"
import { ask } from "./Server.js"
import { serverNow } from "./Ticking.js"

export interface Backfills {
  /** Undefined until they are read for the first time. */
  readonly records: ReadonlyMap<string, BackfillRecord> | undefined
  readonly samples: ReadonlyMap<string, ReadonlyArray<Sample>>
  readonly tail: "opening" | "open" | "lost"
  readonly problem: string | undefined
}

const cell = new Cell<Backfills>({ records: undefined, samples: new Map(), tail: "opening", problem: undefined })

/** Follows them while the component is there and the page is seen. */
export const useBackfills = (): Backfills => {
  const seen = useSeen()
  useEffect(() => (seen ? join() : undefined), [seen])
  return useChanging(cell)
}

/** A record that an order has just answered: shown before the stream tells of it. */
export const learnRecord = (record: BackfillRecord): void => {
  const { records } = cell.get()
  if (records !== undefined) cell.set({ ...cell.get(), records: new Map(records).set(record.id, record) })
}

// ------------------------------------------------------------------------------------------------------------------

const intakeMillis = 250
const mostLines = 100

/** A server without the stream, or one that is away, is asked for the list this often. */
const againMillis = 3_000

let followers = 0
let stop: (() => void) | undefined

const join = (): (() => void) => {
  followers++
  stop ??= follow()
  return () => {
    followers--
    if (followers > 0) return
    stop?.()
    stop = undefined
  }
}

const decode = Schema.decodeUnknownOption(Schema.parseJson(BackfillEvent))

const follow = (): (() => void) => {
  let source: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let pending: Array<BackfillEvent> = []
  let reading = false
  let running = true

  const read = async () => {
    reading = true
    const answer = await ask(Effect.flatMap(BackfillOperations, (backfills) => backfills.list()))
    reading = false
    if (!running) return
    if (Either.isLeft(answer)) return cell.set({ ...cell.get(), problem: answer.left.message })
    const records = new Map(answer.right.map((record) => [record.id, record]))
    cell.set({ ...cell.get(), records, problem: undefined })
  }

  const open = () => {
    const opened = new EventSource("/api/events")
    source = opened
    opened.addEventListener("open", () => {
      pending = []
      cell.set({ ...cell.get(), tail: "open" })
      void read()
    })
    opened.addEventListener("message", (message: MessageEvent<string>) => {
      const event = decode(message.data)
      if (event._tag === "Some") pending.push(event.value)
    })
    opened.addEventListener("error", () => {
      cell.set({ ...cell.get(), tail: "lost" })
      if (opened.readyState !== EventSource.CLOSED) return
      void read()
      again = setTimeout(open, againMillis)
    })
  }

  const intake = setInterval(() => {
    if (reading || pending.length === 0 || cell.get().records === undefined) return
    const events = pending
    pending = []
    takeIn(events)
  }, intakeMillis)

  open()
  return () => {
    running = false
    source?.close()
    clearInterval(intake)
    clearTimeout(again)
  }
}

const takeIn = (events: ReadonlyArray<BackfillEvent>): void => {
  const before = cell.get()
  const records = new Map(before.records)
  const samples = new Map(before.samples)
  for (const { id, line, record } of events) {
    // The ticks of schedules are not among the list.
    if (record !== undefined && record.request.collect !== true) records.set(id, record)
    const known = records.get(id)
    if (record === undefined && known !== undefined && line !== undefined) {
      records.set(id, new BackfillRecord({ ...known, log: [...known.log, line].slice(-mostLines) }))
    }
  }
  const now = serverNow()
  for (const { id } of events) {
    const record = records.get(id)
    if (record === undefined || !isUnderWay(record)) samples.delete(id)
    else samples.set(id, sampled(samples.get(id) ?? [], record, now))
  }
  cell.set({ ...before, records, samples })
}
