/**
 * Copies the write-ahead log of a database back into its file, in a worker thread that opens a connection of its own,
 * because it syncs twice and would stop the event loop for as long.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"

const driver = createRequire(import.meta.url).resolve("better-sqlite3")

const program = `
const { workerData, parentPort } = require("node:worker_threads")
const db = new (require(workerData.driver))(workerData.path)
db.pragma("busy_timeout = 2000")
db.pragma("wal_checkpoint(PASSIVE)")
db.close()
parentPort.postMessage("done")
`

/** Fails with what the worker threw. */
export const copyBack = (path: string): Effect.Effect<void, Error> =>
  Effect.async<void, Error>((resume) => {
    const worker = new Worker(program, { eval: true, workerData: { path, driver } })
    worker.once("message", () => resume(Effect.void))
    worker.once("error", (error) => resume(Effect.fail(error)))
    return Effect.promise(() => worker.terminate())
  })
