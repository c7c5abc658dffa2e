// How a schema of settings is told in a table of the manual.
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { SecretId } from "../src/site/Secrets.ts"

export const description = (ast) => Option.getOrUndefined(AST.getDescriptionAnnotation(ast))
const identifier = (ast) => Option.getOrUndefined(AST.getIdentifierAnnotation(ast))

/** The struct behind a schema, or undefined. */
export const structOf = (ast) => {
  if (ast._tag === "Transformation") return structOf(ast.from)
  if (ast._tag === "Refinement") return structOf(ast.from)
  return ast._tag === "TypeLiteral" ? ast : undefined
}

const bounds = (ast) => {
  if (ast._tag !== "Refinement") return {}
  return { ...bounds(ast.from), ...Option.getOrElse(AST.getJSONSchemaAnnotation(ast), () => ({})) }
}

/** Whether a number stands behind the refinements. */
const numeral = (ast) => (ast._tag === "Refinement" ? numeral(ast.from) : ast._tag === "NumberKeyword")

export const typeOf = (ast) => {
  if (ast.annotations[SecretId] === true || identifier(ast) === "Secret") return "secret"
  if (identifier(ast) === "Duration") return "duration"
  if (identifier(ast) === "Bytes") return "size"
  switch (ast._tag) {
    case "Refinement": {
      const { exclusiveMinimum, maximum, minimum, type } = bounds(ast)
      const base = numeral(ast)
      if (!base) return typeOf(ast.from)
      const least = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1)
      const kind = type === "integer" ? "whole number" : "number"
      if (least === undefined) return kind
      return maximum === undefined ? `${kind} from ${least}` : `${kind} ${least} to ${maximum}`
    }
    case "Transformation":
      if (identifier(ast.to) === "DurationFromSelf") return "duration"
      if (ast.from._tag === "Union" && ast.to._tag === "Refinement" && numeral(ast.to)) return "size"
      return typeOf(ast.from)
    case "Literal":
      return ast.literal === null ? "null" : `\`${ast.literal}\``
    case "Union": {
      const names = [...new Set(ast.types.map(typeOf))]
      if (names.length === 2 && names.includes("number") && names.includes("text")) return "number"
      return names.join(", ").replace(/, null$/, " or null")
    }
    case "TupleType":
      return `list of ${typeOf(ast.rest[0]?.type ?? ast.elements[0].type)}`
    case "TypeLiteral":
      return ast.indexSignatures.length > 0 ? `mapping of ${typeOf(ast.indexSignatures[0].type)}` : "mapping"
    case "BooleanKeyword":
      return "true or false"
    case "StringKeyword":
      return "text"
    case "NumberKeyword":
      return "number"
    case "UnknownKeyword":
      return "anything"
    default:
      throw new Error(`no word for ${ast._tag}`)
  }
}

export const written = (value) => {
  if (value === undefined) return ""
  return typeof value === "object" && value !== null
    ? `\`${JSON.stringify(value)}\``
    : `\`${value === "" ? '""' : value}\``
}

export const cell = (text) => text.replaceAll("|", "\\|").replaceAll(/<(name|n)>/g, "&lt;$1&gt;")

/** What an optional setting is where it is not given, as it would stand in a file. */
export const standardOf = (field) => {
  if (!field.isOptional) return "(required)"
  const value = Option.getOrUndefined(AST.getDefaultAnnotation(field.type))
  return value === undefined ? "" : written(Schema.encodeSync(Schema.make(field.type))(value))
}
