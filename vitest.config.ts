import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/buildOnce.ts"],
    setupFiles: ["test/support/endWithParent.ts", "test/support/ownLayers.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // More than the cores there are: tests wait more than they compute.
    maxWorkers: 4,
    // Files share a process, so that what they import is read once.
    isolate: false,
    // With fewer, tinypool ends workers that still have files before them.
    minWorkers: 4
  }
})
