/**
 * What every uplink over MQTT may be told about its broker.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SecretReference } from "../../../site/Secrets.js"
import { DurationText, optionalSetting, setting } from "../../../site/Setting.js"

const Text = Schema.String.pipe(
  Schema.minLength(1, { message: () => "expected 1 to 512 characters" }),
  Schema.maxLength(512, { message: () => "expected 1 to 512 characters" })
)

/** Encrypted, and with whom. PEM texts, best as `${file:...}`. */
export const TlsSettings = Schema.Struct({
  ca: optionalSetting(SecretReference, "Whom to trust (PEM); default: the authorities that Node trusts"),
  certificate: optionalSetting(SecretReference, "The station's own certificate (PEM)"),
  private_key: optionalSetting(SecretReference, "The key of that certificate (PEM)"),
  server_name: optionalSetting(Schema.NonEmptyTrimmedString, "The name in the broker's certificate; default: host")
})
export type TlsSettings = typeof TlsSettings.Type

/** Where the broker is and who the station is to it. */
export const brokerFields = {
  host: Text.annotations({ description: "The broker's host" }),
  port: optionalSetting(
    Schema.Int.pipe(Schema.between(1, 65535, { message: () => "expected a port, 1 to 65535" })),
    "Default: 1883, 8883 with tls"
  ),
  client_id: optionalSetting(Text, "Default: what the station is called; two clients of one name push each other out"),
  username: optionalSetting(Text, "Name or access token"),
  password: optionalSetting(SecretReference, "Password; best as ${file:...} or ${env:...}"),
  tls: optionalSetting(TlsSettings, "Encrypted, where it stands; may be empty"),
  ack_timeout: setting(
    DurationText.pipe(Schema.greaterThanOrEqualToDuration("100 millis", { message: () => "expected at least 100ms" })),
    Duration.seconds(30),
    "Without any acknowledgement for so long while some is due, the connection counts as lost"
  )
}

/** The decoded fields. */
export interface Broker {
  readonly host: string
  readonly port: Option.Option<number>
  readonly client_id: Option.Option<string>
  readonly username: Option.Option<string>
  readonly password: Option.Option<Redacted.Redacted>
  readonly tls: Option.Option<TlsSettings>
  readonly ack_timeout: Duration.Duration
}
