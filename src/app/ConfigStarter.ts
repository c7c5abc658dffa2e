/** The config file that `config init` and a first `npm start` write: short, commented, and valid as it stands. */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { StorageFailed } from "../domain/Refusal.js"
import * as DurableFile from "../site/DurableFile.js"
import { reasonOf } from "../site/FileReason.js"

/** Writes the starter where there is no file yet; says whether it did. An existing file is never touched. */
export const init: (
  path: string,
  siteName: string
) => Effect.Effect<boolean, StorageFailed, FileSystem.FileSystem | Path.Path> = Effect.fn("ConfigStarter.init")(
  function* (path, siteName) {
    const fs = yield* FileSystem.FileSystem
    const write = Effect.gen(function* () {
      if (yield* fs.exists(path)) return false
      yield* DurableFile.replace(path, starter(siteName), { mode: 0o600 })
      return true
    })
    return yield* write.pipe(
      Effect.mapError((error) => new StorageFailed({ operation: "write", path, reason: reasonOf(error) }))
    )
  }
)

export const starter = (
  siteName: string
): string => `# The config of this site. Changes take effect while it runs; a mistake leaves the last good one in force.
# Every setting with its default and meaning: outpost config schema. Check this file: outpost config validate.

general:
  name: ${JSON.stringify(siteName)}
  timezone: local

# http:
#   host: 0.0.0.0          # who may reach the server; the default is this machine alone
#   token: \${file:token}   # then needed by every request; the file stands in secrets/ beside this one

procedures:
  system-checks:           # load, memory, disk, network and uptime of this machine, as telemetry events
    every: 5s

jobs:
  demo:                    # invented candles, to try things out without a network: outpost backfill --job demo
    source: generator
    pairs: [BTC/USDT]
    span: 1m
    start: 30d             # the last thirty days; also a date, or an instant
    # every: 1h            # keep it whole by itself
`
