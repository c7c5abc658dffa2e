/**
 * A document that someone hands in, put over the one in the file: it replaces the collector's five sections, and those of
 * ours that it holds. `********` stands for the stored secret and `null` takes a secret away; a secret that is simply not
 * mentioned stays, since leaving it out must not open the site. Pure.
 */
import * as Either from "effect/Either"
import type { ConfigIssue } from "../operations/ConfigOperations.js"
import { mask } from "../site/Secrets.js"
import { pathText } from "./ConfigDecode.js"
import { collectorSections, shape } from "./ConfigDocument.js"
import * as Shape from "./ConfigShape.js"

export const merge = (
  file: Shape.Mapping,
  body: Shape.Mapping
): Either.Either<Shape.Mapping, ReadonlyArray<ConfigIssue>> => {
  const kept = Object.entries(file).filter(([name]) => !Object.hasOwn(body, name) && !collectorSections.has(name))
  const sections: Shape.Mapping = Object.fromEntries([...kept, ...Object.entries(body)])
  const merged = Shape.secretsOf(shape, file).reduce<unknown>((document, [path, stored]) => {
    const given = Shape.get(sections, path)
    return given === mask || (given === undefined && isFixed(sections, path))
      ? Shape.put(document, path, stored)
      : document
  }, sections)
  const issues = unmatched(merged)
  return issues.length > 0 ? Either.left(issues) : Either.right(Shape.asMapping(merged))
}

// ------------------------------------------------------------------------------------------------------------------

/** Whether the place exists whatever the body says: no entry of a record or a list on the way to it was left out. */
const isFixed = (sections: Shape.Mapping, path: Shape.Path): boolean => {
  const section = path[0]
  if (section !== undefined && sections[section] === null) return false
  return path.every(
    (_, i) =>
      Shape.at(shape, path.slice(0, i))?._tag === "Struct" || Shape.get(sections, path.slice(0, i + 1)) !== undefined
  )
}

const unmatched = (document: unknown): ReadonlyArray<ConfigIssue> =>
  Shape.secretsOf(shape, Shape.asMapping(document))
    .filter(([, value]) => value === mask)
    .map(([path]) => ({
      path: pathText(path),
      message: "stands for no stored value",
      value: mask,
      remedy: "give the secret itself, or null for none"
    }))
