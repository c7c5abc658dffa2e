/** The routes of runs. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contractText, fullText, NoActiveRun } from "../domain/Run.js"
import { RunOperations } from "../operations/RunOperations.js"
import { Api } from "./Api.js"
import * as MediaType from "./MediaType.js"
import { jsonText, linesText, local } from "./Rendering.js"
import * as StartBody from "./StartBody.js"

export const layer = HttpApiBuilder.group(Api, "run", (handlers) =>
  Effect.gen(function* () {
    const runs = yield* RunOperations
    return handlers
      .handleRaw("active", () =>
        Effect.flatMap(
          local(runs.active),
          Option.match({
            onNone: () => Effect.fail(new NoActiveRun()),
            onSome: (run) => Effect.succeed(jsonText(contractText(run)))
          })
        )
      )
      .handleRaw("start", ({ request }) =>
        StartBody.read(request).pipe(
          Effect.flatMap((body) => local(runs.start(body))),
          Effect.map((run) => jsonText(contractText(run)))
        )
      )
      .handleRaw("stop", () => Effect.map(local(runs.stop), (run) => jsonText(contractText(run))))
      .handleRaw("list", ({ request }) =>
        Effect.map(local(runs.list), (all) =>
          MediaType.wantsNdjson(request.headers["accept"])
            ? linesText(all.map(fullText))
            : jsonText(`{"runs":[${all.map(fullText).join(",")}]}`)
        )
      )
      .handleRaw("get", ({ path }) => Effect.map(local(runs.get(path.run_id)), (run) => jsonText(fullText(run))))
  })
)
