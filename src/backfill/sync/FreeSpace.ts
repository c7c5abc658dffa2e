/**
 * Room on the disk that the datasets are on. With less than `storage.min_free` nothing new is begun, so that what was begun
 * can be brought to its end; it goes on by itself when there is a tenth more than that, so that the last window does not
 * decide it again and again. Both are told once each time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { statfs } from "node:fs/promises"
import { dirname } from "node:path"
import { StorageFailed } from "../../domain/Refusal.js"

export interface FreeSpace {
  /** Bytes that this process may use; null where that can't be told. */
  readonly bytes: Effect.Effect<number | null>
  /** Fails, with the reason, while there is too little. Cheap: the disk is asked at most once a second. */
  readonly check: Effect.Effect<void, StorageFailed>
}

export interface Options {
  readonly directory: Effect.Effect<string>
  /** 0 for no bound. */
  readonly minFree: Effect.Effect<number>
  /** For the site's own events: `storage.low`, `storage.recovered`. */
  readonly tell: (type: string, data: unknown) => Effect.Effect<void>
  /** Free bytes of a file system. */
  readonly freeOf?: (directory: string) => Promise<number>
}

interface State {
  readonly low: boolean
  readonly asked: number
  readonly free: number | null
}

const askEvery = 1_000

export const make = ({ directory, freeOf = freeOfFileSystem, minFree, tell }: Options): Effect.Effect<FreeSpace> =>
  Effect.gen(function* () {
    const state = yield* Ref.make<State>({ low: false, asked: Number.NEGATIVE_INFINITY, free: null })

    const ask = Effect.flatMap(directory, (path) =>
      Effect.tryPromise(() => freeOf(path)).pipe(Effect.orElseSucceed(() => null))
    )

    const look = Effect.gen(function* () {
      const known = yield* Ref.get(state)
      const now = yield* Clock.currentTimeMillis
      if (now - known.asked < askEvery) return known
      const free = yield* ask
      const bound = yield* minFree
      // What can't be asked is no reason to stop: whoever writes there is told by the disk itself.
      const low = free !== null && bound > 0 && free < (known.low ? bound * 1.1 : bound)
      const next = { low, asked: now, free }
      yield* Ref.set(state, next)
      if (low !== known.low) {
        yield* tell(low ? "storage.low" : "storage.recovered", { path: yield* directory, free, min_free: bound })
        if (low) yield* Effect.logWarning(`${readable(free)} free, storage.min_free is ${readable(bound)}`)
      }
      return next
    })

    return {
      bytes: ask,
      check: Effect.flatMap(look, ({ free, low }) =>
        low
          ? Effect.flatMap(Effect.all([directory, minFree]), ([path, bound]) =>
              Effect.fail(
                new StorageFailed({
                  operation: "collect into",
                  path,
                  reason: `${readable(free)} free, less than storage.min_free (${readable(bound)}): nothing new is begun`
                })
              )
            )
          : Effect.void
      )
    }
  })

// -----------------------------------------------------------------------------

/** A directory that is not made yet will be on the file system of the nearest one above it. */
const freeOfFileSystem = async (directory: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch (cause) {
    const above = dirname(directory)
    if (above === directory) throw cause
    return freeOfFileSystem(above)
  }
}

const readable = (bytes: number | null): string => {
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"]
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(Math.max(1, bytes ?? 0)) / 10))
  const value = (bytes ?? 0) / 1024 ** step
  return `${step === 0 ? value : value.toFixed(1)} ${steps[step]}`
}
