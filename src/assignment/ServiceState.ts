/**
 * How a service of the ensemble describes itself, in the words of the wire (`dranspose:<kind>:<name>:config`). The order of
 * the members is that of the field's peers. Members that a reader does not know are kept out of its way, not refused.
 */
import * as Schema from "effect/Schema"

/** Where a build comes from. */
export const BuildMeta = Schema.Struct({
  commit_hash: Schema.String,
  branch_name: Schema.String,
  timestamp: Schema.String,
  repository_url: Schema.String
})

const absent = { default: () => null }

const common = {
  service_uuid: Schema.UUID,
  mapping_uuid: Schema.optionalWith(Schema.NullOr(Schema.UUID), absent),
  dranspose_version: Schema.optionalWith(Schema.NullOr(Schema.String), absent),
  mapreduce_version: Schema.optionalWith(Schema.NullOr(BuildMeta), absent),
  /** Hex SHA-256 over the versions of all parameters in the order of their names. */
  parameters_hash: Schema.optionalWith(Schema.NullOr(Schema.String), absent),
  /** Since the start of the process. */
  processed_events: Schema.optionalWith(Schema.Int, { default: () => 0 }),
  /** Events in the last second. */
  event_rate: Schema.optionalWith(Schema.Number, { default: () => 0 })
}

/** A worker whose pings arrive. */
export const ConnectedWorker = Schema.Struct({
  name: Schema.String,
  service_uuid: Schema.UUID,
  /** Seconds since 1970 on the ingester's own clock. */
  last_seen: Schema.Number
})

export const IngesterState = Schema.Struct({
  ...common,
  name: Schema.String,
  /** What workers connect to: `tcp://host:port`, or `inproc://name` within one process. */
  url: Schema.String,
  connected_workers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: ConnectedWorker }), {
    default: () => ({})
  }),
  /** All that it owns, also those that take no part in the present scan. */
  streams: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  /** Workers that get nothing more in this scan. Only where there are some: peers of the field do not know it. */
  dropped_workers: Schema.optionalWith(Schema.Array(Schema.String), { exact: true }),
  /**
   * By the name of a worker, the last event of this scan that is on its way to it: what a worker lacks up to there although
   * nothing comes any more was lost with its connection. Peers of the field do not know it.
   */
  handed_over: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.Int }), { exact: true })
}).annotations({ identifier: "IngesterState" })
export type IngesterState = typeof IngesterState.Type

export const WorkerState = Schema.Struct({
  ...common,
  name: Schema.String,
  /** The ingesters it is connected to, as they were then. */
  ingesters: Schema.optionalWith(Schema.Array(IngesterState), { default: () => [] }),
  tags: Schema.optionalWith(Schema.Array(Schema.String), { default: () => ["generic"] })
}).annotations({ identifier: "WorkerState" })
export type WorkerState = typeof WorkerState.Type

export const ReducerState = Schema.Struct({
  ...common,
  name: Schema.optionalWith(Schema.String, { default: () => "reducer" }),
  url: Schema.String
}).annotations({ identifier: "ReducerState" })
export type ReducerState = typeof ReducerState.Type

/** Who is alive now. */
export interface Roster {
  readonly ingesters: ReadonlyArray<IngesterState>
  readonly workers: ReadonlyArray<WorkerState>
  readonly reducer: ReducerState | undefined
}

export type ServiceState =
  | { readonly kind: "ingester"; readonly state: IngesterState }
  | { readonly kind: "worker"; readonly state: WorkerState }
  | { readonly kind: "reducer"; readonly state: ReducerState }
