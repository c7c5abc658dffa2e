/**
 * A worker that speaks as the field's own one does: a DEALER to every ingester that is found, with pings every two seconds, and
 * one multipart from each ingester that an assignment involves. Its result is all texts of the frames it was given.
 */
import { Dealer, Push } from "zeromq"
import { dumps } from "./PeerPickle.js"
import { pause } from "./PeerRedis.js"
import { type PeerDescription, PeerService } from "./PeerService.js"

interface IngesterConfig {
  readonly name: string
  readonly service_uuid: string
  readonly url: string
  readonly streams: ReadonlyArray<string>
  readonly connected_workers: Readonly<Record<string, unknown>>
}

interface Link {
  readonly config: IngesterConfig
  readonly socket: Dealer
  readonly since: number
  readonly arrived: Array<ReadonlyArray<Buffer>>
  notify: () => void
}

export interface PeerWorkerOptions {
  readonly tags?: ReadonlyArray<string>
  readonly parameters?: ReadonlyArray<PeerDescription>
  /** How often each result and each report is sent; more than once is a fault. */
  readonly answers?: number
}

export class PeerWorker extends PeerService {
  private readonly links = new Map<string, Link>()
  private reducer: { readonly uuid: string; readonly socket: Push } | undefined
  private scan = new AbortController()
  /** How often it left an ingester because its pings did not arrive there, or it was another one. */
  reconnects = 0

  constructor(
    redisUrl: string,
    name: string,
    private readonly options: PeerWorkerOptions = {}
  ) {
    super(redisUrl, "worker", name, options.parameters)
  }

  protected own() {
    return {
      name: this.name,
      ingesters: [...this.links.values()].map(({ config }) => config),
      tags: this.options.tags ?? ["generic"]
    }
  }

  protected async open(): Promise<void> {
    this.background(this.manageIngesters())
    this.background(this.manageReceiver())
  }

  protected async restartWork(): Promise<void> {
    this.leave()
    this.scan = new AbortController()
    for (const { arrived } of this.links.values()) arrived.length = 0
    this.background(this.work(this.scan.signal))
  }

  protected async finishWork(): Promise<void> {
    await this.report("finished", [], [])
  }

  protected shut(): void {
    this.leave()
    for (const { socket } of this.links.values()) socket.close()
    this.reducer?.socket.close()
  }

  private leave(): void {
    this.scan.abort()
    for (const { notify } of this.links.values()) notify()
  }

  private async manageIngesters(): Promise<void> {
    while (!this.life.signal.aborted) {
      const before = [...this.links.keys()].join()
      const found = await this.redis.states<IngesterConfig>("dranspose:ingester:*:config")
      for (const [name, link] of this.links) {
        const now = found.find((config) => config.name === name)
        const unheard =
          performance.now() - link.since > 10_000 && now?.connected_workers[this.service_uuid] === undefined
        if (now !== undefined && now.service_uuid === link.config.service_uuid && !unheard) continue
        link.socket.close()
        this.links.delete(name)
        this.reconnects++
      }
      for (const config of found) if (!this.links.has(config.name)) await this.connect(config)
      for (const { socket } of this.links.values()) await socket.send(this.ping)
      if ([...this.links.keys()].join() !== before) await this.publish()
      await pause(2_000, this.life.signal)
    }
  }

  private get ping(): Buffer {
    return Buffer.from(this.service_uuid.replaceAll("-", ""), "hex")
  }

  private async connect(config: IngesterConfig): Promise<void> {
    const socket = new Dealer({ routingId: this.name, linger: 0 })
    socket.connect(config.url)
    const link: Link = { config, socket, since: performance.now(), arrived: [], notify: () => undefined }
    this.links.set(config.name, link)
    await socket.send(this.ping)
    this.background(
      (async () => {
        for await (const message of socket) {
          link.arrived.push(message)
          link.notify()
        }
      })()
    )
  }

