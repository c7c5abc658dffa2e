/**
 * How a typed error looks on the wire. On the routes of a contract the body is exactly `{"detail": ...}` and the error itself
 * travels in a header, unless it is too long for one; on our own routes it stands in the body as `error`. Statuses come from
 * `Api.ts`.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as AST from "effect/SchemaAST"
import * as Schema from "effect/Schema"
import { repr } from "../domain/PythonRepr.js"
import { InvalidInput, Overloaded } from "../domain/Refusal.js"
import { NoCurrentEvent } from "../operations/TelemetryOperations.js"
import { NotAllowed, ServerUnreachable } from "../operations/Unreachable.js"
import { Api } from "./Api.js"
import { errorHeader } from "./WireHeaders.js"

/** A complete answer. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Any failure a handler may end with. */
export interface TypedError {
  readonly _tag: string
  readonly message: string
}

/** An answer that bears nothing but a text: `{"detail": <text>}`. */
export const plain = (status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  json(status, JSON.stringify({ detail }), headers)

export const notFound: Answer = plain(404, "Not Found")
export const internal: Answer = plain(500, "Internal Server Error")
export const stopping: Answer = plain(503, "Server is stopping", { "retry-after": "1" })
export const methodNotAllowed = (allow: ReadonlyArray<string>): Answer =>
  plain(405, "Method Not Allowed", { allow: allow.join(", ") })

/**
 * The answer for whatever a handler failed with: what `Api.ts` declares; 502 for an operation that another server did not carry
 * out; undefined for a value that is no error of ours, which makes it a defect.
 */
export const ofFailure = (failure: unknown, contract: boolean): Answer | undefined => {
  if (failure instanceof ServerUnreachable || failure instanceof NotAllowed) return plain(502, failure.message)
  return isTypedError(failure) ? ofError(failure, contract) : undefined
}

/** The answer for an error `Api.ts` declares, or undefined for one it does not know. `contract`: see above. */
export const ofError = (error: TypedError, contract: boolean): Answer | undefined => {
  const known = declared.get(error._tag)
  if (known === undefined) return undefined
  const headers = error instanceof Overloaded ? { "retry-after": String(Math.max(1, Math.ceil(error.retryAfter))) } : {}
  if (contract && error instanceof InvalidInput) {
    return json(known.status, JSON.stringify({ detail: error.problems }), headers)
  }
  const detail = error instanceof NoCurrentEvent ? `No current event for type ${repr(error.type)}` : error.message
  const encoded = known.encode(error)
  const header = contract ? headerText(encoded) : undefined
  return header !== undefined && header.length <= longestHeader
    ? json(known.status, JSON.stringify({ detail }), { ...headers, [errorHeader]: header })
    : json(known.status, JSON.stringify({ detail, error: encoded }), headers)
}

// ------------------------------------------------------------------------------------------------------------------

/** Clients of Node take 16 KiB of headers and no more. */
const longestHeader = 8_000
const longestInHeader = 500

/** JSON that holds only what a header may: ASCII without controls. Long texts are cut. */
const headerText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "string" && part.length > longestInHeader ? part.slice(0, longestInHeader) : part
  ).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

const isTypedError = (failure: unknown): failure is TypedError =>
  failure instanceof Error && "_tag" in failure && typeof failure._tag === "string"

/** Hoisted: the constant answers above are made of it. */
function json(status: number, body: string, headers: Readonly<Record<string, string>>): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body }
}

interface Declared {
  readonly status: number
  readonly encode: (error: unknown) => unknown
}

const tagOf = (ast: AST.AST): string | undefined => {
  const encoded = AST.encodedAST(ast)
  if (!AST.isTypeLiteral(encoded)) return undefined
  const tag = encoded.propertySignatures.find((property) => property.name === "_tag")?.type
  return tag !== undefined && AST.isLiteral(tag) && typeof tag.literal === "string" ? tag.literal : undefined
}

/** Every error of the Api by its tag. An error has one status wherever it occurs. */
const declared: ReadonlyMap<string, Declared> = (() => {
  const found = new Map<string, Declared>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ errors }) => {
      for (const [status, { ast }] of errors) {
        if (ast._tag === "None") continue
        for (const member of AST.isUnion(ast.value) ? ast.value.types : [ast.value]) {
          const tag = tagOf(member)
          if (tag !== undefined && !found.has(tag)) {
            found.set(tag, { status, encode: Schema.encodeUnknownSync(Schema.make(member)) })
          }
        }
      }
    }
  })
  return found
})()
