/**
 * Signature Version 4 for requests to S3-compatible servers: the headers that prove who asks and that nothing was changed on
 * the way. Written by hand because it is one page over `node:crypto`, where the libraries bring a fetch client or a family of
 * packages with them.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"
import { createHash, createHmac } from "node:crypto"

export interface Credentials {
  readonly accessKeyId: Redacted.Redacted
  readonly secretAccessKey: Redacted.Redacted
  readonly sessionToken: Redacted.Redacted | undefined
}

export interface Unsigned {
  readonly method: string
  /** Its path is encoded as `encodeKey` does it. */
  readonly url: URL
  /** Names in lower case; all of them are signed, and `host` too. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body in hex. */
  readonly payloadHash: string
}

export const emptyHash = createHash("sha256").digest("hex")

/** All headers of the request. `now` is in ms; servers refuse what is more than 15 minutes off. */
export const sign = (
  { headers, method, payloadHash, url }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  region: string,
  now: number
): Record<string, string | Redacted.Redacted> => {
  const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`
  const day = time.slice(0, 8)
  const token = sessionToken === undefined ? undefined : Redacted.value(sessionToken)
  const own: Record<string, string> = { ...headers, "x-amz-content-sha256": payloadHash, "x-amz-date": time }
  const signed: Readonly<Record<string, string>> = {
    ...own,
    host: url.host,
    ...(token === undefined ? {} : { "x-amz-security-token": token })
  }
  const names = Object.keys(signed).sort()
  const lines = names.map((name) => `${name}:${(signed[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`)
  const canonical = [method, url.pathname, canonicalQuery(url), lines.join(""), names.join(";"), payloadHash].join("\n")
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n")
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${Redacted.value(secretAccessKey)}`
  )
  const signature = hmac(key, toSign).toString("hex")
  const credential = `${Redacted.value(accessKeyId)}/${scope}`
  return {
    ...own,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
    authorization: Redacted.make(
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`
    )
  }
}

/** A key as it stands in a path: everything but letters, digits and `-._~/` is escaped, once. */
export const encodeKey = (key: string): string => key.split("/").map(encode).join("/")

// -----------------------------------------------------------------------------

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const canonicalQuery = (url: URL): string =>
  [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&")