  private async manageReceiver(): Promise<void> {
    while (!this.life.signal.aborted) {
      const [config] = await this.redis.states<{ service_uuid: string; url: string }>(
        "dranspose:reducer:reducer:config"
      )
      if (config !== undefined && config.service_uuid !== this.reducer?.uuid) {
        this.reducer?.socket.close()
        const socket = new Push()
        socket.connect(config.url)
        this.reducer = { uuid: config.service_uuid, socket }
      }
      await pause(this.reducer === undefined ? 1_000 : 10_000, this.life.signal)
    }
  }

  private async work(signal: AbortSignal): Promise<void> {
    await this.report("ready", [], [])
    let completed: Array<number> = []
    let results: Array<boolean> = []
    let reported = performance.now()
    let mine = 0
    const report = async () => {
      const [events, flags] = [completed, results]
      ;[completed, results, reported] = [[], [], performance.now()]
      for (let time = 0; time < (this.options.answers ?? 1); time++) await this.report("idle", events, flags)
    }
    const options = { from: "0", block: 1000, count: 1, signal }
    for await (const entries of this.redis.follow(this.assignedKey, options)) {
      const named = entries
        .flatMap(
          ({ data }) =>
            JSON.parse(data) as ReadonlyArray<{ event_number: number; assignments: Record<string, Array<string>> }>
        )
        .filter(({ assignments }) => Object.values(assignments).some((workers) => workers.includes(this.name)))
      mine = named.length
      for (const { assignments, event_number } of named) {
        const streams = Object.keys(assignments).filter((stream) => assignments[stream]?.includes(this.name))
        const payload = await this.assemble(event_number, streams, signal)
        if (payload === undefined) return
        await this.sendResult(event_number, payload)
        this.processed_events++
        completed.push(event_number)
        results.push(true)
        mine--
        if (mine === 0 || performance.now() - reported > 1_000) await report()
      }
    }
  }

  /** One multipart from each ingester that has one of these streams; the numbers of all must be the same. */
  private async assemble(event: number, streams: ReadonlyArray<string>, signal: AbortSignal) {
    const payload: Record<string, ReadonlyArray<string>> = {}
    for (const link of this.links.values()) {
      if (!link.config.streams.some((stream) => streams.includes(stream))) continue
      const message = await nextOf(link, signal)
      if (message === undefined) return undefined
      const [head, ...frames] = message
      const header = JSON.parse(String(head)) as {
        event_number: number
        streams: Record<string, { typ: string; length: number }>
      }
      if (header.event_number !== event) throw new Error(`${this.name}: ${header.event_number} where ${event} was due`)
      for (const [stream, { length, typ }] of Object.entries(header.streams)) {
        if (payload[stream] !== undefined) throw new Error(`${this.name}: ${stream} twice in ${event}`)
        if (typeof typ !== "string") throw new Error(`${this.name}: ${stream} without a type`)
        payload[stream] = frames.splice(0, length).map(String)
      }
      if (frames.length > 0) throw new Error(`${this.name}: ${frames.length} frames too many in ${event}`)
    }
    return payload
  }

  private async sendResult(event_number: number, payload: Record<string, ReadonlyArray<string>>): Promise<void> {
    while (this.reducer === undefined) await pause(50)
    const header = JSON.stringify({ event_number, worker: this.name, parameters_hash: this.parameters_hash })
    for (let time = 0; time < (this.options.answers ?? 1); time++) {
      await this.reducer.socket.send([header, dumps(payload)])
    }
  }

  private async report(state: string, completed: ReadonlyArray<number>, has_result: ReadonlyArray<boolean>) {
    const spent = { get_assignments: 0.001, get_messages: 0.001, assemble_event: 0, custom_code: 0, send_result: 0 }
    const processing_times = state === "idle" ? { ...spent, no_events: completed.length } : null
    const update = { state, source: "worker", completed, worker: this.name, has_result, processing_times }
    await this.redis.add(this.readyKey, update)
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** The next one; none when the scan is left. */
const nextOf = async (link: Link, signal: AbortSignal): Promise<ReadonlyArray<Buffer> | undefined> => {
  while (link.arrived.length === 0 && !signal.aborted) {
    await new Promise<void>((resolve) => {
      link.notify = resolve
    })
  }
  return signal.aborted ? undefined : link.arrived.shift()
}
