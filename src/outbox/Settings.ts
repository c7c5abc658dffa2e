/** The config section `outbox`: how much may wait to be sent, and how long what was sent is kept. */
import * as Schema from "effect/Schema"
import { ByteCount, Count, setting } from "../site/Setting.js"

export class OutboxSettings extends Schema.Class<OutboxSettings>("outpost/outbox/Settings")({
  max_messages: setting(Count, 500_000, "Messages that may wait to be sent"),
  max_bytes: setting(
    ByteCount.pipe(Schema.greaterThanOrEqualTo(2 ** 20, { message: () => "expected at least 1 MiB" })),
    512 * 2 ** 20,
    "Bytes of the messages that may wait to be sent"
  ),
  when_full: setting(
    Schema.Literal("drop", "refuse"),
    "drop",
    "Room for a new message is made by dropping those that wait and are not above it in priority, bulk before normal, " +
      "the oldest first, urgent ones never; or the new one is refused"
  ),
  archive_days: setting(
    Schema.NonNegativeInt,
    365,
    "Days that the archive of messages is kept; 0 keeps it for ever. What was set aside is given up after as long"
  ),
  receipts: setting(Count, 100_000, "Receipts that are kept, the newest")
}) {}
