/** Where an ensemble meets at Redis: an address that may have credentials in it. */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SecretReference } from "../site/Secrets.js"

/** Of the address, never with what was given. */
export const expected = "expected an address such as redis://localhost:6379/0"

/** `redis://` or `rediss://` (TLS), a host, and the number of a database at most. */
export const isAddress = (text: string): boolean => URL.canParse(text) && /^rediss?:\/\/[^/]+(\/\d*)?$/.test(text)

export const RedisAddress = SecretReference.pipe(
  Schema.filter((url) => isAddress(Redacted.value(url)), { message: () => expected })
)
