/** The routes of what a reducer has published. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { IngestOperations } from "../operations/IngestOperations.js"
import { Api } from "./Api.js"
import * as IngestParams from "./IngestParams.js"
import { LiveViews } from "./LiveViews.js"
import { local } from "./Rendering.js"
import { eventStream, newest } from "./SimpleTail.js"

export const layer = HttpApiBuilder.group(Api, "reducer", (handlers) =>
  Effect.gen(function* () {
    const ingest = yield* IngestOperations
    const live = yield* LiveViews
    return handlers
      .handle("published", () => local(ingest.published))
      .handleRaw("publishedTail", ({ urlParams }) =>
        Effect.gen(function* () {
          const params = yield* IngestParams.published(urlParams)
          yield* local(ingest.published)
          return yield* eventStream(
            live,
            Stream.map(newest(ingest.followPublished(params)), (values) => JSON.stringify(values))
          )
        })
      )
  })
)
