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

/** The controller of dranspose. */
const controller = [
  "/api/v1/config",
  "/api/v1/status",
  "/api/v1/progress",
  "/api/v1/load",
  "/api/v1/sequence",
  "/api/v1/mapping",
  "/api/v1/sardana_hook",
  "/api/v1/stop",
  "/api/v1/parameter/:name",
  "/api/v1/parameters",
  "/api/v1/logs",
  "/api/v1/log_stream"
]

const contract: ReadonlySet<string> = new Set([...telemetry, ...collector, ...controller])

/** `pattern` is a route as the router has it. */
export const isContract = (pattern: string): boolean => contract.has(pattern)
