/**
 * The ledgers of a process, by path: one writer each. Whoever opens a path that is open gets the same ledger; it is closed,
 * with all its rows durable, when the last one lets go of it. Other processes are kept off by the lock of the site.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
import type { StorageFailed } from "../domain/Refusal.js"
import { type Disk, nodeDisk } from "../journal/Disk.js"
import * as Ledger from "./Ledger.js"

export class Ledgers extends Context.Tag("outpost/ledger/Ledgers")<
  Ledgers,
  {
    /**
     * The ledger at a path, held until the scope closes. Reads the whole file the first time. Fails where the file is there
     * and is no ledger, or can't be read; a later opening tries again.
     */
    readonly open: (path: string) => Effect.Effect<Ledger.Ledger, Ledger.LedgerUnusable | StorageFailed, Scope.Scope>
    /** What the file says now, read for this alone: makes and writes nothing, and may be done beside any writer. */
    readonly read: (path: string) => Effect.Effect<Ledger.LedgerView, Ledger.LedgerUnusable | StorageFailed>
  }
>() {}

export const make: (
  disk?: Disk
) => Effect.Effect<Ledgers["Type"], never, FileSystem.FileSystem | Path.Path | Scope.Scope> = Effect.fnUntraced(
  function* (disk = nodeDisk) {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const ledgers = yield* RcMap.make({ lookup: (path: string) => Ledger.make(path, disk) })

    /** The same for all spellings of a path, also of a file that is yet to be made. */
    const realPath = (path: string): Effect.Effect<string> => {
      const absolute = paths.resolve(path)
      const above = paths.dirname(absolute)
      return fs
        .realPath(absolute)
        .pipe(
          Effect.catchAll(() =>
            above === absolute
              ? Effect.succeed(absolute)
              : Effect.map(realPath(above), (real) => paths.join(real, paths.basename(absolute)))
          )
        )
    }

    return {
      open: (path) => Effect.flatMap(realPath(path), (real) => RcMap.get(ledgers, real)),
      read: (path) => Ledger.read(path, disk)
    }
  }
)

export const layer: Layer.Layer<Ledgers, never, FileSystem.FileSystem | Path.Path> = Layer.scoped(Ledgers, make())
