/**
 * One scan from its map to its end, as far as it can be told without asking anybody: reports and rosters go in, assignments
 * and figures come out.
 *
 * When a worker leaves, its events are settled so. An event that was handed out and has a share that only this worker had is
 * lost: its frames are gone with the worker, and who joins frames by their order can't be told of an event twice. An event
 * for everybody is lost only when nobody reported it. What was not handed out yet goes to others and counts as reassigned
 * once they are done with it; under `lose` so does only what was still unresolved, the rest is handed out without the worker
 * and lost.
 */
import type { Roster } from "../../assignment/ServiceState.js"
import type { ServiceUpdate, WorkerUpdate } from "../../assignment/ServiceUpdate.js"
import type { MappingId, WorkAssignment } from "../../assignment/WorkAssignment.js"
import { Completion } from "./Completion.js"
import type { Progress } from "./Controller.js"
import { Distribution } from "./Distribution.js"
import type { Issued } from "./Issued.js"
import { LoadBook } from "./LoadBook.js"
import { type Newcomer, type Observed, Participants } from "./Participants.js"
import { empty as emptyPlan, type ScanPlan } from "./ScanPlan.js"
import type { ScanStatus, WorkerLoad } from "./ScanStatus.js"
import type { ScanSummary } from "./ScanSummary.js"

export interface ScanOptions {
  readonly mapping: MappingId
  readonly plan: ScanPlan
  readonly onWorkerLoss: "reassign" | "lose"
  /** The most events that are out at a time. */
  readonly outstanding: number
  /** How long a service must be missing to count as gone, in milliseconds. */
  readonly absence: number
  /** How long the reducer may confirm nothing while only results are missing, in milliseconds. */
  readonly resultsPatience: number
  readonly startedAt: number
}

/** How many of the newest assignments are kept, done or not. */
const recentAssignments = 1_000

export class Scan {
  phase: "taking up" | "running" | "closing" | "over" = "taking up"
  ending: ScanSummary["ending"] | undefined
  private readonly load = new LoadBook()
  private readonly distribution: Distribution
  private readonly completion: Completion
  private readonly participants: Participants
  private recent: Array<WorkAssignment> = []
  /** Workers that have begun: a second beginning under a name is another one's. */
  private readonly begun = new Set<string>()
  private bereaved = false
  private readonly newcomers = new Map<string, Newcomer>()
  /** The starts of workers that go by them, by name. */
  private readonly incarnations = new Map<string, string>()
  private readonly answers = { workers: new Set<string>(), ingesters: new Set<string>(), reducer: false }
  private endedAt: number | undefined

  constructor(readonly options: ScanOptions) {
    this.distribution = new Distribution(options.plan)
    this.completion = new Completion(options.plan.totalEvents)
    this.participants = new Participants(options.mapping, options.plan.streams)
  }

  get mapping(): MappingId {
    return this.options.mapping
  }

  /** All services have the map: these take part. */
  begin(roster: Roster): void {
    this.participants.begin(roster)
    for (const worker of roster.workers) this.distribution.enter(worker, true)
    this.phase = "running"
  }

  /** Books a report, and gives the worker what is next. */
  take(update: ServiceUpdate): void {
    switch (update.source) {
      case "worker":
        return this.takeWorker(update)
      case "ingester":
        this.answers.ingesters.add(update.ingester)
        return
      case "reducer":
        if (update.state === "finished") this.answers.reducer = true
        if (update.completed !== null && update.worker !== null) this.completion.reduce(update.worker, update.completed)
    }
  }

  /** Compares with who lives now; what a worker that has left owes is settled. */
  observe(roster: Roster, now: number): Observed {
    const observed = this.participants.observe(roster, now, this.options.absence, this.newcomers)
    const { results } = this.completion
    if (observed.reducerLost) results.loseReducer()
    if (this.participants.answerers().reducer) results.findReducer()
    if (this.completion.ended) results.watch(now, this.options.resultsPatience)
    for (const name of observed.left) {
      this.bereaved = true
      this.incarnations.delete(name)
      this.completion.leave(name)
      this.distribution.leave(name, this.options.onWorkerLoss === "reassign" ? "reopen" : "sever")
    }
    for (const worker of observed.joined) {
      const { completed = 0, incarnation } = this.newcomers.get(worker.name) ?? {}
      this.newcomers.delete(worker.name)
      if (incarnation !== undefined) this.incarnations.set(worker.name, incarnation)
      this.distribution.enter(worker, false)
      // What was handed out to a predecessor is not its work.
      this.offer(worker.name, incarnation === undefined ? completed : this.distribution.issued)
    }
    return observed
  }

  /** Nothing could be asked for a while. */
  excuse(): void {
    this.participants.excuse()
  }

  /** What is to be handed out now, in the order of events; counts as out from here on. */
  issue(): ReadonlyArray<WorkAssignment> {
    if (this.phase !== "running") return []
    if (this.bereaved) this.rouse()
    const events = this.distribution
      .issue(Math.max(0, this.options.outstanding - this.completion.out))
      .map((event) => this.addressed(event))
    this.completion.publish(events)
    const assignments = events.map(({ assignment }) => assignment)
    for (const assignment of assignments) this.recent.push(assignment)
    if (this.recent.length >= 2 * recentAssignments) this.recent = this.recent.slice(-recentAssignments)
    return assignments
  }

