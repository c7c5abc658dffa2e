/** An ingester of stream1 (STINS) streams that speaks as the field's own one does. */
import { Pull, Router } from "zeromq"
import { PeerService } from "./PeerService.js"

export interface PeerStream {
  readonly name: string
  /** Where its detector pushes from. */
  readonly upstream: string
}

interface PeerAssignment {
  readonly event_number: number
  readonly assignments: Readonly<Record<string, ReadonlyArray<string>>>
}

export class PeerIngester extends PeerService {
  private readonly router = new Router({ mandatory: true, linger: 0 })
  private readonly connected = new Map<string, { name: string; service_uuid: string; last_seen: number }>()
  private scan = new AbortController()

  constructor(
    redisUrl: string,
    name: string,
    private readonly streams: ReadonlyArray<PeerStream>
  ) {
    super(redisUrl, "ingester", name)
  }

  protected own() {
    return {
      name: this.name,
      url: this.router.lastEndpoint,
      connected_workers: Object.fromEntries(this.connected),
      streams: this.streams.map(({ name }) => name)
    }
  }

  protected async open(): Promise<void> {
    await this.router.bind("tcp://127.0.0.1:*")
    this.background(this.acceptWorkers())
    this.background(this.expireWorkers())
  }

  protected async restartWork(_: string, activeStreams: ReadonlyArray<string>): Promise<void> {
    this.scan.abort()
    this.scan = new AbortController()
    const active = this.streams.filter(({ name }) => activeStreams.includes(name))
    if (active.length > 0) this.background(this.work(active, this.scan.signal))
  }

  protected async finishWork(): Promise<void> {
    await this.redis.add(this.readyKey, { state: "finished", source: "ingester", ingester: this.name })
  }

  protected shut(): void {
    this.scan.abort()
    this.router.close()
  }

  private async acceptWorkers(): Promise<void> {
    for await (const [identity, ping] of this.router) {
      if (identity === undefined || ping?.length !== 16) continue
      const hex = ping.toString("hex")
      const uuid = [0, 8, 12, 16, 20, 32]
        .slice(1)
        .map((end, k, all) => hex.slice(k === 0 ? 0 : all[k - 1], end))
        .join("-")
      const isNew = !this.connected.has(uuid)
      this.connected.set(uuid, { name: String(identity), service_uuid: uuid, last_seen: Date.now() / 1000 })
      if (isNew) await this.publish()
    }
  }

  private async expireWorkers(): Promise<void> {
    while (!this.life.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      for (const [uuid, { last_seen }] of this.connected) {
        if (Date.now() / 1000 - last_seen > 4) this.connected.delete(uuid)
      }
    }
  }

  /** Every assignment that names one of its streams takes one message of each that it names. */
  private async work(active: ReadonlyArray<PeerStream>, signal: AbortSignal): Promise<void> {
    const sources = new Map<string, AsyncGenerator<ReadonlyArray<Buffer>>>()
    const options = { from: "0", block: 1000, signal }
    for await (const entries of this.redis.follow(this.assignedKey, options)) {
      for (const assignment of entries.flatMap(({ data }) => JSON.parse(data) as ReadonlyArray<PeerAssignment>)) {
        const named = active.filter(({ name }) => assignment.assignments[name] !== undefined)
        if (named.length === 0) continue
        const taken = new Map<string, ReadonlyArray<Buffer>>()
        for (const stream of named) {
          const source = sources.get(stream.name) ?? seriesFrom(stream.upstream, signal)
          sources.set(stream.name, source)
          const next = await source.next()
          if (next.done === true) return
          taken.set(stream.name, next.value)
          // Behind its end a series is read on and thrown away.
          if (htypeOf(next.value[0]) === "series_end") void source.next().catch(() => undefined)
        }
        await this.distribute(assignment, taken)
        this.processed_events++
      }
    }
  }

  private async distribute(assignment: PeerAssignment, taken: ReadonlyMap<string, ReadonlyArray<Buffer>>) {
    const workers = [...new Set([...taken.keys()].flatMap((name) => assignment.assignments[name] ?? []))].sort()
    for (const worker of workers) {
      const own = [...taken].filter(([name]) => assignment.assignments[name]?.includes(worker))
      const header = {
        event_number: assignment.event_number,
        streams: Object.fromEntries(own.map(([name, parts]) => [name, { typ: "STINS", length: parts.length }])),
        created_at: new Date().toISOString().replace("Z", "000Z")
      }
      await this.router.send([worker, JSON.stringify(header), ...own.flatMap(([, parts]) => parts)])
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

const htypeOf = (part: Buffer | undefined): unknown => {
  try {
    return (JSON.parse(String(part)) as { htype?: unknown }).htype
  } catch {
    return undefined
  }
}

/** Skips everything until a start, then start, images and end; nothing more until the next scan. */
async function* seriesFrom(upstream: string, signal: AbortSignal): AsyncGenerator<ReadonlyArray<Buffer>> {
  const socket = new Pull({ linger: 0 })
  signal.addEventListener("abort", () => socket.close())
  socket.connect(upstream)
  let state: "before" | "within" | "behind" = "before"
  for await (const parts of socket) {
    const htype = htypeOf(parts[0])
    if (state === "before" && htype === "header") {
      state = "within"
      yield parts
    } else if (state === "within" && htype === "image") {
      yield parts
    } else if (state === "within" && htype === "series_end") {
      state = "behind"
      yield parts
    }
  }
}
