/**
 * The two halves of a PUT: from a body to the document it would make of the file, with everything that speaks against it;
 * and from that document back to the text of the file, touching only what differs.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { ConfigInvalid, ConfigNotAllowed } from "../operations/ConfigOperations.js"
import type { Secrets } from "../site/Secrets.js"
import { canonical } from "./ConfigCanonical.js"
import type { Decoded } from "./ConfigDecode.js"
import { shape } from "./ConfigDocument.js"
import { merge } from "./ConfigMerge.js"
import * as Shape from "./ConfigShape.js"
import { changes, edit, parse } from "./ConfigText.js"
import { oversteps } from "./ConfigTrust.js"

/**
 * `put` replaces the collector's five sections and those that are given. `amend` leaves what is not mentioned as it is: a
 * section of settings is changed key by key, and one of named entries, or a list, is replaced by the one that is given.
 */
export type How = "put" | "amend"

/** The merged document, not decoded yet: no secret is read for a document that may not be taken. */
export const prepare = (
  file: Shape.Mapping,
  body: unknown,
  how: How = "put"
): Either.Either<Shape.Mapping, ConfigInvalid | ConfigNotAllowed> => {
  if (!Shape.isMapping(body)) return refuse("", "expected an object of sections")
  const merged = merge(file, how === "amend" ? amended(file, body) : body)
  if (Either.isLeft(merged)) return Either.left(new ConfigInvalid({ issues: merged.left }))
  const issues = oversteps(file, merged.right, how === "put" ? "http" : "uplink")
  if (issues.length > 0) return Either.left(new ConfigNotAllowed({ issues }))
  if (how === "amend") return Either.right(merged.right)
  const has = (name: string) => {
    const jobs = merged.right[name]
    return jobs !== undefined && jobs !== null && !(Array.isArray(jobs) && jobs.length === 0)
  }
  return has("histo_jobs") || has("stream_jobs")
    ? Either.right(merged.right)
    : refuse("histo_jobs", "at least one of histo_jobs and stream_jobs must have an entry")
}

/**
 * The text that says what `next` says. Three tries, each coarser: change single values; then also write down what follows
 * from others; then replace whole sections (a file full of anchors). Each is checked by reading it back.
 */
export const rewrite: (
  text: string,
  before: Option.Option<Decoded>,
  next: Decoded,
  decode: (raw: unknown) => Effect.Effect<Decoded, ConfigInvalid>
) => Effect.Effect<string, ConfigInvalid, Secrets> = Effect.fnUntraced(function* (text, before, next, decode) {
  const wanted = yield* canonical(next)
  const readBack = (written: string) =>
    Either.mapLeft(parse(written), (issues) => new ConfigInvalid({ issues })).pipe(
      Effect.flatMap(({ raw }) => decode(raw)),
      Effect.flatMap(canonical),
      Effect.option
    )
  /** What the new document writes at a place; where it writes nothing, the widest place that is to go. */
  const asGiven = ({ path }: { readonly path: Shape.Path }) => {
    const gone = path.findIndex((_, i) => Shape.get(next.raw, path.slice(0, i + 1)) === undefined)
    return gone < 0 ? { path, value: Shape.get(next.raw, path) } : { path: path.slice(0, gone + 1), value: undefined }
  }

  // A file that is not valid as it stands is compared as it is written.
  const raw = Either.getOrElse(
    Either.map(parse(text), ({ raw }): Shape.Mapping => raw),
    (): Shape.Mapping => ({})
  )
  const differing = Option.isSome(before)
    ? changes(yield* canonical(before.value), wanted).map(asGiven)
    : changes(raw, next.raw)
  const fine = differing.length === 0 ? text : edit(text, differing)
  const afterFine = yield* readBack(fine)
  if (isWanted(afterFine, wanted)) return fine

  const explicit = Option.match(afterFine, {
    onNone: () => [],
    onSome: (found) =>
      changes(found, wanted).map(({ path, value }) => ({ path, value: Shape.get(next.raw, path) ?? value }))
  })
  const medium = edit(fine, explicit)
  const afterMedium = yield* readBack(medium)
  if (isWanted(afterMedium, wanted)) return medium

  const names = [...new Set([...Object.keys(raw), ...Object.keys(next.raw)])].filter((name) =>
    Option.match(afterMedium, { onNone: () => true, onSome: (found) => !Shape.same(found[name], wanted[name]) })
  )
  const coarse = edit(
    medium,
    names.map((name) => asGiven({ path: [name] }))
  )
  return isWanted(yield* readBack(coarse), wanted) ? coarse : yield* refuse("", "can't be written down")
})

// ------------------------------------------------------------------------------------------------------------------

const amended = (file: Shape.Mapping, body: Shape.Mapping): Shape.Mapping => {
  const changed = Object.entries(body).map(([name, given]): readonly [string, unknown] => {
    const whole = Shape.at(shape, [name])?._tag !== "Struct" || !Shape.isMapping(given)
    return [name, whole ? given : { ...Shape.asMapping(file[name]), ...given }]
  })
  return { ...file, ...Object.fromEntries(changed) }
}

const isWanted = (found: Option.Option<Shape.Mapping>, wanted: Shape.Mapping): boolean =>
  Option.isSome(found) && Shape.same(found.value, wanted)

const refuse = (path: string, message: string): Either.Either<never, ConfigInvalid> =>
  Either.left(new ConfigInvalid({ issues: [{ path, message }] }))
