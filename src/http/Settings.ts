/** The config section `http`: where the server listens, whom it lets in, and how much it takes. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { SecretReference } from "../site/Secrets.js"
import { ByteCount, Count, DurationText, optionalSetting, Port, section, setting } from "../site/Setting.js"

export class HttpLimits extends Schema.Class<HttpLimits>("outpost/http/Limits")({
  event_bytes: setting(ByteCount, 2 * 2 ** 20, "Largest body of POST /event"),
  batch_bytes: setting(ByteCount, 16 * 2 ** 20, "Largest body of POST /events"),
  body_bytes: setting(ByteCount, 2 ** 20, "Largest body of any other request"),
  connections: setting(Count, 1024, "Open connections; beyond it new ones are closed"),
  live_clients: setting(Count, 1000, "Live views at the same time; beyond it requests are answered 503"),
  page_rows: setting(Count, 10_000, "Most rows in one answer to a query"),
  request_time: setting(DurationText, Duration.seconds(60), "Time a request may take to arrive")
}) {}

export class HttpSettings extends Schema.Class<HttpSettings>("outpost/http/Settings")({
  host: setting(Schema.NonEmptyTrimmedString, "127.0.0.1", "Address to listen on"),
  port: setting(Port, 6562, "Port to listen on; 0 picks a free one"),
  token: optionalSetting(SecretReference, "Once set, every request but /health and /ready must show it"),
  hosts: setting(
    Schema.Array(Schema.NonEmptyTrimmedString),
    [],
    "Further names this server is called by (Host header)"
  ),
  allow_origins: setting(
    Schema.Array(
      Schema.String.pipe(
        Schema.pattern(/^https?:\/\/[^\s/]+$/, { message: () => "expected an origin such as https://lab.example.org" })
      )
    ),
    [],
    "Foreign pages that may call this server, such as https://lab.example.org"
  ),
  readonly: setting(
    Schema.Boolean,
    false,
    "Nothing can be changed over HTTP, and no event posted (403); commands on this machine still can"
  ),
  rate_limit: setting(
    Schema.NonNegative,
    0,
    "Requests a second from one address, events aside; beyond it they are answered 429; 0 for any number"
  ),
  session_time: setting(DurationText, Duration.hours(12), "How long a login lasts"),
  limits: section(HttpLimits, () => new HttpLimits({}), "How much the server takes")
}) {}
