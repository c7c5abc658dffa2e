/**
 * The plain core of the event hub: all followers of one filter. Each tick's events are encoded once and the same bytes are
 * written to every follower that keeps up. One that does not is left alone, reads what it missed from the log, and rejoins;
 * what happens around the rejoining is kept in its backlog, so nothing is lost and nothing comes twice.
 *
 * @internal
 */
import type { ServerResponse } from "node:http"
import * as Cursor from "../../domain/Cursor.js"
import type { EventPage, TailItem } from "../../domain/EventQuery.js"
import type { EventLine } from "../../domain/TelemetryEvent.js"
import type { StreamName } from "../../domain/StreamName.js"

/** A follower with more than this unsent in its socket is left behind. */
export const mostUnsent = 2 ** 20

/** Events a follower may miss between two pages of its catching up before it reads another page. */
const largestBacklog = 10_000

/**
 * - `live`: gets every tick.
 * - `joining`: reads what may be its last page; ticks go to its backlog.
 * - `behind`: gets nothing until it has read the log.
 */
type State = "live" | "joining" | "behind"

export class Follower {
  state: State
  /** Called when it falls behind, or its group ends. */
  wake: () => void = () => undefined
  private backlog: Array<TailItem> = []
  /** It may have read events from the log that its group has yet to send. */
  private ahead = false

  constructor(
    readonly response: ServerResponse,
    public cursor: Cursor.Cursor,
    state: "live" | "behind"
  ) {
    this.state = state
  }

  /** Its socket has taken what it was given. */
  get drained(): boolean {
    return this.response.writableLength <= mostUnsent
  }

  tick(items: ReadonlyArray<TailItem>, bytes: Buffer, cursor: Cursor.Cursor): void {
    if (this.state === "joining") {
      if (this.backlog.length + items.length > largestBacklog) this.fallBehind()
      else this.backlog.push(...items)
    } else if (this.state === "live") {
      if (!this.drained) this.fallBehind()
      else if (this.ahead) {
        this.send(items)
        this.ahead = !covers(cursor, this.cursor)
      } else {
        this.response.write(bytes)
        this.cursor = cursor
      }
    }
  }

  /** Before a page is read: what the group sends from now on is kept. */
  join(): void {
    this.backlog = []
    this.state = "joining"
  }

  /** After a page was read. True: it was the last, the follower is live. */
  caughtUp(page: EventPage): boolean {
    if (page.lines.length > 0) {
      let text = ""
      for (const line of page.lines) {
        const place = placeOf(line)
        if (place !== undefined) this.cursor = Cursor.advance(this.cursor, place.stream, place.seq)
        text += frame(this.cursor, line)
      }
      this.response.write(text)
    }
    if (page.next !== undefined) this.cursor = page.next
    const missed = this.backlog
    this.backlog = []
    if (page.next !== undefined || this.state !== "joining") {
      this.state = "behind"
      return false
    }
    this.state = "live"
    this.ahead = true
    this.send(missed)
    return true
  }

  private fallBehind(): void {
    this.state = "behind"
    this.backlog = []
    this.wake()
  }

  /** Sends those of the events that it has not seen. */
  private send(items: ReadonlyArray<TailItem>): void {
    let text = ""
    for (const { line } of items) {
      const place = placeOf(line)
      if (place === undefined || place.seq <= (this.cursor[place.stream] ?? 0)) continue
      this.cursor = Cursor.advance(this.cursor, place.stream, place.seq)
      text += frame(this.cursor, line)
    }
    if (text !== "") this.response.write(text)
  }
}

export class Group {
  readonly followers = new Set<Follower>()
  over = false
  private pending: Array<TailItem> = []

  constructor(public cursor: Cursor.Cursor) {}

  push(items: ReadonlyArray<TailItem>): void {
    this.pending.push(...items)
  }

  /** Writes what has come since the last tick. */
  flush(): void {
    const items = this.pending
    const last = items.at(-1)
    if (last === undefined) return
    this.pending = []
    let text = ""
    for (const { cursor, line } of items) text += frame(cursor, line)
    const bytes = Buffer.from(text)
    this.cursor = last.cursor
    for (const follower of this.followers) follower.tick(items, bytes, this.cursor)
  }

  /** Nothing more will come. */
  end(): void {
    this.over = true
    for (const follower of this.followers) follower.wake()
  }
}

// ------------------------------------------------------------------------------------------------------------------

const frame = (cursor: Cursor.Cursor, line: EventLine): string => `id: ${Cursor.format(cursor)}\ndata: ${line}\n\n`

/** A stored line begins with its number, its time and its stream. */
const head = /^\{"seq":(\d+),"ts":"(?:[^"\\]|\\.)*","stream":"(site|run|system)"/

const placeOf = (line: EventLine): { readonly stream: StreamName; readonly seq: number } | undefined => {
  const found = head.exec(line)
  if (found === null) return undefined
  return { seq: Number(found[1]), stream: found[2] === "site" ? "site" : found[2] === "run" ? "run" : "system" }
}

const streams: ReadonlyArray<StreamName> = ["site", "run", "system"]

const covers = (whole: Cursor.Cursor, part: Cursor.Cursor): boolean =>
  streams.every((stream) => (whole[stream] ?? 0) >= (part[stream] ?? 0))
