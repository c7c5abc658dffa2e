/**
 * The config section `ingest`: which services of a streaming ensemble run on this site. Without `redis` they find each other
 * within this process; with it they are part of the ensemble that meets there, which may have services of dranspose, too.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RedisAddress } from "../assignment/RedisAddress.js"
import { ByteCount, DurationText, optionalSetting, setting } from "../site/Setting.js"

/** A service's name: workers' names travel as identities of connections, so only printable ASCII without `:`. */
export const ServiceName = Schema.String.pipe(
  Schema.pattern(/^[!-9;-~]{1,200}$/, { message: () => "expected a name of printable ASCII characters without ':'" })
)

/** Where frames of one stream come from: a source by its name, and that source's own settings. */
export class StreamSettings extends Schema.Class<StreamSettings>("outpost/ingest/StreamSettings")({
  source: Schema.NonEmptyTrimmedString.annotations({
    description: "The name of a source: stins, albaem, synthetic, ..."
  }),
  settings: setting(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    {},
    "Handed to the source and checked by its own schema"
  )
}) {}

export class IngesterSettings extends Schema.Class<IngesterSettings>("outpost/ingest/IngesterSettings")({
  url: setting(
    Schema.NonEmptyTrimmedString,
    "tcp://localhost:10000",
    "What workers are told to connect to; only its port is listened at, on loopback alone where it names loopback"
  ),
  streams: Schema.Record({ key: ServiceName, value: StreamSettings }).annotations({
    description: "The streams it owns, by name"
  }),
  dump_path: optionalSetting(Schema.NonEmptyTrimmedString, "A file that every scan is appended to"),
  worker_bytes: setting(ByteCount, 256 * 2 ** 20, "Frames that may wait for one worker"),
  worker_patience: setting(
    DurationText,
    Duration.seconds(30),
    "How long a worker may take nothing before what waits for it is dropped"
  ),
  stale_after: setting(DurationText, Duration.seconds(10), "Silence for longer than this marks a stream as stale")
}) {}

export class WorkerSettings extends Schema.Class<WorkerSettings>("outpost/ingest/WorkerSettings")({
  tags: setting(Schema.Array(Schema.String), ["generic"], "Which entries of a map it may be given"),
  module: optionalSetting(Schema.NonEmptyTrimmedString, "Path of the module that processes events"),
  use: optionalSetting(Schema.NonEmptyTrimmedString, "The name of a built-in one"),
  threads: setting(
    Schema.NonNegativeInt,
    1,
    "Threads that run the module; 0 runs it within the process, which its crash or exit then ends"
  )
}) {}

export class ReducerSettings extends Schema.Class<ReducerSettings>("outpost/ingest/ReducerSettings")({
  url: setting(Schema.NonEmptyTrimmedString, "tcp://localhost:10200", "What workers are told to connect to"),
  module: optionalSetting(Schema.NonEmptyTrimmedString, "Path of the module that combines results"),
  use: optionalSetting(Schema.NonEmptyTrimmedString, "The name of a built-in one")
}) {}

export class IngestSettings extends Schema.Class<IngestSettings>("outpost/ingest/Settings")({
  redis: optionalSetting(
    RedisAddress,
    "redis://host:port/db where the services of the ensemble meet; without it, within this process"
  ),
  controller: setting(Schema.Boolean, false, "Run the controller"),
  ingesters: setting(Schema.Record({ key: ServiceName, value: IngesterSettings }), {}, "Ingesters, by name"),
  workers: setting(Schema.Record({ key: ServiceName, value: WorkerSettings }), {}, "Workers, by name"),
  reducer: optionalSetting(ReducerSettings, "The reducer; an ensemble has exactly one"),
  dump_roots: setting(
    Schema.Array(Schema.NonEmptyTrimmedString),
    [],
    "Directories below which the parameter dump_prefix may have files written; none: it is refused"
  ),
  on_worker_loss: setting(
    Schema.Literal("reassign", "lose"),
    "reassign",
    "What becomes of the events of a worker that dies, unless the scan says so itself"
  ),
  run_map: optionalSetting(
    Schema.NonEmptyTrimmedString,
    "Path of a trigger map: a run that starts begins a scan with it, a run that stops ends that scan"
  )
}) {}

/** Whether any service of an ensemble is asked for. */
export const isOn = (settings: IngestSettings): boolean =>
  settings.controller ||
  Object.keys(settings.ingesters).length > 0 ||
  Object.keys(settings.workers).length > 0 ||
  Option.isSome(settings.reducer)
