/**
 * A question that is not the one that was meant is answered wrongly: on our own routes of events, runs, the site and the
 * collector a parameter that `Api.ts` does not declare is refused by name. On the routes of others' contracts any is passed over.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as Option from "effect/Option"
import * as AST from "effect/SchemaAST"
import * as Nearest from "../domain/Nearest.js"
import { InvalidInput } from "../domain/Refusal.js"
import { Api } from "./Api.js"
import { isContract } from "./ContractRoutes.js"

/** What is wrong with a query string, `?` included; undefined where nothing is. */
export const refusal = (method: string, pattern: string, query: string): InvalidInput | undefined => {
  const names = declared.get(`${method} ${pattern}`)
  if (names === undefined || query.length < 2) return undefined
  const unknown = [...new URLSearchParams(query)].filter(([name]) => name !== "" && !names.includes(name))
  if (unknown.length === 0) return undefined
  return new InvalidInput({
    problems: unknown.map(([name, value]) => ({
      type: "extra_forbidden",
      loc: ["query", name.slice(0, longestEcho)],
      msg: `Unknown parameter: ${adviceOn(name, names)}`,
      input: value.slice(0, longestEcho)
    }))
  })
}

// ------------------------------------------------------------------------------------------------------------------

const longestEcho = 200

/** Opens the door, on any route. */
const credentials = "token"

const groups = new Set(["event", "run", "site", "backfill", "jobs", "collector", "procedure", "outbox"])

const adviceOn = (name: string, names: ReadonlyArray<string>): string => {
  const known = names.filter((known) => known !== credentials)
  const meant = Nearest.of(name.slice(0, longestEcho), known)
  if (meant !== undefined) return `did you mean ${meant}?`
  return known.length === 0 ? "this route has none" : `known are ${known.join(", ")}`
}

const namesIn = (ast: AST.AST): ReadonlyArray<string> =>
  AST.getPropertySignatures(AST.encodedAST(ast)).map(({ name }) => String(name))

/** By method and route: the names it takes. */
const declared: ReadonlyMap<string, ReadonlyArray<string>> = (() => {
  const found = new Map<string, ReadonlyArray<string>>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, group }) => {
      if (!groups.has(group.identifier) || isContract(endpoint.path)) return
      const names = Option.match(endpoint.urlParamsSchema, { onNone: () => [], onSome: ({ ast }) => namesIn(ast) })
      found.set(`${endpoint.method} ${endpoint.path}`, [...names, credentials])
    }
  })
  return found
})()
