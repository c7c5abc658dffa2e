/**
 * A server on this machine that imitates the seven exchanges over one oracle, well-behaved or not. In a test:
 * `ExchangeServer.make({ faults })`; on its own, for benchmarks and for trying things out:
 *
 *     npx tsx test/support/ExchangeServer.ts --port 8900 --fault-rate 0.2
 *     DCCD_BINANCE_REST_URL=http://127.0.0.1:8900 outpost backfill ...
 */
import { Effect } from "effect"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { argv } from "node:process"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { type Fault, type Faults, recurring } from "./exchanges/Faults.js"
import { venueOf } from "./exchanges/Routes.js"
import type { Asked, Venue, VenueAnswer } from "./exchanges/Venue.js"
import * as MarketOracle from "./MarketOracle.js"

export interface ExchangeOptions {
  readonly oracle?: MarketOracle.MarketOracle
  readonly faults?: Faults
  /** The present, in ms; what is later is not told. */
  readonly now?: () => number
  readonly port?: number
  /** Requests a second of everyone together; more are answered with 429 and Retry-After. */
  readonly perSecond?: number
}

export interface ExchangeServer {
  readonly url: string
  readonly oracle: MarketOracle.MarketOracle
  /** What was asked, in order, with the fault it met. */
  readonly asked: ReadonlyArray<Asked & { readonly url: string; readonly fault: Fault | undefined }>
  /** Connections that are open now. */
  readonly open: () => number
}

/** Listens until the scope closes. */
export const make = (options: ExchangeOptions = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => start(options)),
      ({ stop }) => Effect.promise(stop)
    ),
    ({ server }): ExchangeServer => server
  )

// ------------------------------------------------------------------------------------------------------------------

const start = (options: ExchangeOptions) =>
  new Promise<{ readonly server: ExchangeServer; readonly stop: () => Promise<void> }>((resolve, reject) => {
    const oracle = options.oracle ?? MarketOracle.make()
    const now = options.now ?? (() => Date.now())
    const asked: Array<ExchangeServer["asked"][number]> = []
    const counts = new Map<string, number>()
    const sockets = new Set<import("node:net").Socket>()
    const admits = turnstile(options.perSecond, now)

    const listener = http.createServer((request, response) => {
      request.resume()
      const text = request.url ?? "/"
      const url = new URL(text, "http://exchange.example")
      const venue = venueOf(url, oracle, now())
      if (venue === undefined) return void response.writeHead(404).end(`{"message":"no such path"}`)
      const nth = counts.get(text) ?? 0
      counts.set(text, nth + 1)
      const fault: Fault | undefined = admits()
        ? options.faults?.(venue.asked, nth)
        : { kind: "too-many", retryAfter: 1 }
      asked.push({ ...venue.asked, url: text, fault })
      if (asked.length > 100_000) asked.splice(0, 50_000)
      respond(response, text, venue, fault)
    })
    listener.on("connection", (socket) => {
      sockets.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => sockets.delete(socket))
    })
    listener.on("error", reject)
    listener.listen(options.port ?? 0, "127.0.0.1", () => {
      const { port } = listener.address() as AddressInfo
      resolve({
        server: { url: `http://127.0.0.1:${port}`, oracle, asked, open: () => sockets.size },
        stop: () =>
          new Promise((done) => {
            listener.close(() => done())
            for (const socket of sockets) socket.destroy()
          })
      })
    })
  })

const respond = (response: http.ServerResponse, text: string, venue: Venue, fault: Fault | undefined): void => {
  const send = ({ body, status }: VenueAnswer) =>
    void response
      .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
      .end(body)
  switch (fault?.kind) {
    case undefined:
      return send(venue.answer(0))
    case "status":
      return send({ status: fault.status, body: fault.status >= 500 ? "<html>Bad day</html>" : `{"detail":"no"}` })
    case "too-many":
      return void response.writeHead(429, { "retry-after": String(fault.retryAfter) }).end()
    case "truncated": {
      const { body, status } = venue.answer(0)
      response.writeHead(status, { "content-length": Buffer.byteLength(body) })
      return void response.write(body.slice(0, body.length / 2), () => response.destroy())
    }
    case "hang":
      return
    case "duplicate":
      return send(venue.answer((venue.asked.start ?? 0) - (venue.asked.end ?? 0)))
    case "empty":
      return send(venue.answer(-4e12))
    case "redirect-loop":
      return void response.writeHead(302, { location: `/moved${text}` }).end()
  }
}

/** Whether one more request is let in; counts by whole seconds. */
const turnstile = (perSecond: number | undefined, now: () => number) => {
  let second = 0
  let count = 0
  return () => {
    const current = Math.floor(now() / 1000)
    if (current !== second) [second, count] = [current, 0]
    return perSecond === undefined || ++count <= perSecond
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8900" },
      "fault-rate": { type: "string", default: "0" },
      "fault-times": { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
      "per-second": { type: "string" }
    }
  })
  const { server } = await start({
    port: Number(values.port),
    faults: recurring({
      seed: Number(values.seed),
      rate: Number(values["fault-rate"]),
      times: Number(values["fault-times"])
    }),
    ...(values["per-second"] === undefined ? {} : { perSecond: Number(values["per-second"]) })
  })
  console.log(server.url)
}
