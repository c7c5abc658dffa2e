/** Vitest set-up: a worker whose parent was killed has nobody to report to. Left alone it goes on reporting that, for ever. */
process.removeAllListeners("disconnect")
process.once("disconnect", () => process.exit(1))
