/**
 * Dumps in files: for each scan and ingester one of its own where the parameter `dump_prefix` is set, or one file for all scans of
 * an ingester where its configuration names it. Whatever goes wrong is an alarm and nothing more.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { FrameDump } from "../FrameDump.js"
import { below, dumpName } from "./DumpLocation.js"
import * as DumpWriter from "./DumpWriter.js"

export interface Settings {
  /** Directories below which `dump_prefix` may have files written. */
  readonly roots: ReadonlyArray<string>
  /** The file that an ingester appends every scan to, where it has one; it goes before `dump_prefix`. */
  readonly pathOf: (ingester: string) => Option.Option<string>
  readonly onStopped: (ingester: string, alarm: DumpWriter.DumpStopped) => Effect.Effect<void>
  readonly writer?: Pick<DumpWriter.Options, "capacity" | "syncEvery" | "closeWithin" | "disk">
}

export const make = Effect.fnUntraced(function* (
  settings: Settings
): Effect.fn.Return<Context.Tag.Service<typeof FrameDump>, never, FileSystem.FileSystem | Path.Path> {
  const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  /** Files that are being written: a second writer would cut the records of the first. */
  const open = new Set<string>()

  const reserve = (path: string) =>
    Effect.acquireRelease(
      Effect.sync(() => !open.has(path) && open.add(path).has(path)),
      (mine) => Effect.sync(() => mine && open.delete(path))
    )

  const locate = (ingester: string, name: string, prefix: string) =>
    Option.match(settings.pathOf(ingester), {
      onSome: Effect.succeedSome,
      onNone: () =>
        prefix === "" ? Effect.succeedNone : Effect.asSome(Effect.provide(below(prefix, name, settings.roots), context))
    })

  return {
    open: ({ ingester, mapping, prefix }) =>
      Effect.gen(function* () {
        const onStopped = (alarm: DumpWriter.DumpStopped) => settings.onStopped(ingester, alarm)
        const refused = (path: string, detail: string) =>
          Effect.as(onStopped(new DumpWriter.DumpStopped({ path, reason: "Refused", detail, records: 0 })), undefined)
        const located = yield* Effect.either(locate(ingester, dumpName(ingester, mapping), prefix))
        if (located._tag === "Left") return yield* refused(prefix, located.left.message)
        if (Option.isNone(located.right)) return undefined
        const path = located.right.value
        if (!(yield* reserve(path))) return yield* refused(path, "another dump is being written to it")
        return yield* DumpWriter.make({ ...settings.writer, path, onStopped })
      })
  }
})

export const layerWith = (settings: Settings): Layer.Layer<FrameDump, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(FrameDump, make(settings))
