/** A server of the built bin with a collector whose exchange is an imitation on this machine. */
import { HttpAddress } from "../../src/http/HttpAddress.js"
import { Effect, Layer } from "effect"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as ExchangeServer from "./ExchangeServer.js"
import { newDirectory, serve, type ServeOptions, type SiteServer } from "./SiteServer.js"

/** The jobs that the suites of the daemon's contract know, as the daemon's own config file has them. */
export const config = `# kept by hand
settings:
  timezone: utc
histo_jobs:
  - exchange: binance # the first
    pairs: [BTC/USDT, ETH/BTC]
    span: 3600
    retry_delay: 0
  - exchange: kraken
    pairs: [XBT/USD]
    span: 3600
    retry_delay: 0
stream_jobs:
  - exchange: binance
    pairs: [BTC/USDT]
    channels: [trades]
    time_step: 60
`

export interface CollectorSite extends SiteServer {
  readonly exchange: ExchangeServer.ExchangeServer
  readonly configPath: string
}

/** Serves until the scope closes. Schedules and streams are at rest until they are started. */
export const open = (
  options: ServeOptions & { readonly config?: string; readonly exchange?: ExchangeServer.ExchangeOptions } = {}
) =>
  Effect.gen(function* () {
    const exchange = yield* ExchangeServer.make(options.exchange)
    const site = newDirectory()
    const configPath = join(site, "outpost.yaml")
    writeFileSync(configPath, options.config ?? config)
    const { url } = exchange
    const env = {
      DCCD_BINANCE_REST_URL: url,
      DCCD_KRAKEN_REST_URL: url,
      DCCD_BINANCE_WS_URL: url.replace("http:", "ws:"),
      ...options.env
    }
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => serve(site, { ...options, env })),
      (server) =>
        Effect.promise(async () => {
          await server.kill()
          rmSync(site, { recursive: true, force: true })
        })
    )
    return { ...server, exchange, configPath } satisfies CollectorSite
  })

/** The record of a backfill once it is over. */
export const over = async ({ call }: SiteServer, id: string): Promise<any> => {
  for (;;) {
    const { json } = await call(`/api/backfill/${id}`)
    if (json.status !== "running" && json.status !== "cancelling") return json
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The address of such a server. */
export const layer = Layer.scoped(
  HttpAddress,
  Effect.map(open(), ({ port, url }) => HttpAddress.of({ url, host: "127.0.0.1", port }))
)

/** The same, once a month of BTC/USDT is on its disk. */
export const layerWithData = Layer.scoped(
  HttpAddress,
  Effect.gen(function* () {
    const server = yield* open()
    const { port, post, url } = server
    const asked = { exchange: "binance", pairs: ["BTC/USDT"], start: "2026-01-01", end: "2026-02-01" }
    const record = yield* Effect.promise(async () => over(server, (await post("/api/jobs/start", asked)).json.id))
    if (record.complete !== true || record.rows === 0) return yield* Effect.dieMessage(JSON.stringify(record))
    return HttpAddress.of({ url, host: "127.0.0.1", port })
  })
)
