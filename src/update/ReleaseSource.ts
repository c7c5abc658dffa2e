/**
 * The contract of a source of releases: where a manifest and its archive are found. The plug-in owns addresses; the engine
 * owns signatures, the download with its bounds and its resumption, and everything behind it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { UpdateFailed } from "../domain/Update.js"
import { Outgoing, type OutgoingError, type OutgoingService } from "../outgoing/Outgoing.js"
import { longest, type Manifest } from "./Manifest.js"

/** Where an archive is. */
export type ArchivePlace = Address | { readonly _tag: "File"; readonly path: string }

export interface Address {
  readonly _tag: "Address"
  readonly url: string
  readonly headers: Readonly<Record<string, string | Redacted.Redacted<string>>>
  /** The operator's own address, not one that an answer named. */
  readonly trusted: boolean
}

/** A source with its settings decoded. */
export interface PreparedRelease {
  /** Where it looks, for people: bears no secret. */
  readonly place: string
  /** The signed manifest of a version, or of the newest one. `NotFound` where there is none. */
  readonly manifest: (version: string | undefined) => Effect.Effect<string, UpdateFailed>
  /** Nothing of the archive is read yet. Only ever asked for a manifest that was verified. */
  readonly archive: (manifest: Manifest) => Effect.Effect<ArchivePlace, UpdateFailed>
}

/** `R` is what it needs of the program besides `Outgoing`. */
export interface ReleaseSource<R = never> {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** What settings it takes, for manuals. */
  readonly settings: SchemaAST.AST
  /** `NoSource` for settings that do not decode, with the field named. */
  readonly prepare: (settings: unknown) => Effect.Effect<PreparedRelease, UpdateFailed, R | Outgoing>
}

/** The name of a manifest where the settings of a source say nothing else. */
export const manifestName = "release.json"

/** A source from what is particular to it. */
export const make = <A, I, RS, R = never>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I, RS>
  readonly prepare: (settings: A, asking: Asking) => Effect.Effect<PreparedRelease, UpdateFailed, R>
}): ReleaseSource<R | RS> => ({
  name: options.name,
  description: options.description,
  settings: options.settings.ast,
  prepare: Effect.fn(function* (settings) {
    const decoded = yield* Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })(
      settings
    ).pipe(
      Effect.mapError(
        ({ message }) => new UpdateFailed({ reason: "NoSource", detail: `update.source: ${options.name}: ${message}` })
      )
    )
    return yield* options.prepare(decoded, asking(yield* Outgoing))
  })
})

/** Small answers of servers, for plug-ins. */
export interface Asking {
  /** The text at an address. `NotFound` for 404, `Unreachable` for anything else that is no answer. */
  readonly text: (address: Address) => Effect.Effect<string, UpdateFailed>
  /** The JSON at an address by its schema; another answer is `Malformed`. */
  readonly json: <A, I>(schema: Schema.Schema<A, I>, address: Address) => Effect.Effect<A, UpdateFailed>
}

/** The sources that a config may name. */
export class ReleaseSources extends Context.Tag("outpost/update/ReleaseSources")<
  ReleaseSources,
  {
    /** `NoSource` for a name that nobody has, and for settings that do not decode. */
    readonly prepare: (name: string, settings: unknown) => Effect.Effect<PreparedRelease, UpdateFailed>
  }
>() {}

/** The sources of a list; what they need is taken from where this is made. */
export const registry = Effect.fn("ReleaseSources.make")(function* <R>(sources: ReadonlyArray<ReleaseSource<R>>) {
  const context = yield* Effect.context<R | Outgoing>()
  const byName = new Map(sources.map((source) => [source.name, source]))
  return ReleaseSources.of({
    prepare: (name, settings) => {
      const known = [...byName.keys()].sort().join(", ")
      const detail = `update.source: there is no source '${name}' of releases; there are ${known}`
      return Effect.fromNullable(byName.get(name)).pipe(
        Effect.mapError(() => new UpdateFailed({ reason: "NoSource", detail })),
        Effect.flatMap((source) => Effect.provide(source.prepare(settings), context))
      )
    }
  })
})

// ---------------------------------------------------------------------------------------------------------------------

/** A network error as an update's. */
export const unreachable = (error: OutgoingError): UpdateFailed =>
  new UpdateFailed({ reason: error.reason === "TooLarge" ? "TooLarge" : "Unreachable", detail: error.message })

const asking = ({ send }: OutgoingService): Asking => {
  const text = ({ headers, trusted, url }: Address) =>
    send({ url, headers, trusted, maxBytes: mostText }).pipe(
      Effect.mapError(unreachable),
      Effect.filterOrFail(
        ({ status }) => status === 200,
        ({ status }) =>
          new UpdateFailed({
            reason: status === 404 ? "NotFound" : "Unreachable",
            detail: `${plain(url)}: answered ${status}`
          })
      ),
      Effect.map(({ body }) => body.toString("utf8"))
    )
  return {
    text,
    json: (schema, asked) =>
      Effect.flatMap(text(asked), (body) =>
        Effect.mapError(
          Schema.decode(Schema.parseJson(schema))(body),
          ({ message }) => new UpdateFailed({ reason: "Malformed", detail: `${plain(asked.url)}: ${message}` })
        )
      )
  }
}

/** Lists of releases are longer than manifests. */
const mostText = 32 * longest

/** Without what may be secret. */
const plain = (url: string): string => (URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : url)
