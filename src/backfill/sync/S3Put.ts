/**
 * Objects of an S3-compatible bucket: one signed PUT each, verified by asking for the object afterwards.
 *
 * A file is opened once and read twice, for its hash and for the request; since files are replaced by renames, both read the
 * same content whatever happens to the name. The request goes through `Outgoing`: a private address has to be allowed there.
 * Connections that broke and answers 408, 429 and 5xx are tried again, a few times, with growing pauses.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { Readable } from "node:stream"
import { asStorageFailed, type StorageFailed } from "../../domain/Refusal.js"
import { type OutgoingRequest, type OutgoingResponse, Outgoing } from "../../outgoing/Outgoing.js"
import { type Credentials, emptyHash, encodeKey, sign } from "./internal/sigV4.js"

export type { Credentials } from "./internal/sigV4.js"

/** The server did not do what it was asked to. */
export class S3Failed extends Schema.TaggedError<S3Failed>()("S3Failed", {
  reason: Schema.Literal("Refused", "Unreachable", "TooLarge", "Differs"),
  /** What the server answered, where it did. */
  status: Schema.optional(Schema.Int),
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

export interface Bucket {
  /** `https://host[:port]` */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  /** Whether the bucket stands in the path, or else in the name of the host. */
  readonly pathStyle: boolean
  readonly credentials: Credentials
  /** For one request. */
  readonly timeLimit: Duration.Duration
}

/** An object as the server tells of it. */
export interface ObjectFacts {
  readonly size: number
  /** The server's own count of the content; undefined where its tag is of another kind, as with keys of a customer. */
  readonly md5: string | undefined
  /** As it was given with the object: an echo, which counts only where the server has no count of its own. */
  readonly sha256: string | undefined
}

export interface Digest {
  readonly size: number
  readonly sha256: string
  readonly md5: string
}

/** One PUT takes no more. */
const largest = 5 * 1024 ** 3

const pieceSize = 256 * 1024

/** Returns once the server holds the object and tells of it as it was sent. */
export const put = (
  bucket: Bucket,
  key: string,
  path: string
): Effect.Effect<Digest, S3Failed | StorageFailed, Outgoing> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* opened(path)
      const digest = yield* digestOf(file, path)
      if (digest.size > largest) {
        return yield* new S3Failed({ reason: "TooLarge", detail: "larger than 5 GiB, which one PUT takes; use rclone" })
      }
      yield* request(bucket, "PUT", key, {
        headers: { "content-length": String(digest.size), "x-amz-meta-sha256": digest.sha256 },
        payloadHash: digest.sha256,
        // Of an empty file there is nothing to stream.
        body:
          digest.size === 0
            ? new Uint8Array()
            : () => Readable.from(contentOf(file, digest.size), { objectMode: false })
      })
      const found = yield* head(bucket, key)
      if (Option.isNone(found) || !isCopy(found.value, digest)) {
        return yield* new S3Failed({ reason: "Differs", detail: "the server took it and tells of another object" })
      }
      return digest
    })
  )

/** None where there is no such object. */
export const head = (bucket: Bucket, key: string): Effect.Effect<Option.Option<ObjectFacts>, S3Failed, Outgoing> =>
  request(bucket, "HEAD", key, { headers: {}, payloadHash: emptyHash }).pipe(
    Effect.map(({ headers }) =>
      Option.some({
        size: Number(headers["content-length"] ?? Number.NaN),
        md5: md5Of(headers),
        sha256: headers["x-amz-meta-sha256"]
      })
    ),
    Effect.catchIf(
      ({ status }) => status === 404,
      () => Effect.succeedNone
    )
  )

/** The hash and the length of a file. */
export const digest = (path: string): Effect.Effect<Digest, StorageFailed> =>
  Effect.scoped(Effect.flatMap(opened(path), (file) => digestOf(file, path)))

