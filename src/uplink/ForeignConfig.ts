/**
 * A config as it comes from afar, of whichever version: only its revision and the version it is meant for are looked at, and
 * all else is kept as it is. Pure.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** The schema of ivy's ForeignConfig. */
export const ForeignConfig = Schema.Struct(
  {
    general: Schema.Struct(
      {
        config_revision: Schema.Int.pipe(
          Schema.greaterThanOrEqualTo(-1, { message: () => "expected a whole number from -1" })
        ),
        software_version: Schema.String.pipe(
          Schema.pattern(/^\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$/, {
            message: () => "expected a version such as 1.2.3"
          })
        )
      },
      { key: Schema.String, value: Schema.Unknown }
    )
  },
  { key: Schema.String, value: Schema.Unknown }
)
export type ForeignConfig = typeof ForeignConfig.Type

/** Where the envelope bears a revision, it counts. The reason tells which field is wrong. */
export const read = (document: unknown, revision: number | undefined): Either.Either<ForeignConfig, string> =>
  Either.mapLeft(decode(revision === undefined ? document : withRevision(document, revision)), (error) => {
    const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const place = first?.path.join(".") ?? ""
    return `${place === "" ? "the document" : place}: ${first?.message ?? error.message}`
  })

/** The revision that a document bears, where it can be told. */
export const revisionIn = (document: unknown): number | undefined => {
  const general = isMapping(document) ? document["general"] : undefined
  const revision = isMapping(general) ? general["config_revision"] : undefined
  return typeof revision === "number" && Number.isSafeInteger(revision) && revision >= -1 ? revision : undefined
}

/** A version of this software as a config names it: without what marks a build that was never released. */
export const releaseOf = (version: string): string => version.replace(/-(?!(?:alpha|beta|rc)\.\d+$).*$/, "")

/** The config that stands for one that could not be read, so that the office can tell which one it was. */
export const unreadable = (revision: number | undefined): ForeignConfig => ({
  general: { config_revision: revision ?? -1, software_version: "0.0.0" }
})

// -----------------------------------------------------------------------------

const decode = Schema.decodeUnknownEither(ForeignConfig)

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const withRevision = (document: unknown, revision: number): unknown =>
  isMapping(document) && isMapping(document["general"])
    ? { ...document, general: { ...document["general"], config_revision: revision } }
    : document
