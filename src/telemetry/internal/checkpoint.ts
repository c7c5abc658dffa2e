/**
 * Saves the state of the store as of one moment between two commits, so that a start has little to read: blocks, types,
 * numbers, the current view, exceptions. One at a time; what could not be saved goes with the next one.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import type { SavedState, SqlIndex } from "../SqlIndex.js"
import type { CheckpointStep } from "../TelemetryStore.js"
import type { BlockIndexer } from "./blockIndexer.js"
import type { CurrentView } from "./currentView.js"
import type { EventLog } from "./eventLog.js"
import * as Exceptions from "./exceptions.js"
import type { Numbers } from "./recovery.js"

interface Parts {
  readonly stateDirectory: string
  readonly step: ((step: CheckpointStep) => void) | undefined
  readonly log: EventLog
  readonly index: SqlIndex
  readonly indexer: BlockIndexer
  readonly current: CurrentView
  readonly exceptions: Exceptions.Exceptions
  readonly unexplained: Numbers
  /** The generation from which on exceptions are not yet all taken in, before the runs are known. */
  readonly kept: () => number | undefined
}

export const make = (parts: Parts): Effect.Effect<Effect.Effect<void, StorageFailed>> =>
  Effect.map(Effect.makeSemaphore(1), (mutex) => mutex.withPermits(1)(Effect.uninterruptible(saving(parts))))

const saving = ({ current, exceptions, index, indexer, kept, log, stateDirectory, step, unexplained }: Parts) => {
  let savedTypes = 0
  let savedState = ""
  /** What was put so far is durable, or has failed. Nothing is begun by then: a stop does not wait for a disk that hangs. */
  const settled = Effect.interruptible(Effect.async<void>((resume) => log.wait(() => resume(Effect.void))))
  return Effect.gen(function* () {
    step?.("checkpoint.begin")
    // All exceptions of this generation are known, and part of the state, before their file may go.
    const turned = log.turnAside()
    yield* settled
    const generation = kept() ?? turned
    indexer.retire((path) => log.isWritten(path))
    const taken = indexer.take()
    if (kept() === undefined) exceptions.prune((stream) => indexer.firstUnsaved(stream))
    const { run, site, system } = log.state
    const numbers = { site, run, system, notCurrent: exceptions.all(), unexplained }
    const state: SavedState = { ...numbers, generation }
    const changes = current.takeChanges()
    const text = JSON.stringify(numbers)
    const first = savedTypes + 1
    const texts = indexer.types.textsFrom(first)
    const news = [taken.blocks, taken.forgotten, texts, changes.current, changes.removed]
    if (news.every((list) => list.length === 0) && !changes.clearRun && text === savedState) return indexer.saved()
    yield* index
      .save({ blocks: taken.blocks, forgotten: taken.forgotten, types: { first, texts }, state, ...changes })
      .pipe(
        Effect.mapError(asStorageFailed("save", "index")),
        Effect.tapErrorCause(() =>
          Effect.sync(() => {
            indexer.restore()
            current.restoreChanges(changes)
          })
        )
      )
    indexer.saved()
    step?.("checkpoint.saved")
    savedTypes += texts.length
    savedState = text
    yield* index.durable
    step?.("checkpoint.durable")
    if (kept() === undefined) {
      yield* Effect.try({
        try: () => Exceptions.removeFiles(stateDirectory, generation),
        catch: asStorageFailed("remove", stateDirectory)
      })
    }
    step?.("checkpoint.cleaned")
  })
}
