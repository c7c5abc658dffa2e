/**
 * The routes of others' contracts: bodies of errors are `{"detail": ...}` and nothing else, and what `Api.ts` knows of an
 * error travels in a header.
 */

/** The telemetry server of panoptes-utils. */
const telemetry = [
  "/health",
  "/ready",
  "/run",
  "/run/start",
  "/run/stop",
  "/event",
  "/current",
  "/current/:event_type",
  "/shutdown"
]

/** The dccd daemon. */
const collector = [
  "/api/config",
  "/api/config/validate",
  "/api/inventory",
  "/api/metrics",
  "/api/jobs",
  "/api/backfill",
  "/api/backfill/:id",
  "/api/collect",
  "/api/scheduler",
  "/api/scheduler/start",
  "/api/scheduler/stop",
  "/api/streams",
  "/api/streams/start",
  "/api/streams/stop",
  "/api/logs",
  "/api/storage",
  "/api/storage/sync"
]

const contract: ReadonlySet<string> = new Set([...telemetry, ...collector])

/** `pattern` is a route as the router has it. */
export const isContract = (pattern: string): boolean => contract.has(pattern)
