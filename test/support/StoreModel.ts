/**
 * What a store was told and what it answered, over any number of lives, and what must therefore be found at a start: every
 * acknowledged event once, with its number and stream; no number twice; no hole that nobody accounts for; the current view
 * as the fold of what was acknowledged; the active run.
 */
import { assert } from "@effect/vitest"

interface Sent {
  readonly id: number
  readonly type: string
  readonly current: boolean
  readonly stored: boolean
  readonly life: number
  outcome: "unknown" | "acked" | "refused"
  seq: number
  stream: "site" | "run"
}

interface Line {
  readonly seq: number
  readonly stream: "site" | "run"
  readonly id: number
}

/** What a start found. */
export interface Found {
  /** Event files and their text. */
  readonly files: ReadonlyMap<string, string>
  /** `{"current":{...}}`. */
  readonly current: string
  /** The active run, and the number before its first event. */
  readonly run: { readonly runId: string; readonly afterSeq: number } | undefined
  /** Whether blocks of what was not synced may be missing in the middle of files. */
  readonly torn: boolean
  /** Whether the index was lost, and with it what lines don't show. */
  readonly rebuilt: boolean
}

export class StoreModel {
  readonly events: Array<Sent> = []
  /** The run that was active by the last answer, and what was asked since and may have come to pass: any run, or none. */
  private run = "none"
  private asked = new Map<number, "any" | "none">()
  private places = 0
  private life = 0
  private onlyCurrentLost = false
  private readonly gone = new Set<number>()
  private readonly unplaced = new Set<number>()

  /** The body of a new event. */
  send(type: string, current: boolean, stored: boolean, pad: number): { readonly id: number; readonly body: Buffer } {
    const id = this.events.length
    this.events.push({ id, type, current, stored, life: this.life, outcome: "unknown", seq: 0, stream: "site" })
    const body = { type, data: { id, pad: "p".repeat(pad) }, make_current: current, store_permanently: stored }
    return { id, body: Buffer.from(JSON.stringify(body)) }
  }

  acked(id: number, seq: number, stream: "site" | "run"): void {
    const event = this.event(id)
    event.outcome = "acked"
    event.seq = seq
    event.stream = stream
  }

  /** Of an event in a batch, whose stream the answer does not tell. */
  ackedSomewhere(id: number, seq: number): void {
    this.acked(id, seq, "site")
    this.unplaced.add(id)
  }

  refused(id: number): void {
    this.event(id).outcome = "refused"
  }

  /** A start or a stop; starts and stops are answered in the order they are asked. */
  ask(what: "start" | "stop"): number {
    const place = this.places++
    this.asked.set(place, what === "start" ? "any" : "none")
    return place
  }

  answered(place: number, run: string | "none"): void {
    for (const earlier of this.asked.keys()) if (earlier <= place) this.asked.delete(earlier)
    this.run = run
  }

  /** It was not the time for it. */
  declined(place: number): void {
    this.asked.delete(place)
  }

  /** A life ends. Where it ended in order, nothing of what it refused is left. */
  ended(inOrder: boolean): void {
    if (inOrder) {
      for (const { id, life, outcome } of this.events)
        if (life === this.life && outcome === "refused") this.gone.add(id)
    }
    this.life++
  }

  check(found: Found): void {
    this.onlyCurrentLost ||= found.rebuilt
    const lines = [...found.files].flatMap(([path, text]) => linesOf(path, text))
    const places = new Map<number, Line>()
    for (const line of lines) {
      assert.isFalse(places.has(line.id), `event ${line.id} stands twice`)
      places.set(line.id, line)
    }
    for (const event of this.events) {
      const line = places.get(event.id)
      if (this.gone.has(event.id)) assert.isUndefined(line, `event ${event.id} was refused and is there`)
      if (line !== undefined) assert.isTrue(event.stored, `event ${event.id} was only to be current and has a line`)
      if (event.outcome !== "acked" || !event.stored) continue
      assert.isDefined(line, `event ${event.id}, acknowledged with number ${event.seq}, is gone`)
      if (this.unplaced.delete(event.id)) event.stream = line?.stream ?? "site"
      assert.deepStrictEqual([line?.seq, line?.stream], [event.seq, event.stream], `event ${event.id}`)
    }
    for (const stream of ["site", "run"] as const) this.checkNumbers(stream, lines, found)
    this.checkRun(found)
    if (!this.onlyCurrentLost) this.checkCurrent(found, places)
  }

