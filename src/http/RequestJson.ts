/**
 * JSON bodies of the router's lane: the limit while reading, UTF-8, JSON, then a schema; the first that fails says where.
 */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { isUtf8 } from "node:buffer"
import { InvalidInput, UnreadableBody, type Problem, type TooLarge } from "../domain/Refusal.js"
import { EventScanner, missingBody, notADictionary } from "../telemetry/EventScanner.js"
import { read } from "./internal/requestBody.js"
import * as MediaType from "./MediaType.js"
import { RequestLimits } from "./RequestLimits.js"

export type BodyError = InvalidInput | UnreadableBody | TooLarge

/** The body's bytes, whatever they are. */
export const bytes = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Buffer, TooLarge | UnreadableBody> =>
  Effect.flatMap(RequestLimits, ({ bodyBytes }) => read(NodeHttpServerRequest.toIncomingMessage(request), bodyBytes))

/** The body as JSON: its value, and its bytes for who wants the text of a part. `undefined` where there is no body. */
export const json = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<{ readonly value: unknown; readonly body: Buffer }, BodyError> =>
  Effect.flatMap(bytes(request), (body): Effect.Effect<{ value: unknown; body: Buffer }, BodyError> => {
    if (body.length === 0) return Effect.succeed({ value: undefined, body })
    if (!MediaType.isJson(request.headers["content-type"]))
      return Effect.fail(notADictionary(echo(body.toString("utf8"))))
    if (!isUtf8(body)) return Effect.fail(new UnreadableBody())
    const broken = new EventScanner().scan(body, 0, body.length)
    if (broken?.problems[0]?.type === "json_invalid") return Effect.fail(broken)
    const text = body.toString("utf8").replace(/^\ufeff/, "")
    if (text.trim() === "") return Effect.succeed({ value: undefined, body })
    return Effect.succeed({ value: JSON.parse(text), body })
  })

/** A JSON object. */
export type Members = { readonly [name: string]: unknown }

/** The body as an object; one must be there. */
export const object = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Members, BodyError> =>
  Effect.flatMap(json(request), ({ value }) => (value === undefined ? Effect.fail(missingBody()) : members(value)))

/** The body decoded by a schema of objects; a body must be there. */
export const decode = <A, I>(schema: Schema.Schema<A, I>) => {
  const decoded = decodeMembers(schema)
  return (request: HttpServerRequest.HttpServerRequest): Effect.Effect<A, BodyError> =>
    Effect.flatMap(object(request), decoded)
}

/** The same for a body that may be left out: none, empty and `null` are an empty object. */
export const decodeOptional = <A, I>(schema: Schema.Schema<A, I>) => {
  const decoded = decodeMembers(schema)
  return (request: HttpServerRequest.HttpServerRequest): Effect.Effect<A, BodyError> =>
    Effect.flatMap(json(request), ({ value }) => Effect.flatMap(members(value ?? {}), decoded))
}

/** A schema's complaints as problems, each with its place in the body. */
export const invalid = (error: ParseResult.ParseError, value: unknown): InvalidInput =>
  new InvalidInput({
    problems: ParseResult.ArrayFormatter.formatErrorSync(error).map(({ _tag, message, path }): Problem => {
      const place = path.map((step) => (typeof step === "number" ? step : String(step)))
      return _tag === "Missing"
        ? { type: "missing", loc: ["body", ...place], msg: "Field required", input: echo(at(value, path.slice(0, -1))) }
        : { type: "value_error", loc: ["body", ...place], msg: message, input: echo(at(value, path)) }
    })
  })

/** A value as an answer may repeat it: cut where it is long. */
export const echo = (value: unknown): unknown => {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text === undefined || text.length <= longestEcho
    ? (value ?? null)
    : `${text.slice(0, longestEcho)}... (${text.length} characters)`
}

// ------------------------------------------------------------------------------------------------------------------

const longestEcho = 1_000

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const members = (value: unknown): Effect.Effect<Members, InvalidInput> =>
  isObject(value) ? Effect.succeed(value) : Effect.fail(notADictionary(echo(value)))

const decodeMembers = <A, I>(schema: Schema.Schema<A, I>) => {
  const decoded = Schema.decodeUnknown(schema, { errors: "all" })
  return (value: Members): Effect.Effect<A, InvalidInput> =>
    Effect.mapError(decoded(value), (error) => invalid(error, value))
}

const at = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, step) : undefined),
    value
  )
