/** `RunOperations` over HTTP. A run's `meta` keeps its text. Runs in a browser. */
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../domain/Refusal.js"
import {
  NoActiveRun,
  Run,
  RunAlreadyActive,
  RunFromWire,
  RunNotFound,
  runIdProblem,
  RunRefused
} from "../domain/Run.js"
import { RunOperations, type StartRun } from "../operations/RunOperations.js"
import * as Transport from "./internal/clientTransport.js"

const StartErrors = Schema.Union(
  RunAlreadyActive,
  RunRefused,
  InvalidInput,
  UnreadableBody,
  TooLarge,
  Overloaded,
  StorageFailed
)

/** The operations of the server at an address. */
export const layer = (options: Transport.ClientOptions): Layer.Layer<RunOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    RunOperations,
    Effect.map(Transport.make(options), ({ text, unexpected }) => {
      const decode = (body: string) => Effect.mapError(fromText(body), unexpected)
      return {
        start: (request) =>
          text(
            HttpClientRequest.setBody(HttpClientRequest.post("/run/start"), HttpBody.text(startText(request), json)),
            StartErrors
          ).pipe(
            // What was sent is text of ours: it can't fail to be UTF-8.
            Effect.catchTag("UnreadableBody", (error) => Effect.fail(unexpected(error))),
            Effect.flatMap(decode)
          ),
        stop: Effect.flatMap(
          text(HttpClientRequest.post("/run/stop"), Schema.Union(NoActiveRun, Overloaded, StorageFailed)),
          decode
        ),
        active: text(HttpClientRequest.get("/run"), NoActiveRun).pipe(
          Effect.flatMap(decode),
          Effect.map(Option.some),
          Effect.catchTag("NoActiveRun", () => Effect.succeedNone)
        ),
        get: (runId) =>
          // What can't be an id can't be asked for by path either.
          runIdProblem(runId) !== undefined
            ? Effect.fail(new RunNotFound({ run_id: runId }))
            : Effect.flatMap(text(HttpClientRequest.get(`/runs/${encodeURIComponent(runId)}`), RunNotFound), decode),
        list: Effect.flatMap(
          text(HttpClientRequest.accept(HttpClientRequest.get("/runs"), "application/x-ndjson"), Schema.Never),
          (body) =>
            Effect.forEach(
              body.split("\n").filter((line) => line !== ""),
              decode
            )
        )
      }
    })
  )

// ------------------------------------------------------------------------------------------------------------------

const json = "application/json"

const startText = ({ metaJson, runDir, runId }: StartRun): string => {
  const members = [
    ...(runDir === undefined ? [] : [`"run_dir":${JSON.stringify(runDir)}`]),
    ...(runId === undefined ? [] : [`"run_id":${JSON.stringify(runId)}`]),
    ...(metaJson === undefined ? [] : [`"meta":${metaJson}`])
  ]
  return `{${members.join(",")}}`
}

const parse = Schema.decode(Schema.parseJson(RunFromWire))

/** A run from its text. Its parts stand in a fixed order, so the text of `meta` is what stands between its neighbours. */
const fromText = (body: string) =>
  Effect.map(parse(body), (run) => {
    const before = `{"run_dir":${JSON.stringify(run.run_dir)},"run_id":${JSON.stringify(run.run_id)},"meta":`
    const end = body.lastIndexOf(`,"started_at":${JSON.stringify(run.started_at)}`)
    return body.startsWith(before) && end > before.length
      ? new Run({ ...run, metaJson: body.slice(before.length, end) })
      : run
  })
