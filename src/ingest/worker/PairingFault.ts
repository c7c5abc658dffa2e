/** Messages of ingesters that did not fit the assignments, and what became of them. */
import * as Schema from "effect/Schema"

/** Many of one kind are told as one, with the first of them. */
export class PairingFault extends Schema.TaggedError<PairingFault>()("PairingFault", {
  /**
   * - `missing`: the ingester went past an event without its share of it: the event is lost.
   * - `repeated`: it sent an event twice; the second one is dropped.
   * - `unexpected`: it sent what nobody has assigned to this worker; dropped.
   * - `stale`: it sent what belongs to an earlier scan; dropped.
   * - `malformed`: it sent what is no message of an event; dropped.
   */
  reason: Schema.Literal("missing", "repeated", "unexpected", "stale", "malformed"),
  ingester: Schema.String,
  /** The first of them. */
  event_number: Schema.NullOr(Schema.Int),
  detail: Schema.String,
  count: Schema.Int
}) {
  override get message() {
    const event = this.event_number === null ? "" : ` event ${this.event_number}`
    const detail = this.detail === "" ? "" : `, ${this.detail}`
    return `${this.count} messages of ${this.ingester} ${this.reason}, the first:${event}${detail}`
  }
}

export type Reason = PairingFault["reason"]

/** A fault before it is told. */
export interface Fault {
  readonly reason: Reason
  readonly ingester: string
  readonly event_number: number | null
  readonly detail: string
  readonly count: number
}

/** Counts faults of a kind as one: a flood of them costs a counter. */
export class Faults {
  readonly #found = new Map<string, { -readonly [K in keyof Fault]: Fault[K] }>()

  add(reason: Reason, ingester: string, event_number: number | null, detail = ""): void {
    const key = `${reason} ${ingester}`
    const found = this.#found.get(key)
    if (found === undefined) this.#found.set(key, { reason, ingester, event_number, detail, count: 1 })
    else found.count++
  }

  /** All since the last time. */
  take(): ReadonlyArray<Fault> {
    if (this.#found.size === 0) return none
    const found = [...this.#found.values()]
    this.#found.clear()
    return found
  }
}

const none: ReadonlyArray<Fault> = []
