/**
 * A controller that speaks as the field's own one does, with an assignment of its own that is simple and legal: workers take
 * turns at constraints, and each report lets a few more events go out.
 */
import { randomUUID } from "node:crypto"
import { PeerRedis, pause } from "./PeerRedis.js"
import { type PeerDescription, hashOf, updatesKey } from "./PeerService.js"

export interface VirtualWorker {
  readonly tags?: ReadonlyArray<string>
  readonly constraint?: number | null
}
export type MapEntry = ReadonlyArray<VirtualWorker> | null
export interface PeerMap {
  readonly parts: Readonly<Record<string, Readonly<Record<string, ReadonlyArray<MapEntry>>>>>
  readonly sequence: ReadonlyArray<string>
}

/** What a controller knows of a service. */
export interface ServiceConfig {
  readonly name: string
  readonly service_uuid: string
  readonly mapping_uuid: string | null
  readonly parameters_hash: string | null
  readonly tags?: ReadonlyArray<string>
  readonly streams?: ReadonlyArray<string>
}

interface PeerScan {
  readonly mapping: string
  readonly events: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
  readonly finished: Promise<void>
  /** What it waits for. */
  readonly outstanding: () => string
}

interface Awaited {
  /** By event, the workers that have not reported it. */
  readonly events: Map<number, Set<string>>
  /** `<event> <worker>` of results that were announced and not reduced. */
  readonly results: Set<string>
  /** Services that have not answered the end. */
  readonly answers: Set<string>
}

const lockKey = "dranspose:controller_lock"
const outstanding = 12

export class PeerController {
  private redis!: PeerRedis
  private readonly life = new AbortController()
  private scanLife = new AbortController()
  private mapping: string = randomUUID()
  private readonly values = new Map<string, { readonly version: string; readonly value: Buffer }>()
  /** How often services were told because their hash was another one. */
  consistencyUpdates = 0
  broken: unknown

  constructor(private readonly redisUrl: string) {}

  async start(): Promise<this> {
    this.redis = await PeerRedis.connect(this.redisUrl)
    const taken = await this.redis.ask("SET", lockKey, "🔒", "EX", "10", "NX")
    if (taken === null) throw new Error("there is another controller")
    this.background(this.every(7_000, () => this.redis.ask("SET", lockKey, "🔒", "EX", "10", "XX")))
    this.background(this.every(2_000, () => this.keepParametersConsistent()))
    return this
  }

  async close(): Promise<void> {
    this.life.abort()
    this.scanLife.abort()
    await this.redis.ask("DEL", updatesKey, lockKey)
    for (const kind of ["ready:*", "assigned:*", "parameters:*:*", "parameter_description:*"]) {
      await this.redis.remove(`dranspose:${kind}`)
    }
    this.redis.close()
  }

  get hash(): string {
    return hashOf(this.versions)
  }

  async setParameter(name: string, value: string): Promise<void> {
    const version = randomUUID()
    await this.redis.ask("SET", `dranspose:parameters:${name}:${version}`, Buffer.from(value))
    this.values.set(name, { version, value: Buffer.from(value) })
    await this.tell({ target_parameters_hash: this.hash })
  }

  services = async (): Promise<ReadonlyArray<ServiceConfig>> => [
    ...(await this.redis.states<ServiceConfig>("dranspose:ingester:*:config")),
    ...(await this.workers()),
    ...(await this.redis.states<ServiceConfig>("dranspose:reducer:reducer:config"))
  ]

  /** Begins a scan, once every service has taken it up. Its end is when all have said that they are done. */
  async begin(map: PeerMap): Promise<PeerScan> {
    this.scanLife.abort()
    this.scanLife = new AbortController()
    const { signal } = this.scanLife
    const before = this.mapping
    this.mapping = randomUUID()
    await this.redis.ask("DEL", `dranspose:ready:${before}`)
    await this.redis.ask("DEL", `dranspose:assigned:${before}`)
    const streams = [...new Set(Object.values(map.parts).flatMap((part) => Object.keys(part)))]
    await this.tell({ active_streams: streams })
    const { mapping } = this
    for (let poll = 0; ; poll++) {
      const all = await this.services()
      if (all.some(({ name }) => name === "reducer") && all.every((one) => one.mapping_uuid === mapping)) break
      if (poll > 300)
        throw new Error(`not taken up by ${JSON.stringify(all.filter((one) => one.mapping_uuid !== mapping))}`)
      await pause(100)
    }
    const events = resolve(map, await this.workers())
    const awaited: Awaited = { events: new Map(), results: new Set(), answers: new Set() }
    const finished = this.lead(mapping, events, awaited, signal)
    finished.catch(() => undefined)
    const outstanding = () => {
      const workers = [...awaited.events].map(([event, names]) => `${event} of ${[...names].join(" and ")}`)
      return `events ${workers.join(", ")}; results ${[...awaited.results].join(", ")}; answers ${[...awaited.answers].join(", ")}`
    }
    return { mapping, events, finished, outstanding }
  }

  private workers = () => this.redis.states<ServiceConfig>("dranspose:worker:*:config")

