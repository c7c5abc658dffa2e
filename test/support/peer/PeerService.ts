/**
 * What peers have in common, as the field's services in Python behave: they say that they live at least every 1.3 s, with a
 * key of ten seconds, and follow the controller's updates, of which they use the last one of each reply and no other.
 */
import { createHash, randomUUID } from "node:crypto"
import { PeerRedis } from "./PeerRedis.js"

export interface PeerUpdate {
  readonly mapping_uuid: string
  readonly parameters_version: Readonly<Record<string, string>>
  readonly target_parameters_hash: string | null
  readonly active_streams: ReadonlyArray<string>
  readonly finished: boolean
}

export interface PeerDescription {
  readonly name: string
  readonly description: string | null
  readonly dtype: "str" | "binary" | "int" | "float" | "bool"
  readonly default: unknown
}

export const updatesKey = "dranspose:controller:updates"

/** SHA-256 over the bytes of the versions, in the order of the names. */
export const hashOf = (versions: Readonly<Record<string, string>>): string => {
  const hash = createHash("sha256")
  for (const name of Object.keys(versions).sort()) {
    hash.update(Buffer.from((versions[name] ?? "").replaceAll("-", ""), "hex"))
  }
  return hash.digest("hex")
}

export abstract class PeerService {
  readonly service_uuid = randomUUID()
  mapping_uuid: string | null = null
  parameters_hash: string | null = null
  readonly parameters = new Map<string, Buffer>()
  processed_events = 0
  protected redis!: PeerRedis
  protected readonly life = new AbortController()
  /** Why it has stopped by itself: a peer in Python would log this and be silent from then on. */
  broken: unknown

  constructor(
    private readonly redisUrl: string,
    private readonly kind: "ingester" | "worker" | "reducer",
    readonly name: string,
    private readonly descriptions: ReadonlyArray<PeerDescription> = []
  ) {}

  /** The fields of its state that others of its kind have too. */
  protected abstract own(): Record<string, unknown>
  protected abstract open(): Promise<void>
  protected abstract restartWork(mapping: string, activeStreams: ReadonlyArray<string>): Promise<void>
  protected abstract finishWork(): Promise<void>
  protected abstract shut(): void

  async start(): Promise<this> {
    this.redis = await PeerRedis.connect(this.redisUrl)
    await this.open()
    this.background(this.register())
    return this
  }

  async close(): Promise<void> {
    this.life.abort()
    this.shut()
    await this.redis.ask("DEL", this.configKey).catch(() => undefined)
    this.redis.close()
  }

  /** Goes on beside everything else; what ends it is kept. */
  protected background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => {
      if (!this.life.signal.aborted) this.broken ??= cause
    })
  }

  protected async publish(): Promise<void> {
    const state = {
      service_uuid: this.service_uuid,
      mapping_uuid: this.mapping_uuid,
      dranspose_version: "0.2.0",
      mapreduce_version: null,
      parameters_hash: this.parameters_hash,
      processed_events: this.processed_events,
      event_rate: 0,
      ...this.own()
    }
    await this.redis.together([
      ["SETEX", this.configKey, "10", JSON.stringify(state)],
      ...this.descriptions.map((one) => [
        "SETEX",
        `dranspose:parameter_description:${one.name}`,
        "10",
        JSON.stringify(one)
      ])
    ])
  }

  protected get readyKey(): string {
    return `dranspose:ready:${this.mapping_uuid ?? "None"}`
  }

  protected get assignedKey(): string {
    return `dranspose:assigned:${this.mapping_uuid ?? "None"}`
  }

  private get configKey(): string {
    return `dranspose:${this.kind}:${this.name}:config`
  }

  private async register(): Promise<void> {
    const from = (await this.redis.newest(updatesKey))?.id ?? "0"
    await this.publish()
    for await (const entries of this.redis.follow(updatesKey, { from, block: 1300, signal: this.life.signal })) {
      const last = entries.at(-1)
      if (last !== undefined) await this.follow(JSON.parse(last.data) as PeerUpdate)
      await this.publish()
    }
  }

  private async follow(update: PeerUpdate): Promise<void> {
    if (update.mapping_uuid !== this.mapping_uuid) {
      this.mapping_uuid = update.mapping_uuid
      await this.restartWork(update.mapping_uuid, update.active_streams)
    }
    const fetched: Record<string, string> = {}
    for (const [name, version] of Object.entries(update.parameters_version)) {
      const value = await this.redis.bytes(`dranspose:parameters:${name}:${version}`)
      if (value === undefined) continue
      this.parameters.set(name, value)
      fetched[name] = version
    }
    this.parameters_hash = hashOf(fetched)
    if (update.finished) await this.finishWork()
  }
}
