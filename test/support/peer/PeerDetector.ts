/** A detector that pushes stream1 (STINS): a start, numbered images, an end, and whatever else a test has it say. */
import { Push } from "zeromq"

export type Multipart = ReadonlyArray<string>

export const startOf = (stream: string, scan: number): Multipart => [
  JSON.stringify({ htype: "header", filename: `${stream}-${scan}.h5`, msg_number: 0 })
]
export const imageOf = (stream: string, scan: number, frame: number): Multipart => [
  JSON.stringify({ htype: "image", frame, shape: [4], type: "uint8", compression: "none", msg_number: frame + 1 }),
  `${stream} scan ${scan} frame ${frame}`
]
export const endOf = (frames: number): Multipart => [JSON.stringify({ htype: "series_end", msg_number: frames + 1 })]

/** All messages of a scan, in their order. */
export const seriesOf = (stream: string, scan: number, frames: number): ReadonlyArray<Multipart> => [
  startOf(stream, scan),
  ...Array.from({ length: frames }, (_, frame) => imageOf(stream, scan, frame)),
  endOf(frames)
]

export class PeerDetector {
  private readonly socket = new Push({ linger: 0, sendHighWaterMark: 1000 })
  /** Connections so far, and how many of them have ended. */
  connections = 0
  private ended = 0

  async start(): Promise<this> {
    this.socket.events.on("handshake", () => this.connections++)
    this.socket.events.on("disconnect", () => this.ended++)
    await this.socket.bind("tcp://127.0.0.1:*")
    return this
  }

  get url(): string {
    return this.socket.lastEndpoint ?? ""
  }

  /** There is a connection behind so many, and no other: what is sent on one that is ending would be lost. */
  async connectedAgain(before: number): Promise<void> {
    for (let looks = 0; this.connections === before || this.ended < this.connections - 1; looks++) {
      if (looks === 12_000) throw new Error(`connections: ${before}, then ${this.connections}, ended ${this.ended}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Waits wherever nobody takes them; `every` milliseconds one, where it is given. */
  async send(messages: ReadonlyArray<Multipart>, every = 0): Promise<void> {
    for (const message of messages) {
      await this.socket.send([...message])
      if (every > 0) await new Promise((resolve) => setTimeout(resolve, every))
    }
  }

  close(): void {
    this.socket.close()
  }
}