  private get versions() {
    return Object.fromEntries([...this.values].map(([name, { version }]) => [name, version]))
  }

  private async tell(rest: Record<string, unknown>): Promise<void> {
    await this.redis.add(updatesKey, {
      mapping_uuid: this.mapping,
      parameters_version: this.versions,
      target_parameters_hash: null,
      active_streams: [],
      finished: false,
      ...rest
    })
  }

  private async lead(
    mapping: string,
    events: PeerScan["events"],
    { answers, events: waiting, results }: Awaited,
    signal: AbortSignal
  ): Promise<void> {
    const early = new Set<string>()
    const unready = new Set((await this.workers()).map(({ name }) => name))
    for (const { name } of await this.services()) answers.add(name)
    let next = 0
    let told = false
    const options = { from: "0", block: 1000, signal }
    for await (const entries of this.redis.follow(`dranspose:ready:${mapping}`, options)) {
      for (const { data } of entries) {
        const update = JSON.parse(data)
        if (update.state === "ready") unready.delete(update.worker)
        if (update.state === "finished") answers.delete(update.worker ?? update.ingester ?? "reducer")
        if (update.source === "worker") {
          update.completed.forEach((event: number, k: number) => {
            if (waiting.get(event)?.delete(update.worker) !== true) return
            const key = `${event} ${update.worker}`
            if (update.has_result[k] === true && !early.delete(key)) results.add(key)
          })
        }
        if (update.source === "reducer" && update.completed !== null) {
          const key = `${update.completed} ${update.worker}`
          if (!results.delete(key)) early.add(key)
        }
      }
      const forget = () => {
        for (const [event, left] of waiting) if (left.size === 0) waiting.delete(event)
      }
      forget()
      if (unready.size === 0) {
        const batch: Array<unknown> = []
        while (next < events.length && waiting.size < outstanding) {
          const assignments = events[next] ?? {}
          waiting.set(next, new Set(Object.values(assignments).flat()))
          batch.push({ event_number: next++, assignments })
        }
        if (batch.length > 0) await this.redis.add(`dranspose:assigned:${mapping}`, batch)
      }
      forget()
      if (!told && next === events.length && waiting.size === 0 && results.size === 0) {
        told = true
        await this.tell({ finished: true })
      }
      if (told && answers.size === 0) return
    }
    throw new Error("the scan was left")
  }

  private async keepParametersConsistent(): Promise<void> {
    const described = await this.redis.states<PeerDescription>("dranspose:parameter_description:*")
    for (const { default: value, name } of described) {
      if (!this.values.has(name)) await this.setParameter(name, String(value))
    }
    for (const [name, { value, version }] of this.values) {
      await this.redis.ask("SET", `dranspose:parameters:${name}:${version}`, value, "NX")
    }
    if ((await this.services()).every((one) => one.parameters_hash === this.hash)) return
    this.consistencyUpdates++
    await this.tell({ target_parameters_hash: this.hash })
  }

  private async every(milliseconds: number, work: () => Promise<unknown>): Promise<void> {
    while (!this.life.signal.aborted) {
      await work()
      await pause(milliseconds, this.life.signal)
    }
  }

  private background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => {
      if (!this.life.signal.aborted) this.broken ??= cause
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** The map with its first and last event, and every constraint bound: the assignments of all events. */
const resolve = (map: PeerMap, workers: ReadonlyArray<ServiceConfig>): PeerScan["events"] => {
  const parts = Object.values(map.parts)
  const streams = [...new Set(parts.flatMap((part) => Object.keys(part)))]
  const tagsOf = ({ tags = ["generic"] }: VirtualWorker) => tags
  const used = parts.flatMap((part) => Object.values(part).flat()).flatMap((entry) => (entry ?? []).flatMap(tagsOf))
  const everybody = [...new Set(used)].map((tag) => ({ tags: [tag], constraint: null }))
  const wrap = Object.fromEntries(streams.map((stream) => [stream, [everybody]]))
  const fitting = (one: VirtualWorker) =>
    workers
      .filter(({ tags = [] }) => tagsOf(one).every((tag) => tags.includes(tag)))
      .map(({ name }) => name)
      .sort()
  let turn = 0
  return [wrap, ...map.sequence.map((name) => map.parts[name] ?? {}), wrap].flatMap((part) => {
    const bound = new Map<number, string>()
    const workersOf = (one: VirtualWorker): ReadonlyArray<string> => {
      const all = fitting(one)
      if (one.constraint === null || one.constraint === undefined) return all
      const worker = bound.get(one.constraint) ?? all[turn++ % all.length] ?? ""
      bound.set(one.constraint, worker)
      return [worker]
    }
    const length = Object.values(part)[0]?.length ?? 0
    return Array.from({ length }, (_, event) =>
      Object.fromEntries(
        Object.entries(part).flatMap(([stream, entries]) => {
          const entry = entries[event] ?? null
          return entry === null ? [] : [[stream, [...new Set(entry.flatMap(workersOf))].sort()]]
        })
      )
    )
  })
}
