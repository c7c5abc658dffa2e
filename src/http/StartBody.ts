/**
 * The body of `POST /run/start`, checked as the telemetry clients know it: all problems at once, in field order. `meta` keeps
 * the text it was sent in.
 */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import { InvalidInput, type Problem } from "../domain/Refusal.js"
import type { StartRun } from "../operations/RunOperations.js"
import { EventScanner, notADictionary } from "../telemetry/EventScanner.js"
import * as RequestJson from "./RequestJson.js"

/** None, empty, `null` and `{}` are alike: a run with everything derived. */
export const read = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<StartRun, RequestJson.BodyError> =>
  Effect.flatMap(RequestJson.json(request), ({ body, value }) => {
    if (value === undefined || value === null) return Effect.succeed({})
    if (typeof value !== "object" || Array.isArray(value)) return Effect.fail(notADictionary(RequestJson.echo(value)))
    const problems: Array<Problem> = []
    const text = (field: "run_dir" | "run_id"): string | undefined => {
      const given: unknown = own(value, field)
      if (typeof given === "string") return given
      if (given !== undefined && given !== null) {
        const input = RequestJson.echo(given)
        problems.push({ type: "string_type", loc: ["body", field], msg: "Input should be a valid string", input })
      }
      return undefined
    }
    const runDir = text("run_dir")
    const runId = text("run_id")
    const meta: unknown = own(value, "meta")
    if (meta !== undefined && (typeof meta !== "object" || meta === null || Array.isArray(meta))) {
      const input = RequestJson.echo(meta)
      problems.push({ type: "dict_type", loc: ["body", "meta"], msg: "Input should be a valid dictionary", input })
    }
    if (problems.length > 0) return Effect.fail(new InvalidInput({ problems }))
    return Effect.succeed({ runDir, runId, metaJson: meta === undefined ? undefined : metaText(body) })
  })

// ------------------------------------------------------------------------------------------------------------------

const own = (value: object, field: string): unknown =>
  Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined

/** The text of the member `meta` as it was sent; an event's body has a key of that name, so its scanner finds it. */
const metaText = (body: Buffer): string | undefined => {
  const scanner = new EventScanner()
  scanner.scan(body, 0, body.length)
  return scanner.meta.start < 0 ? undefined : body.toString("utf8", scanner.meta.start, scanner.meta.end)
}