  get issued(): number {
    return this.distribution.issued
  }

  /** An event as it was handed out; without its frames where they are known to be taken long ago. */
  reissue(event: number): WorkAssignment {
    const recent = this.recent[event - this.issued + this.recent.length]
    return recent ?? this.completion.assignmentOf(event) ?? { event_number: event, assignments: {} }
  }

  /** All events have ended. Where there is nothing to do yet, there is nothing to end. */
  get complete(): boolean {
    return this.phase === "running" && this.options.plan !== emptyPlan && this.completion.complete
  }

  /** The services are told that it ends. */
  close(ending: ScanSummary["ending"]): void {
    this.phase = "closing"
    this.ending ??= ending
  }

  /** Everybody who takes part and lives has answered the end. */
  get answered(): boolean {
    const { ingesters, reducer, workers } = this.participants.answerers()
    return (
      this.phase === "closing" &&
      workers.every((name) => this.answers.workers.has(name)) &&
      ingesters.every((name) => this.answers.ingesters.has(name)) &&
      (!reducer || this.answers.reducer)
    )
  }

  /** Nothing more counts: what has not ended is lost. Says what came of it, once. */
  end(ending: ScanSummary["ending"], now: number): ScanSummary | undefined {
    if (this.phase === "over") return undefined
    this.phase = "over"
    this.ending ??= ending
    this.endedAt = now
    this.completion.giveUp()
    return this.summary(this.ending, now)
  }

  progress(): Progress {
    return {
      last_assigned: this.distribution.issued,
      completed_events: this.completion.completed,
      total_events: this.completion.total,
      finished: this.phase === "over",
      processed: this.completion.processed,
      reassigned: this.completion.reassigned,
      lost: this.completion.lost.count,
      results_lost: this.completion.results.lost
    }
  }

  status(): ScanStatus {
    return {
      work_completed: this.completion.workCompleted(),
      last_assigned: this.distribution.issued,
      assignment: this.distribution.assignment(),
      completed_events: this.completion.completedEvents(),
      finished: this.phase === "over",
      processing_times: this.load.times()
    }
  }

  loadOver(intervals: ReadonlyArray<number>, scan: boolean): Readonly<Record<string, WorkerLoad>> {
    return this.load.load(intervals, scan, this.completion.completed)
  }

  private takeWorker(update: WorkerUpdate): void {
    const { completed, processing_times, worker } = update
    if (update.state === "finished") this.answers.workers.add(worker)
    this.completion.report(worker, completed, update.has_result, update.lost)
    const last = completed[completed.length - 1]
    if (last !== undefined && processing_times !== null) this.load.add(worker, last, processing_times)
    if (update.state === "finished") return
    if (update.state === "ready") this.admit(worker, update.incarnation)
    else this.offer(worker, last ?? 0)
  }

  /** A worker has begun; a second one under its name is another one, that does not take part yet. */
  private admit(worker: string, incarnation: string | undefined): void {
    const isMember =
      incarnation === undefined ? !this.begun.has(worker) : this.participants.isStart(worker, incarnation)
    this.begun.add(worker)
    if (!isMember) {
      this.newcomers.set(worker, { completed: 0, incarnation })
      return
    }
    if (incarnation !== undefined) this.incarnations.set(worker, incarnation)
    this.offer(worker, 0)
  }

  private offer(worker: string, completed: number): void {
    if (this.phase !== "running") return
    if (this.participants.isWorker(worker)) this.distribution.assign(worker, completed)
    else this.newcomers.set(worker, { completed, incarnation: this.newcomers.get(worker)?.incarnation })
  }

  /** Says which start of its workers an event is meant for, where they go by it. */
  private addressed(event: Issued): Issued {
    if (this.incarnations.size === 0) return event
    const named = event.workers.flatMap((name) => {
      const incarnation = this.incarnations.get(name)
      return incarnation === undefined ? [] : [[name, incarnation] as const]
    })
    if (named.length === 0) return event
    return { ...event, assignment: { ...event.assignment, incarnations: Object.fromEntries(named) } }
  }

  /**
   * What a gone worker has left may hold up events of others, who then have nothing to report and so would be given nothing:
   * these are asked to take it.
   */
  private rouse(): void {
    for (let given = true; given && this.distribution.blocked;) {
      given = false
      for (const name of this.participants.workerNames()) {
        if (!this.begun.has(name) || this.completion.holds(name)) continue
        given = this.distribution.assignNext(name).length > 0 || given
      }
    }
  }

  private summary(ending: ScanSummary["ending"], now: number): ScanSummary {
    const seconds = Math.max(0, (this.endedAt ?? now) - this.options.startedAt) / 1_000
    return {
      mapping: this.mapping,
      ending,
      ...this.completion.outcome,
      streams: this.options.plan.streams,
      workers: this.participants.names(),
      seconds,
      rate: seconds === 0 ? 0 : this.completion.completed / seconds
    }
  }
}
