/** A reducer that speaks as the field's own one does, and keeps what it is sent. */
import { Pull } from "zeromq"
import { loads } from "./PeerPickle.js"
import { PeerService } from "./PeerService.js"

/** A result as it came. */
export interface Reduced {
  readonly event_number: number
  readonly worker: string
  readonly parameters_hash: string | null
  /** By stream, the texts of the frames that the worker was given. */
  readonly payload: Readonly<Record<string, ReadonlyArray<string>>>
}

export class PeerReducer extends PeerService {
  private readonly socket = new Pull({ linger: 0 })
  /** Of the present scan, in the order in which they came. */
  results: Array<Reduced> = []

  constructor(redisUrl: string) {
    super(redisUrl, "reducer", "reducer")
  }

  protected own() {
    return { name: "reducer", url: this.socket.lastEndpoint }
  }

  protected async open(): Promise<void> {
    await this.socket.bind("tcp://127.0.0.1:*")
    this.background(this.work())
  }

  protected async restartWork(): Promise<void> {
    this.results = []
  }

  protected async finishWork(): Promise<void> {
    await this.redis.add(this.readyKey, { state: "finished", source: "reducer", completed: null, worker: null })
  }

  protected shut(): void {
    this.socket.close()
  }

  private async work(): Promise<void> {
    for await (const [header, payload] of this.socket) {
      const head = JSON.parse(String(header)) as Omit<Reduced, "payload">
      this.results.push({ ...head, payload: loads(payload ?? Buffer.of()) as Reduced["payload"] })
      this.processed_events++
      const { event_number, worker } = head
      await this.redis.add(this.readyKey, { state: "idle", source: "reducer", completed: event_number, worker })
    }
  }
}
