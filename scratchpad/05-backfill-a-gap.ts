/**
 * A history that is made whole: two days of invented candles are fetched, then the gap between them, and only that.
 *
 *     npx tsx scratchpad/05-backfill-a-gap.ts
 *
 * In a program of yours the imports are `from "outpost/app/Embedded"` and so on.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Embedded from "../src/app/Embedded.js"
import { BackfillOperations } from "../src/operations/BackfillOperations.js"

const directory = mkdtempSync(join(tmpdir(), "outpost-gap-"))
writeFileSync(
  join(directory, "outpost.yaml"),
  `jobs:
  demo:
    source: generator
    pairs: [BTC/USDT]
    span: 1m
    start: 2026-01-01
    end: 2026-01-08
    window: 6h
`
)

/** Runs a backfill to its end and says how it went. */
const backfill = (what: string, request: { readonly start?: string; readonly end?: string }) =>
  Effect.gen(function* () {
    const backfills = yield* BackfillOperations
    const [plan] = yield* backfills.plan(request)
    const { id } = yield* backfills.start(request)
    yield* Stream.runDrain(backfills.follow(id)) // progress as it comes; here only the end matters
    const { complete, rows } = yield* backfills.get(id)
    yield* Console.log(`${what}: ${plan?.windows} windows, ${rows} rows, complete: ${complete}`)
  })

const program = Effect.gen(function* () {
  yield* backfill("the first day", { start: "2026-01-01", end: "2026-01-02" })
  yield* backfill("the last day", { start: "2026-01-07", end: "2026-01-08" })
  // The whole week: what is there is not fetched again, so this is the five days between.
  yield* backfill("the gap", {})
  const [coverage] = yield* (yield* BackfillOperations).coverage({})
  yield* Console.log(`unknown: ${JSON.stringify(coverage?.unknown)}`)
})

await Effect.runPromise(
  program.pipe(Effect.provide(Embedded.layer({ directory, port: 0 })), Effect.provide(NodeContext.layer))
)
rmSync(directory, { recursive: true })
