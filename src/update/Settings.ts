/** The config section `update`: where releases come from, whose signature counts, and how long one is on trial. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ByteCount, Count, DurationText, optionalSetting, section, setting } from "../site/Setting.js"
import { PublicKey } from "./Signature.js"

export class UpdateLimits extends Schema.Class<UpdateLimits>("outpost/update/Limits")({
  download: setting(DurationText, Duration.hours(6), "Longest time a release may take to come"),
  install: setting(DurationText, Duration.minutes(30), "Longest time its installation may take"),
  self_test: setting(DurationText, Duration.minutes(5), "Longest time its self-test may take"),
  memory_bytes: setting(ByteCount, 2 ** 30, "Most memory that installation and self-test may use"),
  archive_bytes: setting(ByteCount, 512 * 2 ** 20, "Largest archive that is fetched"),
  unpacked_bytes: setting(ByteCount, 2 * 2 ** 30, "Most bytes an archive may hold"),
  files: setting(Count, 100_000, "Most files an archive may hold"),
  ratio: setting(Count, 100, "How many times its own size an archive may hold")
}) {}

export class ReleaseSettings extends Schema.Class<ReleaseSettings>("outpost/update/ReleaseSettings")({
  use: Schema.NonEmptyTrimmedString.annotations({ description: "github, gitlab, npm, url or file" }),
  settings: setting(
    Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    {},
    "Handed to the source and checked by its own schema"
  )
}) {}

export class UpdateSettings extends Schema.Class<UpdateSettings>("outpost/update/Settings")({
  source: optionalSetting(ReleaseSettings, "Where releases come from; without it there are no updates"),
  name: setting(Schema.NonEmptyTrimmedString, "outpost", "What releases for this station are called"),
  keys: setting(Schema.Array(PublicKey), [], "Public keys: a release must be signed with one of them"),
  allow_unsigned: setting(Schema.Boolean, false, "Take releases that nobody has signed; never over an uplink"),
  allow_older: setting(Schema.Boolean, false, "Take releases that are older than what runs"),
  trial: setting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("1 second", { message: () => "expected at least 1s" })),
    Duration.minutes(10),
    "A new version must have proved itself within this time, by half of it without a fault; else the old one returns"
  ),
  starts: setting(Count, 3, "How often a new version may be started during its trial"),
  keep: setting(Count, 2, "Versions that are kept, the running one among them"),
  install: optionalSetting(
    Schema.NonEmptyArray(Schema.NonEmptyString),
    "Program and arguments that install by the lockfile, never given to a shell; default: npm ci without scripts"
  ),
  limits: section(UpdateLimits, () => new UpdateLimits({}), "Bounds")
}) {}