  private checkNumbers(stream: "site" | "run", lines: ReadonlyArray<Line>, { torn }: Found): void {
    const numbers = lines.filter((line) => line.stream === stream).map((line) => line.seq)
    const taken = new Set(numbers)
    assert.strictEqual(taken.size, numbers.length, `a number of ${stream} stands twice: ${numbers.join(" ")}`)
    for (const { outcome, seq, stored, stream: of } of this.events) {
      if (outcome !== "acked" || stored || of !== stream) continue
      assert.isTrue(this.onlyCurrentLost || !taken.has(seq), `number ${seq} of ${stream} was given out twice`)
      taken.add(seq)
    }
    const highest = Math.max(0, ...taken)
    const missing = Array.from({ length: highest }, (_, i) => i + 1).filter((seq) => !taken.has(seq))
    const unanswered = this.events.filter(({ outcome, stored }) => outcome !== "acked" && (torn || !stored)).length
    if (this.onlyCurrentLost) return
    assert.isAtMost(missing.length, unanswered, `nobody accounts for ${missing.join(" ")} of ${stream}`)
  }

  private checkRun({ run }: Found): void {
    const now = run?.runId ?? "none"
    const possible = [this.run, ...this.asked.values()]
    assert.isTrue(
      possible.includes(now) || (now !== "none" && possible.includes("any")),
      `active is ${now}, possible were ${possible.join(", ")}`
    )
    this.run = now
    this.asked.clear()
  }

  private checkCurrent({ current, run }: Found, places: ReadonlyMap<number, Line>): void {
    const view = new Map(
      Object.entries<any>(JSON.parse(current).current).map(([type, { data, meta, seq }]) => [
        type,
        { id: data.id as number, seq: seq as number, stream: meta.run_id === undefined ? "site" : "run" }
      ])
    )
    for (const type of new Set([...this.events.map((event) => event.type), ...view.keys()])) {
      const shown = view.get(type)
      const newest = (stream: "site" | "run") =>
        this.events
          .filter(
            (event) => event.type === type && event.current && event.outcome === "acked" && event.stream === stream
          )
          .filter((event) => stream === "site" || (run !== undefined && event.seq > run.afterSeq))
          .reduce<Sent | undefined>((a, b) => (a !== undefined && a.seq > b.seq ? a : b), undefined)
      const expected = (run === undefined ? undefined : newest("run")) ?? newest("site")
      if (expected !== undefined) {
        assert.isDefined(shown, `${type} shows nothing, acknowledged was ${expected.id}`)
        const covers = shown?.stream === "run" && expected.stream === "site"
        assert.isTrue(covers || shown?.stream === expected.stream, `${type} shows ${shown?.stream}`)
        if (!covers) assert.isAtLeast(shown?.seq ?? 0, expected.seq, `${type} shows an older event than ${expected.id}`)
      }
      if (shown === undefined) continue
      const event = this.event(shown.id)
      assert.isTrue(event.type === type && event.current, `${type} shows ${shown.id}, which was not to become current`)
      assert.isFalse(this.gone.has(shown.id), `${type} shows ${shown.id}, which was refused`)
      if (event.outcome === "acked")
        assert.strictEqual(shown.seq, event.seq, `${type} shows ${shown.id} under another number`)
      else if (event.stored)
        assert.strictEqual(places.get(shown.id)?.seq, shown.seq, `${type} shows ${shown.id} of which there is no line`)
    }
  }

  private event(id: number): Sent {
    const event = this.events[id]
    if (event === undefined) throw new Error(`no event ${id}`)
    return event
  }
}

/** Whole lines that are events; others are damage. */
const linesOf = (path: string, text: string): ReadonlyArray<Line> =>
  text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      try {
        const { data, seq, stream } = JSON.parse(line)
        assert.strictEqual(stream, path.endsWith("telemetry.ndjson") ? "run" : "site", `${path}: ${line}`)
        return [{ seq, stream, id: data.id }]
      } catch (error) {
        if (error instanceof SyntaxError) return []
        throw error
      }
    })
