/**
 * The trial of the version that runs, as it sees itself: after half of the time it has, without one complaint, it is healthy.
 * A process that hangs does not get here, and one that ends begins anew; the launcher sees to both.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { StorageFailed } from "../domain/Refusal.js"
import type { UpdateJournal } from "./UpdateJournal.js"
import { Vitals } from "./Vitals.js"

/** Returns when the version is healthy, and the journal says so. Complaints are noted there each time they change. */
export const pass = (journal: UpdateJournal, trial: Duration.Duration): Effect.Effect<void, StorageFailed, Vitals> =>
  Effect.gen(function* () {
    const { complaints } = yield* Vitals
    const wanted = Duration.times(trial, 0.5)
    const pace = Duration.min(Duration.seconds(1), Duration.times(wanted, 0.1))
    // Counted in looks, not by the clock: that one may be set meanwhile.
    const looks = Math.ceil(Duration.toMillis(wanted) / Duration.toMillis(pace))
    let well = 0
    let told = ""
    for (let notes = 0; well < looks;) {
      yield* Effect.sleep(pace)
      const now = yield* complaints
      well = now.length === 0 ? well + 1 : 0
      const text = now.join("\n")
      if (text === told || notes >= mostNotes) continue
      told = text
      notes++
      yield* journal.append({ step: "doubted", complaints: now })
    }
    yield* journal.append({ step: "healthy" })
  })

// ---------------------------------------------------------------------------------------------------------------------

/** A version that comes and goes must not fill the journal. */
const mostNotes = 50
