/** What peers have of Redis: commands over one connection, and streams that are read by a waiting one. RESP3, plain keys. */
import { createClient } from "@redis/client"

/** An entry of a stream: its id and the JSON of its field `data`. */
export interface Entry {
  readonly id: string
  readonly data: string
}

const connected = async (url: string) => {
  const client = createClient({ url, RESP: 3, disableClientInfo: true, socket: { reconnectStrategy: false } })
  client.on("error", () => undefined)
  return client.connect()
}

type Client = Awaited<ReturnType<typeof connected>>

export class PeerRedis {
  private readonly waiting = new Set<Client>()
  private closed = false

  private constructor(
    private readonly url: string,
    private readonly client: Client
  ) {}

  static async connect(url: string): Promise<PeerRedis> {
    return new PeerRedis(url, await connected(url))
  }

  ask(...command: ReadonlyArray<string | Buffer>): Promise<unknown> {
    return this.client.sendCommand<unknown>([...command])
  }

  async bytes(key: string): Promise<Buffer | undefined> {
    const { RESP_TYPES } = await import("@redis/client")
    const found = await this.client.sendCommand<unknown>(["GET", key], {
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer }
    })
    return Buffer.isBuffer(found) ? found : undefined
  }

  /** All of these or none. */
  async together(commands: ReadonlyArray<ReadonlyArray<string>>): Promise<void> {
    await Promise.all([["MULTI"], ...commands, ["EXEC"]].map((command) => this.ask(...command)))
  }

  async add(stream: string, value: unknown): Promise<void> {
    await this.ask("XADD", stream, "*", "data", JSON.stringify(value))
  }

  /** The states under these keys, those that can't be read left out. */
  async states<State>(pattern: string): Promise<ReadonlyArray<State>> {
    const keys = texts(await this.ask("KEYS", pattern))
    if (keys.length === 0) return []
    return texts(await this.ask("MGET", ...keys)).flatMap((text) => {
      try {
        return [JSON.parse(text) as State]
      } catch {
        return []
      }
    })
  }

  async remove(pattern: string): Promise<void> {
    const keys = texts(await this.ask("KEYS", pattern))
    if (keys.length > 0) await this.ask("DEL", ...keys)
  }

  /**
   * Follows a stream from an id on, by `XREAD BLOCK`, until `signal` is aborted or the connection is closed: each reply, which
   * may be empty.
   */
  async *follow(
    stream: string,
    options: { readonly from: string; readonly block: number; readonly count?: number; readonly signal?: AbortSignal }
  ): AsyncGenerator<ReadonlyArray<Entry>> {
    const client = await connected(this.url)
    const stop = () => client.destroy()
    this.waiting.add(client)
    options.signal?.addEventListener("abort", stop)
    try {
      let last = options.from
      const count = options.count === undefined ? [] : ["COUNT", String(options.count)]
      while (!this.closed && options.signal?.aborted !== true) {
        const block = ["BLOCK", String(options.block)]
        const reply = await client.sendCommand<unknown>(["XREAD", ...count, ...block, "STREAMS", stream, last])
        const entries = entriesOf((reply as Record<string, unknown> | null)?.[stream])
        last = entries.at(-1)?.id ?? last
        yield entries
      }
    } catch (cause) {
      if (!this.closed && options.signal?.aborted !== true) throw cause
    } finally {
      options.signal?.removeEventListener("abort", stop)
      this.waiting.delete(client)
      if (client.isOpen) client.destroy()
    }
  }

  async entries(stream: string): Promise<ReadonlyArray<Entry>> {
    return entriesOf(await this.ask("XRANGE", stream, "-", "+"))
  }

  async newest(stream: string): Promise<Entry | undefined> {
    return entriesOf(await this.ask("XREVRANGE", stream, "+", "-", "COUNT", "1"))[0]
  }

  close(): void {
    this.closed = true
    for (const client of this.waiting) if (client.isOpen) client.destroy()
    if (this.client.isOpen) this.client.destroy()
  }
}

/** Waits so many milliseconds. */
export const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener("abort", end)
  })

// ---------------------------------------------------------------------------------------------------------------------

const texts = (reply: unknown): ReadonlyArray<string> =>
  Array.isArray(reply) ? reply.filter((one) => typeof one === "string") : []

const entriesOf = (reply: unknown): ReadonlyArray<Entry> =>
  Array.isArray(reply) ? reply.map((entry: [string, [string, string]]) => ({ id: entry[0], data: entry[1][1] })) : []
