/**
 * The state document as a file for readers outside: each part by its name, replaced atomically soon after each change, at most
 * once a second, and when the scope closes. A reader sees the old document or the new one, whole.
 *
 * Where the database was lost or set aside as damaged, the document is restored from this file.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Clock from "effect/Clock"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "../domain/Refusal.js"
import * as DurableFile from "../site/DurableFile.js"
import { isNotFound, reasonOf } from "../site/FileReason.js"
import type { StateDocument } from "./StateDocument.js"
import type { StateStore } from "./StateStore.js"

/** From one export to the next. */
const pause = Duration.seconds(1)

type Files = FileSystem.FileSystem | Path.Path

/** Keeps the file as the document is. A disk that refuses is told once, and tried again with the next change. */
export const follow = (
  document: StateDocument["Type"],
  path: string
): Effect.Effect<void, never, Files | Scope.Scope> =>
  Effect.gen(function* () {
    const files = yield* Effect.context<Files>()
    let written = -1
    let failing = false
    const write = Effect.gen(function* () {
      const { parts, revision } = yield* document.get
      if (revision === written) return
      yield* DurableFile.replace(path, `${JSON.stringify(parts, undefined, 4)}\n`)
      written = revision
      failing = false
    }).pipe(
      Effect.provide(files),
      Effect.catchAll((error) => {
        if (failing) return Effect.void
        failing = true
        return Effect.logWarning(`${path} was not written: ${reasonOf(error)}`)
      })
    )
    yield* write
    yield* Effect.addFinalizer(() => write)
    yield* document.changes.pipe(
      // Changes that come while it pauses are in the next export.
      Stream.buffer({ capacity: 1, strategy: "sliding" }),
      Stream.runForEach(() => Effect.zipRight(write, Effect.sleep(pause))),
      Effect.forkScoped
    )
  })

/** Fills a store that holds nothing from the export, where there is one. Told in the log. */
export const restore = (store: StateStore, path: string): Effect.Effect<void, StorageFailed, Files> =>
  Effect.gen(function* () {
    if ((yield* store.revision) > 0) return
    const fs = yield* FileSystem.FileSystem
    const parts = yield* fs.readFileString(path).pipe(
      Effect.flatMap(decode),
      Effect.asSome,
      Effect.catchAll((error) =>
        error._tag !== "ParseError" && isNotFound(error)
          ? Effect.succeedNone
          : Effect.as(Effect.logWarning(`the state was not restored from ${path}: ${error.message}`), Option.none())
      )
    )
    if (Option.isNone(parts) || Object.keys(parts.value).length === 0) return
    const at = yield* Clock.currentTimeMillis
    yield* store.append(Object.entries(parts.value).map(([part, value]) => ({ part, value, at, by: "state.json" })))
    yield* Effect.logWarning(`the database held no state: ${Object.keys(parts.value).join(", ")} taken from ${path}`)
  })

// -----------------------------------------------------------------------------

const decode = Schema.decode(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
