/** The routes of the collector beside backfills: schedules, live streams, files, copies, logs. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { DataFormat } from "../dataset/Dataset.js"
import { NoRemotes, type Scheduler, StreamKey } from "../domain/Collector.js"
import { CollectorOperations, type DataRequest } from "../operations/CollectorOperations.js"
import { SiteOperations } from "../operations/SiteOperations.js"
import { Api } from "./Api.js"
import { ScheduleBody, SyncEnd } from "./ApiCollector.js"
import * as CollectorParams from "./CollectorParams.js"
import { LiveViews } from "./LiveViews.js"
import { bytes, jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { eventStream } from "./SimpleTail.js"

const readSchedule = RequestJson.decode(ScheduleBody)
const readStream = RequestJson.decode(StreamKey)
const syncText = Schema.encodeSync(Schema.parseJson(SyncEnd))

export const layer = HttpApiBuilder.group(Api, "collector", (handlers) =>
  Effect.gen(function* () {
    const collector = yield* CollectorOperations
    const site = yield* SiteOperations
    const live = yield* LiveViews
    /** Copies that nobody waits for; they end with the server. */
    const copies = yield* FiberSet.make()

    const setPaused = (paused: boolean) => (request: Parameters<typeof readSchedule>[0]) =>
      Effect.flatMap(readSchedule(request), ({ id }) =>
        Effect.as(local(collector.setSchedulePaused(id, paused)), jsonValue({ id, paused }))
      )

    return handlers
      .handle("scheduler", () => Effect.map(local(collector.scheduler), onlyCollectors))
      .handle("schedules", () => local(collector.scheduler))
      .handle("startScheduler", () => Effect.as(local(collector.setScheduler(true)), { running: true }))
      .handle("stopScheduler", () => Effect.as(local(collector.setScheduler(false)), { running: false }))
      .handleRaw("pauseSchedule", ({ request }) => setPaused(true)(request))
      .handleRaw("resumeSchedule", ({ request }) => setPaused(false)(request))
      .handle("streams", () => local(collector.streams))
      .handleRaw("startStream", ({ request }) =>
        readStream(request).pipe(
          Effect.flatMap((stream) => local(collector.startStream(stream))),
          Effect.map((key) => jsonValue({ status: "started", key }, 202))
        )
      )
      .handleRaw("stopStream", ({ request }) =>
        readStream(request).pipe(
          Effect.flatMap((stream) => local(collector.stopStream(stream))),
          Effect.map(({ key, wasRunning }) => jsonValue({ status: wasRunning ? "stopping" : "not_running", key }))
        )
      )
      .handle("inventory", ({ urlParams }) =>
        Effect.flatMap(CollectorParams.flag(urlParams, "holes"), (holes) => local(collector.inventory({ holes })))
      )
      .handleRaw("data", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const asked = yield* CollectorParams.data(urlParams)
          const rows = yield* local(collector.data(asked))
          return yield* local(
            bytes(request, rows, {
              contentType: mediaTypes[asked.format],
              headers: { "content-disposition": disposition(asked) }
            })
          )
        })
      )
      .handle("metrics", () => local(collector.metrics))
      .handle("logs", ({ urlParams }) =>
        CollectorParams.logs(urlParams).pipe(
          Effect.flatMap((filter) => local(site.logs(filter))),
          Effect.map((lines) => ({ lines }))
        )
      )
      .handle("storage", () => local(collector.storage))
      .handle("sync", () =>
        Effect.gen(function* () {
          const { remotes } = yield* local(collector.storage)
          if (remotes.length === 0) return yield* new NoRemotes()
          const copy = Effect.catchAll(collector.sync, (error) => Effect.logWarning(`copying failed: ${error.message}`))
          yield* FiberSet.run(copies, copy)
          return { status: "started" as const }
        })
      )
      .handleRaw("syncResults", () => {
        const end = collector.sync.pipe(
          Effect.map((results) => ({ results })),
          Effect.catchTags({
            NoRemotes: (error) => Effect.succeed({ error }),
            StorageFailed: (error) => Effect.succeed({ error })
          })
        )
        return eventStream(live, Stream.map(Stream.fromEffect(local(end)), syncText))
      })
  })
)

// ------------------------------------------------------------------------------------------------------------------

/** What the daemon would have: other schedules of a site are no business of its clients. */
const onlyCollectors = ({ jobs, running }: Scheduler): Scheduler => ({
  running,
  jobs: jobs.filter(({ section }) => section === "histo_jobs")
})

const mediaTypes: Readonly<Record<DataFormat, string>> = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  arrow: "application/vnd.apache.arrow.stream",
  parquet: "application/vnd.apache.parquet"
}

/** What a browser can show it shows, the rest it saves. */
const disposition = ({ format, series }: DataRequest): string => {
  const name = series.replaceAll(/[^A-Za-z0-9._+=@-]/g, "_")
  return `${format === "json" || format === "ndjson" ? "inline" : "attachment"}; filename="${name}.${format}"`
}
