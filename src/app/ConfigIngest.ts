/**
 * What is wrong with the streams of `ingest` beyond their own schema: a source that there is not, and settings that the source
 * does not take, as far as that can be told from how they are written. The sources are loaded where a document has streams.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SettingsProblem from "../source/SettingsProblem.js"
import * as Plugins from "./ConfigPlugins.js"
import * as Shape from "./ConfigShape.js"

/** Of a document as written. */
export const problems = (raw: Shape.Mapping): Effect.Effect<ReadonlyArray<Plugins.PluginProblem>> =>
  Effect.gen(function* () {
    const streams = streamsOf(raw)
    if (streams.length === 0) return []
    const { sources } = yield* Effect.promise(() => import("../plugins/source/Sources.js"))
    const known = new Map(sources.map((source) => [source.name, source]))
    const names = [...known.keys()].sort()
    return streams.flatMap(({ path, settings, source: name }) => {
      const source = known.get(name)
      if (source === undefined) return [Plugins.stranger([...path, "source"], "source", name, names)]
      const manual = `the settings of ${name} stand in docs/sources.md`
      return asWritten(source.settings, settings).map(Plugins.inside([...path, "settings"], manual))
    })
  })

// -----------------------------------------------------------------------------

interface Entry {
  readonly path: Shape.Path
  readonly source: string
  readonly settings: unknown
}

const streamsOf = (raw: Shape.Mapping): ReadonlyArray<Entry> => {
  const ingesters = Shape.asMapping(Shape.get(raw, ["ingest", "ingesters"]))
  return Object.entries(ingesters).flatMap(([ingester, entry]) =>
    Object.entries(Shape.asMapping(Shape.get(entry, ["streams"]))).flatMap(([stream, written]) => {
      const { settings, source } = Shape.asMapping(written)
      const path = ["ingest", "ingesters", ingester, "streams", stream]
      return typeof source === "string" ? [{ path, source, settings: settings ?? {} }] : []
    })
  )
}

/** The form alone: secrets are not read, and nothing is opened. */
const asWritten = (settings: SchemaAST.AST, given: unknown): ReadonlyArray<SettingsProblem.SettingsProblem> =>
  Either.match(
    Schema.decodeUnknownEither(Schema.make(SchemaAST.encodedBoundAST(settings)), {
      errors: "all",
      onExcessProperty: "error"
    })(given),
    { onLeft: SettingsProblem.of, onRight: () => [] }
  )
