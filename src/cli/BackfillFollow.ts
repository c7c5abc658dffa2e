/** Goes with backfills to their end, and says on standard error how far they are. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { BackfillNotFound, BackfillRecord } from "../domain/Backfill.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import type { Remote } from "../operations/Unreachable.js"
import * as BackfillView from "./BackfillView.js"
import type { Globals } from "./Globals.js"
import type { Where } from "./Launcher.js"
import * as LiveLines from "./LiveLines.js"
import * as Output from "./Output.js"
import * as Pace from "./Pace.js"
import type { StandardIo } from "./StandardIo.js"

/**
 * Their records once none of them runs any more. An interruption ends the work where it is done in this process, and leaves
 * it where a server does it; which of the two it was is said, with how to go on.
 */
export const toTheEnd = (
  started: ReadonlyArray<BackfillRecord>,
  where: Where
): Effect.Effect<ReadonlyArray<BackfillRecord>, BackfillNotFound | Remote, BackfillOperations | StandardIo | Globals> =>
  Effect.gen(function* () {
    const operations = yield* BackfillOperations
    const records = yield* Ref.make<ReadonlyMap<string, BackfillRecord>>(
      new Map(started.map((record) => [record.id, record]))
    )
    yield* Effect.flatMap(drawing(records), LiveLines.show)
    yield* Effect.forEach(
      started,
      ({ id }) =>
        Stream.runForEach(operations.follow(id), ({ record }) =>
          record === undefined ? Effect.void : Ref.update(records, (known) => new Map(known).set(id, record))
        ),
      { concurrency: "unbounded", discard: true }
    )
    return yield* Effect.forEach(started, ({ id }) => operations.get(id))
  }).pipe(
    Effect.scoped,
    Effect.onInterrupt(() => Output.note(farewell(started, where)))
  )

// ------------------------------------------------------------------------------------------------------------------

const drawing = (records: Ref.Ref<ReadonlyMap<string, BackfillRecord>>) =>
  Effect.gen(function* () {
    const style = yield* Output.style
    const paces = yield* Ref.make<BackfillView.Paces>(new Map())
    const look = Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const now = [...(yield* Ref.get(records)).values()]
      const running = BackfillView.seriesOf(now).filter(({ state, total }) => state === "running" && total > 0)
      const seen = yield* Ref.updateAndGet(
        paces,
        (known) =>
          new Map(
            running.map(({ done, rows, series }) => [
              series,
              Pace.observe(known.get(series) ?? [], { at, windows: done, rows })
            ])
          )
      )
      return { now, seen }
    })
    return {
      lines: (size: LiveLines.Size) => Effect.map(look, ({ now, seen }) => BackfillView.lines(now, seen, size, style)),
      plain: Effect.map(look, ({ now, seen }) => [BackfillView.plain(now, seen)])
    }
  })

const farewell = (started: ReadonlyArray<BackfillRecord>, where: Where): string => {
  if (where._tag === "InProcess") {
    return "interrupted: what is fetched is kept; go on with: outpost backfill --resume"
  }
  const [first] = started
  const one = started.length === 1 && first !== undefined ? ` ${first.id}` : ""
  return one === ""
    ? "detached: the server goes on; see how far it is with: outpost backfill list"
    : `detached: the server goes on; see how far it is with: outpost backfill show${one}, stop it with: outpost backfill cancel${one}`
}
