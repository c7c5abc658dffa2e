/**
 * A venue on loopback: a WebSocket server with one market, its trades and its book, that speaks the protocol of one exchange
 * (`FeedVenues`) and misbehaves on order. Written from the venues' own descriptions, without a look at the plug-ins.
 */
import * as Effect from "effect/Effect"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"

export type Side = "buy" | "sell"

export interface VenueTrade {
  readonly id: number
  /** Milliseconds. */
  readonly at: number
  readonly price: number
  readonly amount: number
  readonly side: Side
}

/** Price to amount. */
export interface VenueBook {
  readonly bids: Map<number, number>
  readonly asks: Map<number, number>
}

/** What the venue knows of its market, and how it is disposed. */
export interface Market {
  readonly book: VenueBook
  readonly bookNumber: number
  /** Subscriptions are answered with a refusal. */
  readonly refuses: boolean
}

/** One connection as the venue sees it. */
export interface Listener {
  readonly url: string
  /** Channels of the venue that are subscribed to, with what the venue remembers of each. */
  readonly subscribed: Map<string, Record<string, unknown>>
  /** Messages sent, for venues that number them. */
  sent: number
}

interface Client extends Listener {
  readonly socket: WebSocket
}

export interface Change {
  readonly side: "bid" | "ask"
  readonly price: number
  readonly amount: number
}

/** How one exchange speaks. Every method answers the messages to send. */
export interface Venue {
  readonly greet?: (to: Listener, market: Market) => ReadonlyArray<string>
  readonly hear: (text: string, to: Listener, market: Market) => ReadonlyArray<string>
  readonly trade: (trade: VenueTrade, to: Listener, market: Market) => ReadonlyArray<string>
  /** `number` rises by one with each change of the book. */
  readonly change: (change: Change, number: number, to: Listener, market: Market) => ReadonlyArray<string>
}

export class FeedServer implements Market {
  readonly trades: Array<VenueTrade> = []
  readonly book: VenueBook = { bids: new Map(), asks: new Map() }
  bookNumber = 100
  readonly clients = new Set<Client>()
  /** Connections ever made, and messages heard. */
  connections = 0
  readonly heard: Array<string> = []
  pings = 0
  refuses = false
  /** Accept connections but say nothing. */
  mute = false
  private readonly server: WebSocketServer

  constructor(
    private readonly venue: Venue,
    server: WebSocketServer
  ) {
    this.server = server
    server.on("connection", (socket, request) => {
      const client: Client = { socket, url: request.url ?? "", subscribed: new Map(), sent: 0 }
      this.connections++
      this.clients.add(client)
      socket.on("close", () => this.clients.delete(client))
      socket.on("ping", () => this.pings++)
      socket.on("error", () => undefined)
      socket.on("message", (data) => {
        const text = String(data)
        this.heard.push(text)
        if (!this.mute) this.say(client, this.venue.hear(text, client, this))
      })
      if (!this.mute) this.say(client, this.venue.greet?.(client, this) ?? [])
    })
  }

  get url(): string {
    const address = this.server.address() as AddressInfo
    return `ws://127.0.0.1:${address.port}`
  }

  /** A trade, told to all who listen `times` times. */
  trade(trade: Omit<VenueTrade, "id" | "at"> & { readonly at?: number }, times = 1): VenueTrade {
    const id = this.trades.length + 1
    const made = { at: 1_780_000_000_000 + id * 250, ...trade, id }
    this.trades.push(made)
    for (const client of this.clients)
      for (let n = 0; n < times; n++) this.say(client, this.venue.trade(made, client, this))
    return made
  }

  /** A trade that happens and is told to nobody. */
  silentTrade(trade: Omit<VenueTrade, "id" | "at">): VenueTrade {
    const id = this.trades.length + 1
    const made = { at: 1_780_000_000_000 + id * 250, ...trade, id }
    this.trades.push(made)
    for (const client of this.clients) client.sent++
    return made
  }

  /** Changes a level; `lost` ones are numbered and not told. */
  level(change: Change, { lost = false } = {}): void {
    const side = change.side === "bid" ? this.book.bids : this.book.asks
    if (change.amount === 0) side.delete(change.price)
    else side.set(change.price, change.amount)
    const number = ++this.bookNumber
    for (const client of this.clients) {
      const texts = this.venue.change(change, number, client, this)
      if (!lost) this.say(client, texts)
    }
  }

  /** The book as it should be stored, the best levels first. */
  best(depth: number): ReadonlyArray<Change> {
    const sorted = (side: Map<number, number>, sign: number) =>
      [...side].sort(([a], [b]) => sign * (a - b)).slice(0, depth)
    return [
      ...sorted(this.book.bids, -1).map(([price, amount]) => ({ side: "bid" as const, price, amount })),
      ...sorted(this.book.asks, 1).map(([price, amount]) => ({ side: "ask" as const, price, amount }))
    ]
  }

  /** Cuts every connection. */
  drop(): void {
    for (const { socket } of this.clients) socket.terminate()
  }

  /** The line is dead and nobody says so: nothing is read, nothing is sent. */
  stall(): void {
    for (const { socket } of this.clients) socket.pause()
    this.mute = true
  }

  say(client: Client, texts: ReadonlyArray<string>): void {
    for (const text of texts) client.socket.send(text)
  }

  /** To everybody, whatever it is. */
  shout(text: string): void {
    for (const client of this.clients) this.say(client, [text])
  }
}

/** A server for as long as the scope lasts, with a few levels in its book. */
export const open = (venue: Venue) =>
  Effect.gen(function* () {
    const listening = yield* Effect.acquireRelease(
      Effect.async<WebSocketServer>((resume) => {
        const server: WebSocketServer = new WebSocketServer({ port: 0, host: "127.0.0.1" }, () =>
          resume(Effect.succeed(server))
        )
      }),
      (server) =>
        Effect.async<void>((resume) => {
          for (const socket of server.clients) socket.terminate()
          server.close(() => resume(Effect.void))
        })
    )
    const server = new FeedServer(venue, listening)
    for (let n = 0; n < 12; n++) {
      server.book.bids.set(50_000 - n * 0.5, 1 + n * 0.25)
      server.book.asks.set(50_000.5 + n * 0.5, 2 + n * 0.125)
    }
    return server
  })
