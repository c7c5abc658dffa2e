/** The routes of backfills that are ours: requests as they are, whole records, and the verbs that the daemon lacks. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { StartBackfill } from "../domain/Backfill.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import { Api } from "./Api.js"
import { cancelled } from "./BackfillHandlers.js"
import * as CollectorParams from "./CollectorParams.js"
import { LiveViews } from "./LiveViews.js"
import { jsonValue, local } from "./Rendering.js"
import * as RequestJson from "./RequestJson.js"
import { eventStream, newest } from "./SimpleTail.js"

const readStart = RequestJson.decode(StartBackfill)
const readResume = RequestJson.decodeOptional(StartBackfill)

export const layer = HttpApiBuilder.group(Api, "jobs", (handlers) =>
  Effect.gen(function* () {
    const backfills = yield* BackfillOperations
    const live = yield* LiveViews
    return handlers
      .handleRaw("start", ({ request }) =>
        readStart(request).pipe(
          Effect.flatMap((body) => local(backfills.start(body))),
          Effect.map((record) => jsonValue(record, 202))
        )
      )
      .handleRaw("plan", ({ request }) =>
        readStart(request).pipe(
          Effect.flatMap((body) => local(backfills.plan(body))),
          Effect.map((series) => jsonValue({ series }))
        )
      )
      .handleRaw("resumeAll", ({ request }) =>
        readResume(request).pipe(
          Effect.flatMap((body) => local(backfills.resumeAll(body))),
          Effect.map((records) => jsonValue({ backfills: records }, 202))
        )
      )
      .handle("pause", ({ path }) => local(backfills.pause(path.id)))
      .handle("resume", ({ path }) => local(backfills.resume(path.id)))
      .handle("cancel", ({ path }) => Effect.map(local(backfills.cancel(path.id)), cancelled))
      .handle("retryFailed", ({ path }) => local(backfills.retryFailed(path.id)))
      .handle("chunks", ({ path, urlParams }) =>
        Effect.flatMap(CollectorParams.chunks(path.id, urlParams), (query) => local(backfills.chunks(query)))
      )
      .handleRaw("follow", ({ path }) =>
        // Whoever follows one that is not there learns it before the stream begins.
        Effect.zipRight(
          local(backfills.get(path.id)),
          eventStream(
            live,
            Stream.map(newest(backfills.follow(path.id)), (event) => JSON.stringify(event))
          )
        )
      )
  })
)
