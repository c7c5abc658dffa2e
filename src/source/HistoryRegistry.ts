/**
 * The histories that jobs may name, with what each of them needs. Whoever asks for one by name gets it prepared, and has
 * to provide nothing but the way out.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { History, PreparedHistory } from "./History.js"
import { SourceError } from "./SourceError.js"

/** Two histories of one name: which of them a job means could not be told. */
export class DuplicateHistory extends Schema.TaggedError<DuplicateHistory>()("DuplicateHistory", {
  name: Schema.String
}) {
  override get message() {
    return `there are two histories named ${this.name}`
  }
}

export class HistoryRegistry extends Context.Tag("outpost/source/HistoryRegistry")<
  HistoryRegistry,
  {
    /** Name and description of each, by name. */
    readonly list: ReadonlyArray<Pick<History, "name" | "description">>
    /** `Misconfigured` for a name that nobody has, naming those there are, and for settings that do not decode. */
    readonly prepare: (name: string, settings: unknown) => Effect.Effect<PreparedHistory, SourceError>
  }
>() {}

/** The histories of a list; what they need is taken from where the registry is made. */
export const make = Effect.fn("HistoryRegistry.make")(function* <R>(histories: ReadonlyArray<History<R>>) {
  const context = yield* Effect.context<R>()
  const byName = new Map<string, History<R>>()
  for (const history of histories) {
    if (byName.has(history.name)) return yield* new DuplicateHistory({ name: history.name })
    byName.set(history.name, history)
  }
  const names = [...byName.keys()].sort()
  return HistoryRegistry.of({
    list: [...byName.values()]
      .map(({ description, name }) => ({ name, description }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    prepare: (name, settings) => {
      const history = byName.get(name)
      const detail = `no such history; there are ${names.join(", ")}`
      return history === undefined
        ? Effect.fail(new SourceError({ source: name, reason: "Misconfigured", detail }))
        : Effect.provide(history.prepare(settings), context)
    }
  })
})

export const layer = <R>(histories: ReadonlyArray<History<R>>): Layer.Layer<HistoryRegistry, DuplicateHistory, R> =>
  Layer.effect(HistoryRegistry, make(histories))
