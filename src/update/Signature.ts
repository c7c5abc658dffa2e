/**
 * Ed25519 keys and signatures as short texts: 32 bytes of a key, 64 of a signature, in Base64. A public key stands in the
 * config of every station, the private one in a file of whoever makes releases.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"

const base64Of = (bytes: number, what: string) =>
  Schema.String.pipe(
    Schema.filter((text) => {
      const decoded = Buffer.from(text, "base64")
      return (decoded.length === bytes && decoded.toString("base64") === text) || `expected ${what} in Base64`
    })
  )

/** As `keygen` prints it. */
export const PublicKey = base64Of(32, "a public Ed25519 key, 32 bytes").pipe(Schema.brand("PublicKey"))
export type PublicKey = typeof PublicKey.Type

export type PrivateKey = Redacted.Redacted

/** A signature beside what is signed. `key` only says which public key to try. */
export const Mark = Schema.Struct({ key: Schema.String, signature: Schema.String })
export type Mark = typeof Mark.Type

/** A text that is no private key. It is not shown. */
export class KeyInvalid extends Schema.TaggedError<KeyInvalid>()("KeyInvalid", { reason: Schema.String }) {
  override get message() {
    return `this is no private Ed25519 key: ${this.reason}`
  }
}

/** A new pair. */
export const keygen: Effect.Effect<{ readonly publicKey: PublicKey; readonly privateKey: PrivateKey }> = Effect.sync(
  () => {
    const seed = crypto.randomBytes(32)
    return { publicKey: publicOf(privateObject(seed)), privateKey: Redacted.make(seed.toString("base64")) }
  }
)

export const sign = (bytes: Uint8Array, key: PrivateKey): Effect.Effect<Mark, KeyInvalid> =>
  Effect.suspend(() => {
    const seed = Buffer.from(Redacted.value(key).trim(), "base64")
    if (seed.length !== 32)
      return Effect.fail(new KeyInvalid({ reason: "expected 32 bytes in Base64, as `update keygen` writes them" }))
    const secret = privateObject(seed)
    return Effect.succeed({ key: publicOf(secret), signature: crypto.sign(null, bytes, secret).toString("base64") })
  })

/** Which of the keys has signed the bytes, if one has. */
export const verified = (
  bytes: Uint8Array,
  marks: ReadonlyArray<Mark>,
  keys: ReadonlyArray<PublicKey>
): PublicKey | undefined =>
  keys.find((key) =>
    marks.some(
      (mark) => mark.key === key && crypto.verify(null, bytes, publicObject(key), Buffer.from(mark.signature, "base64"))
    )
  )

// ---------------------------------------------------------------------------------------------------------------------

/** What stands before the 32 bytes in the forms that Node reads (PKCS #8 and SPKI). */
const privatePrefix = Buffer.from("302e020100300506032b657004220420", "hex")
const publicPrefix = Buffer.from("302a300506032b6570032100", "hex")

const privateObject = (seed: Buffer) =>
  crypto.createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: "der", type: "pkcs8" })

const publicObject = (key: PublicKey) =>
  crypto.createPublicKey({
    key: Buffer.concat([publicPrefix, Buffer.from(key, "base64")]),
    format: "der",
    type: "spki"
  })

const publicOf = (secret: crypto.KeyObject): PublicKey =>
  PublicKey.make(
    crypto
      .createPublicKey(secret)
      .export({ format: "der", type: "spki" })
      .subarray(publicPrefix.length)
      .toString("base64")
  )
