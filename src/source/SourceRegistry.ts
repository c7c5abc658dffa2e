/**
 * The sources of frames that a config may name, with what each of them needs. Whoever asks for one by name gets it prepared,
 * and has to provide nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Nearest from "../domain/Nearest.js"
import type { PreparedSource, Source } from "./Source.js"
import { SourceError } from "./SourceError.js"

/** Two sources of one name: which of them is meant could not be told. */
export class DuplicateSource extends Schema.TaggedError<DuplicateSource>()("DuplicateSource", {
  name: Schema.String
}) {
  override get message() {
    return `there are two sources named ${this.name}`
  }
}

export class SourceRegistry extends Context.Tag("outpost/source/SourceRegistry")<
  SourceRegistry,
  {
    /** Name and description of each, by name. */
    readonly list: ReadonlyArray<Pick<Source, "name" | "description">>
    /** `Misconfigured` for a name that nobody has, with the one that was probably meant, and for settings that do not decode. */
    readonly prepare: (name: string, settings: unknown) => Effect.Effect<PreparedSource, SourceError>
  }
>() {}

/** The sources of a list; what they need is taken from where the registry is made. */
export const make = Effect.fn("SourceRegistry.make")(function* <R>(sources: ReadonlyArray<Source<R>>) {
  const context = yield* Effect.context<R>()
  const byName = new Map<string, Source<R>>()
  for (const source of sources) {
    if (byName.has(source.name)) return yield* new DuplicateSource({ name: source.name })
    byName.set(source.name, source)
  }
  const names = [...byName.keys()].sort()
  return SourceRegistry.of({
    list: [...byName.values()]
      .map(({ description, name }) => ({ name, description }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    prepare: (name, settings) => {
      const source = byName.get(name)
      return source === undefined
        ? Effect.fail(new SourceError({ source: name, reason: "Misconfigured", detail: unknown(name, names) }))
        : Effect.provide(source.prepare(settings), context)
    }
  })
})

export const layer = <R>(sources: ReadonlyArray<Source<R>>): Layer.Layer<SourceRegistry, DuplicateSource, R> =>
  Layer.effect(SourceRegistry, make(sources))

// ---------------------------------------------------------------------------------------------------------------------

const unknown = (name: string, names: ReadonlyArray<string>): string => {
  const nearest = Nearest.of(name, names)
  return `no such source; ${nearest === undefined ? "there are" : `is ${nearest} meant? There are`} ${names.join(", ")}`
}
