/**
 * A job of the built program with an upload stage, killed while it uploads: what was fetched and merged is neither fetched nor
 * merged again, and every window ends uploaded, with a row in the ledger for each stage.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import type { LedgerRow } from "../../src/ledger/LedgerRow.js"
import * as LedgerFile from "../../src/ledger/LedgerFile.js"
import { rounds } from "../support/Crashes.js"
import * as ExchangeServer from "../support/ExchangeServer.js"
import { run, start } from "../support/OutpostProcess.js"
import * as RealRclone from "../support/RealRclone.js"
import * as S3Server from "../support/S3Server.js"
import { temporaryDirectory } from "../support/Store.js"
import { NodeContext } from "@effect/platform-node"

const key = "binance/ohlc/BTC-USDT/1m"
const windows = 30
const begin = Date.UTC(2021, 0, 30)
const end = begin + windows * 100 * 60_000
const secrets = {
  S3_ID: S3Server.credentials.id,
  S3_SECRET: S3Server.credentials.secret,
  S3_TOKEN: S3Server.credentials.token
}

/** A bucket on this machine and, where rclone is installed, a directory. */
const config = (endpoint: string, copies: string) => `general: {allow_env: [${Object.keys(secrets).join(", ")}]}
outgoing: {allow_private: ["127.0.0.1/32"]}
storage:
  remotes: [${RealRclone.installed ? `{remote: ":local:${copies}"}` : ""}]
  s3:
    - endpoint: ${endpoint}
      bucket: station
      access_key_id: \${env:S3_ID}
      secret_access_key: \${env:S3_SECRET}
      session_token: \${env:S3_TOKEN}
jobs:
  candles:
    source: binance
    pairs: [BTC/USDT]
    span: 1m
    start: ${new Date(begin).toISOString()}
    end: ${new Date(end).toISOString()}
    window: 100m
    upload: true
`

const rowsOf = (site: string): Effect.Effect<ReadonlyArray<LedgerRow>> =>
  LedgerFile.rows(join(site, ".outpost", "ledgers", `${key.replaceAll("/", "_")}.csv`)).pipe(
    Effect.provide(NodeContext.layer),
    Effect.orDie
  )

/** How many rows of each status each window has, for windows that are not alike. */
const stagesOf = (rows: ReadonlyArray<LedgerRow>): ReadonlyArray<string> => {
  const stages = new Map<string, Array<string>>()
  for (const { status, window_start_utc } of rows) {
    stages.set(window_start_utc, [...(stages.get(window_start_utc) ?? []), status])
  }
  return [...new Set([...stages.values()].map((list) => list.join(" ")))]
}

const whole = "DOWNLOAD_PENDING DOWNLOADED PROCESS_PENDING PROCESSED UPLOAD_PENDING"

describe("a backfill with an upload stage", () => {
  const kills = rounds(1, 10)
  it.scopedLive(
    `killed ${kills} times while it uploads goes on at the upload`,
    () =>
      Effect.gen(function* () {
        if (!RealRclone.installed) yield* RealRclone.withRclone(Effect.void)
        const exchange = yield* ExchangeServer.make()
        const bucket = yield* S3Server.make
        const site = yield* temporaryDirectory
        const copies = yield* temporaryDirectory
        fs.writeFileSync(join(site, "outpost.yaml"), config(bucket.endpoint, copies))
        const env = { DCCD_BINANCE_REST_URL: exchange.url, ...secrets }
        const backfill = ["backfill", "--resume", "--site", site]

        bucket.trouble.hang = true
        for (let kill = 1; kill <= kills; kill++) {
          const before = bucket.requests.length
          const life = start(backfill, { env })
          while (bucket.requests.length === before) {
            if (life.child.exitCode !== null) assert.fail((yield* Effect.promise(() => life.ended)).err)
            yield* Effect.sleep("20 millis")
          }
          life.child.kill("SIGKILL")
          yield* Effect.promise(() => life.ended)
          const pending = Array.from({ length: kill }, () => "UPLOAD_PENDING").join(" ")
          assert.deepStrictEqual(stagesOf(yield* rowsOf(site)), [whole.replace("UPLOAD_PENDING", pending)])
        }
        const asked = exchange.asked.length
        assert.strictEqual(asked, windows)

        bucket.trouble.hang = false
        const last = yield* Effect.promise(() => run([...backfill, "--json"], { env }))
        assert.strictEqual(last.code, 0, last.err)
        assert.strictEqual(exchange.asked.length, asked)
        const rows = yield* rowsOf(site)
        const uploaded = rows.filter(({ status }) => status === "UPLOADED")
        assert.strictEqual(new Set(uploaded.map(({ window_start_utc }) => window_start_utc)).size, windows)
        assert.deepStrictEqual([...new Set(stagesOf(rows).map((stages) => stages.split(" ").at(-1)))], ["UPLOADED"])
        assert.isTrue(
          uploaded.every(
            ({ s3_bucket, s3_key, upload_seconds }) => s3_bucket !== "" && s3_key !== "" && Number(upload_seconds) > 0
          )
        )
        const local = fs.readFileSync(join(site, "data", key, "2021.parquet"))
        assert.isTrue(bucket.objects.get(`station/${key}/2021.parquet`)?.body.equals(local))
        if (RealRclone.installed) assert.isTrue(fs.readFileSync(join(copies, key, "2021.parquet")).equals(local))
      }),
    60_000 + kills * 30_000
  )
})
