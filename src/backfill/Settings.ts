/**
 * The collector's own five sections: `settings`, `storage`, `histo_jobs`, `stream_jobs`, `alerts`. Names, defaults and
 * rules are those of the dccd daemon, so that its file is a valid document as it is; numbers may be written as text.
 * The one departure: `settings.data_path` is `data` by default and relative to the site.
 */
import * as Duration from "effect/Duration"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { SecretReference } from "../site/Secrets.js"
import { ByteCount, DurationText, optionalSetting, section, setting, ZoneName } from "../site/Setting.js"

const lenient = (what: string, accepts: (n: number) => boolean) =>
  Schema.transformOrFail(Schema.Union(Schema.Number, Schema.String), Schema.Number, {
    strict: true,
    decode: (value, _, ast) => {
      const number = typeof value === "number" || isNumeral(value) ? Number(value) : Number.NaN
      return Number.isFinite(number) && accepts(number)
        ? ParseResult.succeed(number)
        : ParseResult.fail(new ParseResult.Type(ast, value, `expected ${what}`))
    },
    encode: ParseResult.succeed
  })

const isNumeral = (text: string): boolean => /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)

const Whole = lenient("a whole number", Number.isSafeInteger)
const atLeast = (least: number) => lenient(`a whole number from ${least}`, (n) => Number.isSafeInteger(n) && n >= least)

export const HistoExchange = Schema.Literal("binance", "kraken", "bybit", "okx", "coinbase")
export const StreamExchange = Schema.Literal("binance", "kraken", "bybit", "okx", "bitfinex", "bitmex")

export class CollectorSettings extends Schema.Class<CollectorSettings>("outpost/backfill/CollectorSettings")({
  data_path: setting(Schema.String, "data", "Where datasets are written; relative to the site, ~ is expanded"),
  timezone: setting(ZoneName, "local", "Zone in which start times of backfills are read"),
  ui_host: setting(Schema.String, "127.0.0.1", "Counts as http.host where the file writes it and http.host is absent"),
  ui_port: setting(Whole, 8080, "Counts as http.port where the file writes it and http.port is absent"),
  ui_auth_token: setting(Schema.NullOr(SecretReference), null, "Another name of http.token")
}) {}

export class Remote extends Schema.Class<Remote>("outpost/backfill/Remote")({
  provider: setting(Schema.String, "rclone", "Kept for the record; not interpreted"),
  remote: Schema.String.annotations({ description: "An rclone remote, such as backup:site-1" })
}) {}

const notAServer = "expected the address of a server, such as https://s3.eu-central-1.amazonaws.com"

const HttpAddress = Schema.String.pipe(
  Schema.filter((text) => URL.canParse(text) || notAServer),
  Schema.pattern(/^https?:\/\/[^/?#@\s]+\/?$/, { message: () => notAServer })
)

const BucketName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/, { message: () => "expected the name of a bucket" })
)

const KeyPrefix = Schema.String.pipe(
  Schema.filter(
    (text) => text.split("/").every((part) => part !== "." && part !== "..") || "expected a path without . and .. in it"
  )
)

export class S3Remote extends Schema.Class<S3Remote>("outpost/backfill/S3Remote")({
  endpoint: HttpAddress.annotations({
    description: "The server; a private one has to stand in outgoing.allow_private too"
  }),
  bucket: BucketName.annotations({ description: "The bucket; it is not made" }),
  prefix: setting(KeyPrefix, "", "What keys begin with, such as site-1"),
  region: setting(Schema.NonEmptyString, "us-east-1", "Region of the bucket"),
  path_style: setting(Schema.Boolean, true, "Whether the bucket stands in the path, or else in the name of the host"),
  access_key_id: SecretReference.annotations({ description: "Who asks" }),
  secret_access_key: SecretReference.annotations({ description: "The key that requests are signed with" }),
  session_token: optionalSetting(SecretReference, "Of temporary credentials")
}) {}

