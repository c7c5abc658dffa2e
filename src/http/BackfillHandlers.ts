/** The routes of backfills that the dccd daemon had, and what is known of each series. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { StartBackfill } from "../domain/Backfill.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import { ConfigOperations } from "../operations/ConfigOperations.js"
import { Api } from "./Api.js"
import { CollectBody } from "./ApiBackfill.js"
import { NothingToCollect } from "./ApiErrors.js"
import * as CollectorParams from "./CollectorParams.js"
import { LiveViews } from "./LiveViews.js"
import { jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { eventStream, newest } from "./SimpleTail.js"

const readStart = RequestJson.decode(StartBackfill)
const readCollect = RequestJson.decodeOptional(CollectBody)

export const layer = HttpApiBuilder.group(Api, "backfill", (handlers) =>
  Effect.gen(function* () {
    const backfills = yield* BackfillOperations
    const config = yield* ConfigOperations
    const live = yield* LiveViews
    return handlers
      .handle("configured", () =>
        Effect.map(local(config.show), ({ histo_jobs, stream_jobs }) => ({
          histo_jobs: list(histo_jobs),
          stream_jobs: list(stream_jobs)
        }))
      )
      .handleRaw("start", ({ request }) =>
        readStart(request).pipe(
          Effect.flatMap((body) => local(backfills.start({ ...daemonDefaults, ...body }))),
          Effect.map(({ id }) => jsonValue({ id }, 202))
        )
      )
      .handleRaw("plan", ({ request }) =>
        readStart(request).pipe(
          Effect.flatMap((body) => local(backfills.plan({ ...daemonDefaults, ...body }))),
          Effect.map((series) => jsonValue({ series }))
        )
      )
      .handle("list", ({ urlParams }) =>
        CollectorParams.flag(urlParams, "collect").pipe(
          Effect.flatMap((collect) => local(backfills.list({ collect }))),
          Effect.map((records) => Object.fromEntries(records.map((record) => [record.id, record])))
        )
      )
      .handle("get", ({ path }) => local(backfills.get(path.id)))
      .handle("cancel", ({ path }) => Effect.map(local(backfills.cancel(path.id)), cancelled))
      .handleRaw("collect", ({ request }) =>
        Effect.gen(function* () {
          const body = yield* readCollect(request)
          const exchange = body.exchange || null
          const pairs = body.pair ? [body.pair] : null
          const started = yield* local(backfills.start({ exchange, pairs, collect: true })).pipe(
            Effect.map(({ id }) => id),
            Effect.catchTag("NoMatchingJob", ({ known }) =>
              exchange === null && pairs === null ? Effect.succeed(null) : Effect.fail(new NothingToCollect({ known }))
            )
          )
          return jsonValue({ status: "started", id: started }, 202)
        })
      )
      .handle("coverage", ({ urlParams }) =>
        CollectorParams.coverage(urlParams).pipe(
          Effect.flatMap((query) => local(backfills.coverage(query))),
          Effect.map((coverage) => ({ coverage }))
        )
      )
      .handleRaw("events", () =>
        eventStream(
          live,
          Stream.map(newest(backfills.events), (event) => JSON.stringify(event))
        )
      )
  })
)

/** What became of a cancellation, in the daemon's words. */
export const cancelled = (ran: boolean) => ({ status: ran ? ("cancelling" as const) : ("not_running" as const) })

// ------------------------------------------------------------------------------------------------------------------

/** What the daemon's clients leave out. Whoever asks again wants what failed, too. */
const daemonDefaults = { start: "2020-01-01 00:00:00", retry_failed: true }

const list = (section: unknown): ReadonlyArray<unknown> => (Array.isArray(section) ? section : [])
