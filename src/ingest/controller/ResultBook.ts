/**
 * What workers have sent to the reducer, until that has confirmed it. A scan waits for results that were announced, and ends
 * without those that will not come: what was on its way to a reducer that has gone, what a worker took with it, what was lost
 * with a connection. A reducer that has gone takes all that it had confirmed with it.
 *
 * In whatever order reports come: a result may be confirmed before its worker has told of it.
 */
export class ResultBook {
  /** Results that are waited for, by worker. */
  readonly #awaited = new EventsByWorker()
  /** Announced, and not waited for any more; they may come all the same. */
  readonly #doubtful = new EventsByWorker()
  /** Confirmed before they were announced. */
  readonly #early = new EventsByWorker()
  #announced = 0
  /** By the reducer of now. */
  #confirmed = 0
  #hasReducer = true
  #replaced = false
  /** Nothing was confirmed since then. */
  #quiet: { readonly awaited: number; readonly since: number } | undefined

  /** Whether the scan has to wait for a result. */
  get isWaiting(): boolean {
    return this.#awaited.count > 0
  }

  /** Results that were announced, and are neither with the reducer of now nor waited for. */
  get lost(): number {
    return this.#announced - this.#confirmed - this.#awaited.count
  }

  /** A worker has sent a result. */
  announce(worker: string, event: number): void {
    this.#announced++
    if (this.#early.remove(worker, event)) this.#confirmed++
    else (this.#hasReducer ? this.#awaited : this.#doubtful).add(worker, event)
  }

  /** The reducer has a result; of one that is not announced yet only if its event is still `out`. */
  confirm(worker: string, event: number, out: boolean): void {
    if (this.#awaited.remove(worker, event) || this.#doubtful.remove(worker, event)) this.#confirmed++
    else if (out) this.#early.add(worker, event)
  }

  /** A worker is gone: what it has announced may never arrive. */
  leave(worker: string): void {
    this.#awaited.moveTo(this.#doubtful, worker)
    this.#early.drop(worker)
  }

  /** The reducer is gone, with what it had. */
  loseReducer(): void {
    this.giveUp()
    this.#early.clear()
    this.#confirmed = 0
    this.#hasReducer = false
    this.#replaced = true
  }

  /** There is a reducer: what is announced from now on reaches it. */
  findReducer(): void {
    this.#hasReducer = true
  }

  /** Nothing is waited for any more. */
  giveUp(): void {
    for (const worker of this.#awaited.workers()) this.#awaited.moveTo(this.#doubtful, worker)
  }

  /**
   * To be asked while nothing but results is missing: gives up when none was confirmed for `patience` milliseconds. Less is
   * due to what may have been sent to a reducer that is gone.
   */
  watch(now: number, patience: number): void {
    const awaited = this.#awaited.count
    if (this.#quiet?.awaited !== awaited) this.#quiet = { awaited, since: now }
    else if (now - this.#quiet.since >= (this.#replaced ? Math.min(patience, afterReplacement) : patience))
      this.giveUp()
  }
}

// -----------------------------------------------------------------------------

/** Milliseconds for results on their way to a reducer that has begun anew. */
const afterReplacement = 10_000

class EventsByWorker {
  readonly #events = new Map<string, Set<number>>()
  count = 0

  workers(): ReadonlyArray<string> {
    return [...this.#events.keys()]
  }

  add(worker: string, event: number): void {
    const found = this.#events.get(worker) ?? new Set()
    this.#events.set(worker, found)
    if (found.has(event)) return
    found.add(event)
    this.count++
  }

  remove(worker: string, event: number): boolean {
    const found = this.#events.get(worker)
    if (found === undefined || !found.delete(event)) return false
    if (found.size === 0) this.#events.delete(worker)
    this.count--
    return true
  }

  drop(worker: string): void {
    this.count -= this.#events.get(worker)?.size ?? 0
    this.#events.delete(worker)
  }

  moveTo(others: EventsByWorker, worker: string): void {
    for (const event of this.#events.get(worker) ?? []) others.add(worker, event)
    this.drop(worker)
  }

  clear(): void {
    this.#events.clear()
    this.count = 0
  }
}
