/**
 * A run: a named stretch of observation. While one is active, events go to its directory.
 */
import * as Schema from "effect/Schema"

/** One path segment: not empty, no `/` or `\`, no control characters, not `.` or `..`, at most 200 bytes. */
export const RunId = Schema.String.pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

const problemOf = (text: string): string | undefined =>
  text === ""
    ? "is empty"
    : text === "." || text === ".."
      ? "names a directory above or the same"
      : /[/\\]/.test(text)
        ? "contains a path separator"
        : Array.from(text).some((c) => c < " " || c === "\u007f")
          ? "contains a control character"
          : text.startsWith("~")
            ? "begins with ~"
            : new TextEncoder().encode(text).length > 200
              ? "is longer than 200 bytes"
              : undefined

/** Why a text can't be a run id, or undefined if it can. */
export const runIdProblem = problemOf

const common = {
  run_dir: Schema.String,
  run_id: Schema.String,
  /** UTC, three decimals, `Z`. */
  started_at: Schema.String,
  /** Absent while the run is active. */
  stopped_at: Schema.optional(Schema.String),
  /** The run stream's number before this run's first event. */
  after_seq: Schema.optional(Schema.NonNegativeInt),
  /** The run stream's number at the end; absent while the run is active. */
  last_seq: Schema.optional(Schema.NonNegativeInt)
}

const Meta = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const parseMeta = Schema.decodeUnknownSync(Schema.parseJson(Meta))

export class Run extends Schema.Class<Run>("outpost/Run")({
  ...common,
  /** A JSON object as text: what the client sent, with `run_id` set. */
  metaJson: Schema.String
}) {
  get meta(): { readonly [key: string]: unknown } {
    return parseMeta(this.metaJson)
  }
}

/** A run as it stands in an answer: `meta` is an object. */
export const RunFromWire = Schema.transform(Schema.Struct({ ...common, meta: Meta }), Schema.typeSchema(Run), {
  strict: true,
  decode: ({ meta, ...rest }) => new Run({ ...rest, metaJson: JSON.stringify(meta) }),
  encode: ({ metaJson, ...rest }) => ({ ...rest, meta: parseMeta(metaJson) })
}).annotations({ identifier: "Run" })

/** The run object of the telemetry clients, as compact JSON text: run_dir, run_id, meta as sent, started_at. */
export const contractText = (run: Run): string =>
  `{"run_dir":${JSON.stringify(run.run_dir)},"run_id":${JSON.stringify(run.run_id)},"meta":${run.metaJson},"started_at":${JSON.stringify(run.started_at)}}`

/** Everything known of a run, as compact JSON text. */
export const fullText = (run: Run): string => {
  const more = [
    ...(run.stopped_at === undefined ? [] : [`"stopped_at":${JSON.stringify(run.stopped_at)}`]),
    ...(run.after_seq === undefined ? [] : [`"after_seq":${run.after_seq}`]),
    ...(run.last_seq === undefined ? [] : [`"last_seq":${run.last_seq}`])
  ]
  return `${contractText(run).slice(0, -1)}${more.map((field) => `,${field}`).join("")}}`
}

/** What a run may be started with; all of it may be left out. */
export interface StartRun {
  readonly runId?: string | undefined
  /** Absolute, `~/...`, or relative to the site directory. */
  readonly runDir?: string | undefined
  /** A JSON object as text, kept as it is. */
  readonly metaJson?: string | undefined
}

export class RunAlreadyActive extends Schema.TaggedError<RunAlreadyActive>()("RunAlreadyActive", {
  active: Schema.String
}) {
  override get message() {
    return "A run is already active"
  }
}

export class NoActiveRun extends Schema.TaggedError<NoActiveRun>()("NoActiveRun", {}) {
  override get message() {
    return "No run is active"
  }
}

export class RunNotFound extends Schema.TaggedError<RunNotFound>()("RunNotFound", { run_id: Schema.String }) {
  override get message() {
    return `No run '${this.run_id}'`
  }
}

/** A run id or directory that may not be used: the field, the value and why. */
export class RunRefused extends Schema.TaggedError<RunRefused>()("RunRefused", {
  field: Schema.Literal("run_id", "run_dir"),
  value: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.field} ${JSON.stringify(this.value.slice(0, 120))} ${this.reason}`
  }
}
