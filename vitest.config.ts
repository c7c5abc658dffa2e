import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/buildOnce.ts"],
    setupFiles: ["test/support/endWithParent.ts", "test/support/ownLayers.ts"],
    // A machine may be slow: what takes longer than this hangs.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // More than the cores there are: tests wait more than they compute.
    maxWorkers: 4,
    // Files share a process, so that what they import is read once.
    isolate: false,
    // With fewer, tinypool ends workers that still have files before them.
    minWorkers: 4
  }
})
