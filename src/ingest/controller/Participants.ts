/**
 * Who takes part in a scan. A worker is known by its name and by the identity of its start: one that comes back under a name
 * that this scan has known gets nothing more of it, since it would go through the assignments of its predecessor again.
 */
import type { Roster, WorkerState } from "../../assignment/ServiceState.js"

interface Member {
  readonly incarnation: string
  /** When it was first found missing, in milliseconds. */
  missingSince: number | undefined
}

export interface Observed {
  readonly left: ReadonlyArray<string>
  readonly joined: ReadonlyArray<WorkerState>
  /** The reducer is not the one it was, or is gone. */
  readonly reducerLost: boolean
  /** Somebody who was there is not seen now, for whatever reason. */
  readonly vanished: boolean
}

export class Participants {
  private readonly workers = new Map<string, Member>()
  private readonly ingesters = new Map<string, Member>()
  private reducer: Member | undefined
  private readonly spent = new Set<string>()

  constructor(
    private readonly mapping: string,
    private readonly streams: ReadonlyArray<string>
  ) {}

  /** Those that are there when the scan begins. */
  begin(roster: Roster): void {
    for (const { name, service_uuid } of roster.workers) this.workers.set(name, member(service_uuid))
    for (const { name, service_uuid } of roster.ingesters) this.ingesters.set(name, member(service_uuid))
    if (roster.reducer !== undefined) this.reducer = member(roster.reducer.service_uuid)
  }

  isWorker(name: string): boolean {
    return this.workers.has(name)
  }

  /** The workers that take part now. */
  workerNames(): ReadonlyArray<string> {
    return [...this.workers.keys()]
  }

  /** Who must answer the end of the scan: those that have not left. */
  answerers(): {
    readonly workers: ReadonlyArray<string>
    readonly ingesters: ReadonlyArray<string>
    readonly reducer: boolean
  } {
    return {
      workers: [...this.workers.keys()],
      ingesters: [...this.ingesters.keys()],
      reducer: this.reducer !== undefined
    }
  }

  /** Every worker that has taken part. */
  names(): ReadonlyArray<string> {
    return [...this.spent, ...this.workers.keys()].sort()
  }

  /** Compares with who lives now. A newcomer joins as soon as it has the map, and is connected to whom it needs. */
  observe(roster: Roster, now: number, absence: number, newcomers: Iterable<string>): Observed {
    let vanished = false
    const gone = (known: Member, found: { readonly service_uuid: string } | undefined) => {
      if (found?.service_uuid === known.incarnation) known.missingSince = undefined
      else if (found === undefined) known.missingSince ??= now
      vanished ||= found === undefined
      if (found !== undefined) return found.service_uuid !== known.incarnation
      return now - (known.missingSince ?? now) >= absence
    }
    const byName = new Map(roster.workers.map((worker) => [worker.name, worker] as const))
    const left = [...this.workers].filter(([name, known]) => gone(known, byName.get(name))).map(([name]) => name)
    for (const name of left) {
      this.workers.delete(name)
      this.spent.add(name)
    }
    for (const [name, known] of this.ingesters) {
      const found = roster.ingesters.find((ingester) => ingester.name === name)
      if (gone(known, found)) this.ingesters.delete(name)
    }
    const reducerLost = this.reducer !== undefined && gone(this.reducer, roster.reducer)
    if (reducerLost) this.reducer = undefined
    this.adopt(roster)
    return { left, joined: this.join(byName, roster, newcomers), reducerLost, vanished }
  }

  /** Nobody counts as missing for the time in which nothing could be asked. */
  excuse(): void {
    for (const known of [...this.workers.values(), ...this.ingesters.values()]) known.missingSince = undefined
    if (this.reducer !== undefined) this.reducer.missingSince = undefined
  }

  /** Ingesters and a reducer that have the map belong to it, whenever they come. */
  private adopt({ ingesters, reducer }: Roster): void {
    for (const { mapping_uuid, name, service_uuid } of ingesters) {
      if (mapping_uuid === this.mapping && !this.ingesters.has(name)) this.ingesters.set(name, member(service_uuid))
    }
    if (reducer?.mapping_uuid === this.mapping) this.reducer ??= member(reducer.service_uuid)
  }

  private join(
    byName: ReadonlyMap<string, WorkerState>,
    roster: Roster,
    newcomers: Iterable<string>
  ): ReadonlyArray<WorkerState> {
    const joined: Array<WorkerState> = []
    for (const name of newcomers) {
      const worker = byName.get(name)
      if (worker === undefined || this.workers.has(name) || this.spent.has(name)) continue
      if (worker.mapping_uuid !== this.mapping || !this.reaches(worker, roster)) continue
      this.workers.set(name, member(worker.service_uuid))
      joined.push(worker)
    }
    return joined
  }

  /** A frame that is sent to somebody who is not connected yet would be lost, and ends the work of some ingesters. */
  private reaches(worker: WorkerState, roster: Roster): boolean {
    const needed = roster.ingesters.filter(({ streams }) => streams.some((stream) => this.streams.includes(stream)))
    return needed.every(
      ({ connected_workers, service_uuid }) =>
        Object.values(connected_workers).some((connected) => connected.service_uuid === worker.service_uuid) ||
        worker.ingesters.some((known) => known.service_uuid === service_uuid)
    )
  }
}

// -----------------------------------------------------------------------------

const member = (incarnation: string): Member => ({ incarnation, missingSince: undefined })
