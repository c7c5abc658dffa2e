/** Updates of a station on which 1.1.0 runs after 1.0.0, and whose source offers 1.2.0; nothing is carried out. */
import { Effect, Layer } from "effect"
import { NoPreviousVersion, NotLaunched, UpdateBusy, UpdateFailed, type UpdateStatus } from "../../src/domain/Update.js"
import { UpdateOperations } from "../../src/operations/UpdateOperations.js"

export const status: UpdateStatus = {
  running: "1.1.0",
  current: "1.1.0",
  previous: { version: "1.0.0" },
  phase: "fetching",
  attempt: { from: "1.1.0", to: "1.2.0", begun: "2026-11-21T12:00:00.000Z", by: "operator" },
  fetched: { bytes: 10, size: 100 },
  trial: null,
  last: {
    from: null,
    to: "1.1.0",
    by: "office",
    begun: "2026-11-20T12:00:00.000Z",
    ended: "2026-11-20T12:10:00.000Z",
    outcome: "rolled-back",
    reason: "Unproven",
    detail: "version 1.1.0 was not healthy within 10m"
  },
  installed: ["1.0.0", "1.1.0"],
  source: "github",
  launched: true
}

/** Versions that fail as their number says. */
export const busy = "2.0.1"
export const unlaunched = "2.0.2"
export const forged = "2.0.3"

export const layer = Layer.succeed(UpdateOperations, {
  check: (version = "1.2.0") =>
    version === forged
      ? Effect.fail(new UpdateFailed({ reason: "BadSignature", detail: "no signature is valid" }))
      : Effect.succeed({
          version,
          size: 100,
          created: "2026-11-01T00:00:00.000Z",
          expires: "2027-11-01T00:00:00.000Z",
          refused: version === "1.2.0" ? null : { reason: "Older" as const, detail: "it is older" }
        }),
  apply: (version = "1.2.0") => {
    if (version === busy) return Effect.fail(new UpdateBusy({ version: "1.2.0" }))
    if (version === unlaunched) return Effect.fail(new NotLaunched())
    if (version === forged)
      return Effect.fail(new UpdateFailed({ reason: "BadSignature", detail: "no signature is valid" }))
    return Effect.succeed({ from: "1.1.0", to: version, begun: "2026-11-21T12:00:00.000Z", by: "operator" })
  },
  rollback: Effect.fail(new NoPreviousVersion()),
  status: Effect.succeed(status)
})
