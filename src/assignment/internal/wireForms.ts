/**
 * What services say to each other, to the bytes of the wire and back. Writing trusts what it gets; reading takes nothing for
 * granted and says in a sentence what is wrong.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { ControllerUpdate } from "../ControllerUpdate.js"
import { EnsembleLogLine } from "../EnsembleLog.js"
import { ParameterDescription } from "../ParameterDescription.js"
import { IngesterState, ReducerState, type ServiceState, WorkerState } from "../ServiceState.js"
import { ServiceUpdate } from "../ServiceUpdate.js"
import { WorkAssignment } from "../WorkAssignment.js"
import * as wireText from "./wireText.js"

export type Read<A> = Either.Either<A, string>

// --- writing ----------------------------------------------------------------

export const assignments = (several: ReadonlyArray<WorkAssignment>): string => {
  let written = ""
  for (const { assignments, event_number, incarnations } of several) {
    written += `${written === "" ? "[" : ","}{"event_number":${event_number},"assignments":${JSON.stringify(assignments)}`
    written += incarnations === undefined ? "}" : `,"incarnations":${JSON.stringify(incarnations)}}`
  }
  return written === "" ? "[]" : `${written}]`
}

const encodeReport = Schema.encodeSync(ServiceUpdate)
const encodeUpdate = Schema.encodeSync(ControllerUpdate)
const encodeDescription = Schema.encodeSync(ParameterDescription)
const encodeIngester = Schema.encodeSync(IngesterState)
const encodeWorker = Schema.encodeSync(WorkerState)
const encodeReducer = Schema.encodeSync(ReducerState)

export const report = (said: ServiceUpdate): string => wireText.text(encodeReport(said))

export const update = (said: ControllerUpdate): string => wireText.text(encodeUpdate(said))

export const description = (said: ParameterDescription): string => {
  const { default: fallback, ...rest } = encodeDescription(said)
  const value =
    said.dtype === "float" && typeof fallback === "number"
      ? wireText.fraction(fallback)
      : wireText.text(fallback ?? null)
  return `${wireText.text(rest).slice(0, -1)},"default":${value}}`
}

export const state = (service: ServiceState): string =>
  wireText.text(
    service.kind === "ingester"
      ? encodeIngester(service.state)
      : service.kind === "worker"
        ? encodeWorker(service.state)
        : encodeReducer(service.state)
  )

/** The fields of a log line, in the order in which they stand. */
export const logFields = (line: EnsembleLogLine): ReadonlyArray<string> =>
  (["msg", "lineno", "name", "created", "levelname"] as const).flatMap((field) => [field, line[field]])

// --- reading ----------------------------------------------------------------

const reading = <A, I>(schema: Schema.Schema<A, I>, prepare: (value: unknown) => unknown = (value) => value) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (text: string): Read<A> => {
    let value: unknown
    try {
      value = prepare(JSON.parse(text))
    } catch (cause) {
      return Either.left(cause instanceof Error ? cause.message : String(cause))
    }
    return Either.mapLeft(decode(value), (error) =>
      ParseResult.ArrayFormatter.formatErrorSync(error).map(sentence).join("; ")
    )
  }
}

const sentence = (issue: ParseResult.ArrayFormatterIssue): string =>
  issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`

/** Who says a report without `source`, by its members; older workers leave out their times too. */
const withSource = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || "source" in value) return value
  if ("ingester" in value) return { source: "ingester", ...value }
  if ("has_result" in value || ("completed" in value && Array.isArray(value.completed)))
    return { source: "worker", processing_times: null, ...value }
  return { source: "reducer", completed: null, worker: null, ...value }
}

export const readAssignments = reading(Schema.Array(WorkAssignment))
export const readReport = reading(ServiceUpdate, withSource)
export const readUpdate = reading(ControllerUpdate)
export const readDescription = reading(ParameterDescription)

const readIngester = reading(IngesterState)
const readWorker = reading(WorkerState)
const readReducer = reading(ReducerState)

export const readState = (kind: ServiceState["kind"], text: string): Read<ServiceState> =>
  kind === "ingester"
    ? Either.map(readIngester(text), (state) => ({ kind, state }))
    : kind === "worker"
      ? Either.map(readWorker(text), (state) => ({ kind, state }))
      : Either.map(readReducer(text), (state) => ({ kind, state }))

const decodeLine = Schema.decodeUnknownEither(EnsembleLogLine)

/** From the fields of an entry, names and values by turns. */
export const readLogLine = (fields: ReadonlyArray<string>): Read<EnsembleLogLine> => {
  const members: Record<string, string> = {}
  for (let k = 0; k + 1 < fields.length; k += 2) members[fields[k] ?? ""] = fields[k + 1] ?? ""
  return Either.mapLeft(decodeLine(members), (error) => ParseResult.TreeFormatter.formatErrorSync(error))
}
