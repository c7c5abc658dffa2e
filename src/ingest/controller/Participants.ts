/**
 * Who takes part in a scan. A worker is known by its name and by the identity of its start. A start that has left gets nothing
 * more of the scan. Another one under the name of a worker that has left is let in when it has told which start it is, and so
 * can tell its assignments from those of its predecessor; and when every ingester has heard it, and will serve it.
 */
import type { IngesterState, Roster, WorkerState } from "../../assignment/ServiceState.js"

interface Member {
  readonly incarnation: string
  /** When it was first found missing, in milliseconds. */
  missingSince: number | undefined
}

/** Workers that have reported and do not take part, by name. */
export type Newcomers = ReadonlyMap<string, Newcomer>

export interface Newcomer {
  /** The last event that it is done with. */
  readonly completed: number
  /** Which start of it has reported, where it has told. */
  readonly incarnation: string | undefined
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
  /** The names of workers that have left. */
  private readonly spent = new Set<string>()
  private readonly spentStarts = new Set<string>()

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

  /** Whether it is this start of the worker that takes part. */
  isStart(name: string, incarnation: string): boolean {
    return this.workers.get(name)?.incarnation === incarnation
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
    return [...new Set([...this.spent, ...this.workers.keys()])].sort()
  }

  /** Compares with who lives now. A newcomer joins as soon as it has the map, and is connected to whom it needs. */
  observe(roster: Roster, now: number, absence: number, newcomers: Newcomers): Observed {
    let vanished = false
    const gone = (known: Member, found: { readonly service_uuid: string } | undefined) => {
      if (found?.service_uuid === known.incarnation) known.missingSince = undefined
      else if (found === undefined) known.missingSince ??= now
      vanished ||= found === undefined
      if (found !== undefined) return found.service_uuid !== known.incarnation
      return now - (known.missingSince ?? now) >= absence
    }
    const byName = new Map(roster.workers.map((worker) => [worker.name, worker] as const))
    const dropped = this.dropped(roster)
    const left: Array<string> = []
    for (const [name, known] of this.workers) {
      if (!gone(known, byName.get(name)) && !dropped.has(name)) continue
      left.push(name)
      this.workers.delete(name)
      this.spent.add(name)
      this.spentStarts.add(known.incarnation)
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
    newcomers: Newcomers
  ): ReadonlyArray<WorkerState> {
    const joined: Array<WorkerState> = []
    for (const [name, { incarnation }] of newcomers) {
      const worker = byName.get(name)
      if (worker === undefined || this.workers.has(name) || this.spentStarts.has(worker.service_uuid)) continue
      if (worker.mapping_uuid !== this.mapping || !this.reaches(worker, roster)) continue
      if (incarnation !== undefined && incarnation !== worker.service_uuid) continue
      if (this.spent.has(name) && (incarnation === undefined || !this.isHeard(worker, roster))) continue
      this.workers.set(name, member(worker.service_uuid))
      joined.push(worker)
    }
    return joined
  }

  /** A frame that is sent to somebody who is not connected yet would be lost, and ends the work of some ingesters. */
  private reaches(worker: WorkerState, roster: Roster): boolean {
    return this.needed(roster).every(
      (ingester) =>
        hears(ingester, worker) || worker.ingesters.some(({ service_uuid }) => service_uuid === ingester.service_uuid)
    )
  }

  /** What an ingester has for the predecessor of a worker is thrown away when it hears the worker for the first time. */
  private isHeard(worker: WorkerState, roster: Roster): boolean {
    const dropped = this.dropped(roster)
    return !dropped.has(worker.name) && this.needed(roster).every((ingester) => hears(ingester, worker))
  }

  /** Who gets nothing more from some ingester. */
  private dropped({ ingesters }: Roster): ReadonlySet<string> {
    const own = ingesters.filter(({ mapping_uuid }) => mapping_uuid === this.mapping)
    return new Set(own.flatMap(({ dropped_workers = [] }) => dropped_workers))
  }

  private needed({ ingesters }: Roster): ReadonlyArray<IngesterState> {
    return ingesters.filter(({ streams }) => streams.some((stream) => this.streams.includes(stream)))
  }
}

// -----------------------------------------------------------------------------

const hears = ({ connected_workers }: IngesterState, { service_uuid }: WorkerState): boolean =>
  Object.values(connected_workers).some((connected) => connected.service_uuid === service_uuid)

const member = (incarnation: string): Member => ({ incarnation, missingSince: undefined })