export class RetentionSettings extends Schema.Class<RetentionSettings>("outpost/backfill/RetentionSettings")({
  after: optionalSetting(DurationText, "Files whose period ended so long ago are removed"),
  max_bytes: optionalSetting(ByteCount, "While there is more than this, the oldest files are removed")
}) {}

export class StorageSettings extends Schema.Class<StorageSettings>("outpost/backfill/StorageSettings")({
  local_path: setting(Schema.String, "", "What is synchronised; empty means settings.data_path"),
  remotes: setting(Schema.Array(Remote), [], "Where datasets are copied to"),
  sync_interval: setting(Whole, 3600, "Seconds between copies; 0 or less turns them off"),
  s3: setting(Schema.Array(S3Remote), [], "S3-compatible buckets that datasets are copied to, without rclone"),
  verify: setting(
    Schema.Literal("size", "checksum"),
    "size",
    "How a copy is compared with its original: by size, or also by hash where the remote has one"
  ),
  sync_time_limit: setting(DurationText, Duration.hours(24), "A copy to one remote that takes longer is given up"),
  upload: setting(Schema.Boolean, false, "Copy each finished file at once; a job of jobs has a switch of its own"),
  min_free: setting(ByteCount, 0, "With less free space no new window is begun; 0 turns it off"),
  retention: section(
    RetentionSettings,
    () => new RetentionSettings({}),
    "Removal of files that every remote holds; off unless one of these is set"
  ),
  ts_unit: setting(
    Schema.Literal("s", "ns"),
    "s",
    "Columns of new files: s as version 2.4 of the daemon wrote them, ns as 3.x; both are read"
  )
}) {}

const Pairs = <I>(item: Schema.Schema<string, I>) =>
  Schema.Array(item).pipe(Schema.minItems(1, { message: () => "expected at least one" }))

export class HistoJob extends Schema.Class<HistoJob>("outpost/backfill/HistoJob")({
  exchange: HistoExchange.annotations({ description: "The exchange" }),
  pairs: Pairs(
    Schema.String.pipe(Schema.filter((pair) => pair.includes("/") || "expected a pair with a slash, such as BTC/USDT"))
  ).annotations({ description: "Pairs such as BTC/USDT" }),
  span: atLeast(60).annotations({ description: "Seconds per candle" }),
  format: setting(Schema.Literal("xlsx", "csv", "parquet"), "parquet", "Ignored; storage is always Parquet"),
  max_retries: setting(
    lenient("a whole number from 1 to 10", (n) => Number.isInteger(n) && n >= 1 && n <= 10),
    3,
    "Attempts per request, 1 to 10"
  ),
  retry_delay: setting(
    lenient("a number of seconds from 0", (n) => n >= 0),
    2,
    "Seconds before the first repeat"
  )
}) {}

export class StreamJob extends Schema.Class<StreamJob>("outpost/backfill/StreamJob")({
  exchange: StreamExchange.annotations({ description: "The exchange" }),
  pairs: Pairs(Schema.String).annotations({ description: "Pairs such as BTC/USDT" }),
  channels: Pairs(Schema.String).annotations({ description: "trades, book" }),
  time_step: setting(Whole, 60, "Seconds of rows written at once"),
  durable: setting(
    Schema.Boolean,
    false,
    "Every row is on the disk before it counts; otherwise a crash loses up to a time step"
  )
}) {}

export class AlertSettings extends Schema.Class<AlertSettings>("outpost/backfill/AlertSettings")({
  webhook_url: setting(Schema.NullOr(Schema.String), null, "Where alerts are posted; null for none"),
  max_consecutive_errors: setting(Whole, 3, "Failures in a row before an alert"),
  cooldown: optionalSetting(DurationText, "Between two alerts of the same origin; default 15m")
}) {}

/** The five names, in the order of a dump. */
export const collectorSections = ["settings", "storage", "histo_jobs", "stream_jobs", "alerts"] as const
