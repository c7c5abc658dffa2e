/**
 * The uplinks and the figures of the queue, as they are behind the last batch.
 *
 * @internal
 */
import type { Batch, Figures, Outcome } from "./queueStore.js"
import type { Pulse } from "./pulse.js"
import { UplinkQueue } from "./uplinkQueue.js"

export class UplinkBook {
  private readonly byName = new Map<string, UplinkQueue>()

  constructor(
    public figures: Figures,
    private readonly pulse: Pulse
  ) {
    this.note(figures)
  }

  get(name: string): UplinkQueue | undefined {
    return this.byName.get(name)
  }

  get all(): ReadonlyArray<UplinkQueue> {
    return [...this.byName.values()]
  }

  get names(): ReadonlyArray<string> {
    return [...this.byName.keys()]
  }

  get inFlight(): ReadonlyArray<number> {
    return this.all.flatMap(({ inFlight }) => [...inFlight])
  }

  /** Whether everything is delivered. */
  get isEmpty(): boolean {
    return this.all.every(({ counts }) => counts.waiting === 0)
  }

  committed({ orders, puts }: Batch, { figures }: Outcome): void {
    for (const order of orders) {
      if (order._tag === "Deliver" || order._tag === "Reject") {
        const uplink = this.all.find(({ counts }) => counts.id === order.uplink)
        for (const id of order._tag === "Deliver" ? order.ids : [order.id]) uplink?.inFlight.delete(id)
      } else if (order._tag !== "Register") {
        for (const uplink of this.all) uplink.lookAnew()
      }
    }
    if (puts.length > 0) {
      const rank = puts.reduce((least, put) => Math.min(least, put.rank), Infinity)
      for (const uplink of this.all) uplink.arrived(rank)
    }
    this.note(figures)
    this.pulse.fire()
  }

  private note(figures: Figures): void {
    this.figures = figures
    for (const counts of figures.uplinks) {
      const known = this.byName.get(counts.name)
      if (known !== undefined && known.counts.id === counts.id) known.counts = counts
      else this.byName.set(counts.name, new UplinkQueue(counts))
    }
    if (this.byName.size === figures.uplinks.length) return
    const names = new Set(figures.uplinks.map(({ name }) => name))
    for (const [name, gone] of this.byName) {
      if (names.has(name)) continue
      gone.counts = { ...gone.counts, waiting: 0 }
      gone.inFlight.clear()
      this.byName.delete(name)
    }
  }
}