/** Whether the object has this content, by its length and its hash. */
export const isCopy = (facts: ObjectFacts, { md5, sha256, size }: Digest): boolean =>
  facts.size === size && (facts.md5 === undefined ? facts.sha256 === sha256 : facts.md5 === md5)

// -----------------------------------------------------------------------------

/** The tag of an object is the MD5 of its content, unless it is encrypted with a key of its own or was put in pieces. */
const md5Of = (headers: OutgoingResponse["headers"]): string | undefined => {
  const own =
    headers["x-amz-server-side-encryption"]?.startsWith("aws:kms") === true ||
    headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined
  return own ? undefined : /^"?([0-9a-f]{32})"?$/.exec(headers["etag"] ?? "")?.[1]
}

const opened = (path: string) =>
  Effect.acquireRelease(
    reading(path, () => open(path, "r")),
    (file) => Effect.promise(() => file.close())
  )

const reading = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, StorageFailed> =>
  Effect.tryPromise({
    try: run,
    catch: asStorageFailed("read", path)
  })

/** From its begin, whatever was read before, and no more than `length`: it may grow. Leaving it early closes nothing. */
async function* contentOf(file: FileHandle, length = Infinity): AsyncGenerator<Buffer, void, undefined> {
  for (let position = 0; position < length;) {
    const wanted = Math.min(pieceSize, length - position)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

const digestOf = (file: FileHandle, path: string): Effect.Effect<Digest, StorageFailed> =>
  reading(path, async () => {
    const [sha256, md5] = [createHash("sha256"), createHash("md5")]
    let size = 0
    for await (const bytes of contentOf(file)) {
      sha256.update(bytes)
      md5.update(bytes)
      size += bytes.length
    }
    return { size, sha256: sha256.digest("hex"), md5: md5.digest("hex") }
  })

interface Content extends Pick<OutgoingRequest, "body"> {
  readonly headers: Readonly<Record<string, string>>
  readonly payloadHash: string
}

const request = (
  bucket: Bucket,
  method: "PUT" | "HEAD",
  key: string,
  { body, headers, payloadHash }: Content
): Effect.Effect<OutgoingResponse, S3Failed, Outgoing> =>
  Effect.gen(function* () {
    const outgoing = yield* Outgoing
    const url = addressOf(bucket, key)
    const once = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const response = yield* outgoing
        .send({
          url: url.href,
          method,
          headers: sign({ method, url, headers, payloadHash }, bucket.credentials, bucket.region, now),
          timeout: bucket.timeLimit,
          maxBytes: 1024 * 1024,
          ...(body === undefined ? {} : { body })
        })
        .pipe(
          Effect.mapError(
            ({ detail, reason }) =>
              new S3Failed({
                reason: passing.has(reason) ? "Unreachable" : "Refused",
                detail: `${url.host}: ${detail}`
              })
          )
        )
      return response.status < 300 ? response : yield* refusal(response)
    })
    return yield* Effect.retry(once, { schedule: pauses, while: mayPass })
  })

const addressOf = ({ bucket, endpoint, pathStyle }: Bucket, key: string): URL => {
  const url = new URL(endpoint)
  if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`
  url.pathname = pathStyle ? `/${encodeKey(bucket)}/${encodeKey(key)}` : `/${encodeKey(key)}`
  return url
}

const passing: ReadonlySet<string> = new Set(["Unresolved", "Disconnected", "TimedOut"])
const pauses = Schedule.exponential("500 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(4)))

const mayPass = ({ reason, status }: S3Failed): boolean =>
  reason === "Unreachable" || status === 408 || status === 429 || (status ?? 0) >= 500

/** A HEAD has no body that could tell more than the status. */
const refusal = ({ body, status }: OutgoingResponse): S3Failed => {
  const text = body.toString("utf8")
  const told = ["Code", "Message"].flatMap((name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? [])
  return new S3Failed({ reason: "Refused", status, detail: [`answered ${status}`, ...told].join(": ") })
}
