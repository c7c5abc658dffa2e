import { defineConfig } from "vitest/config"

/** The fault suite with its full counts, one file after the other: each has the disk and the processor for itself. */
export default defineConfig({
  test: {
    include: ["test/faults/**/*.test.ts"],
    globalSetup: ["test/support/buildOnce.ts"],
    setupFiles: ["test/support/endWithParent.ts"],
    env: { OUTPOST_FAULT_ROUNDS: process.env["OUTPOST_FAULT_ROUNDS"] ?? "full" },
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000
  }
})
