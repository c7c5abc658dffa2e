/**
 * The one scan that is worked on, and its scope. The next one begins when nothing of the one before is left: scans never overlap.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { MappingId } from "../assignment/WorkAssignment.js"
import type { IngestScan } from "./IngestScan.js"

export interface CurrentScan {
  readonly get: () => IngestScan | undefined
  /** Ends the one before and begins this one. */
  readonly replace: (scan: Effect.Effect<IngestScan, never, Scope.Scope>) => Effect.Effect<void>
  /** The scan of this mapping, if it is the one that is worked on. */
  readonly of: (mapping: MappingId) => IngestScan | undefined
  /** Of all scans so far, with this one. */
  readonly totals: () => { readonly bytes: number; readonly undelivered: number }
}

/** The last scan ends with the scope. */
export const make: Effect.Effect<CurrentScan, never, Scope.Scope> = Effect.gen(function* () {
  const lock = yield* Effect.makeSemaphore(1)
  const past = { bytes: 0, undelivered: 0 }
  let current: { readonly scan: IngestScan; readonly scope: Scope.CloseableScope } | undefined

  const close = Effect.suspend(() => {
    if (current === undefined) return Effect.void
    const { scan, scope } = current
    return Effect.zipRight(
      Scope.close(scope, Exit.void),
      Effect.sync(() => {
        const { bytes, undelivered } = figuresOf(scan)
        past.bytes += bytes
        past.undelivered += undelivered
        current = undefined
      })
    )
  })

  yield* Effect.addFinalizer(() => lock.withPermits(1)(close))

  const replace: CurrentScan["replace"] = (next) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* close
        const scope = yield* Scope.make()
        const scan = yield* restore(Scope.extend(next, scope)).pipe(
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        current = { scan, scope }
      })
    )

  return {
    get: () => current?.scan,
    replace: (next) => lock.withPermits(1)(replace(next)),
    of: (mapping) => (current?.scan.mapping === mapping ? current.scan : undefined),
    totals: () => {
      const now = current === undefined ? { bytes: 0, undelivered: 0 } : figuresOf(current.scan)
      return { bytes: past.bytes + now.bytes, undelivered: past.undelivered + now.undelivered }
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------

const figuresOf = (scan: IngestScan) => ({
  bytes: scan.streams().reduce((sum, { bytes }) => sum + bytes, 0),
  undelivered: scan.workers().reduce((sum, { undelivered }) => sum + undelivered, 0)
})
