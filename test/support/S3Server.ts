/**
 * A bucket on this machine: takes signed PUTs, answers HEADs, and checks every signature by itself, from the bytes of the
 * request and the published rules, with none of the code that made it.
 */
import { Effect } from "effect"
import { createHash, createHmac } from "node:crypto"
import * as http from "node:http"
import type { AddressInfo } from "node:net"

export interface S3Server {
  readonly endpoint: string
  /** By bucket and key: `bucket/a/b`. */
  readonly objects: Map<string, { readonly body: Buffer; readonly headers: http.IncomingHttpHeaders }>
  readonly requests: Array<{ readonly method: string; readonly path: string }>
  /** What comes before the ordinary answer: a status to fail with, or what becomes of a body on its way to the disk. */
  readonly trouble: { status?: (n: number) => number | undefined; store?: (body: Buffer) => Buffer; hang?: boolean }
}

export const credentials = {
  id: "AKIDEXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  token: "session/+token=="
}

const sha = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex")
const mac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest()

/** What is wrong with the signature; undefined where nothing is. */
const wrong = (request: http.IncomingMessage, body: Buffer): string | undefined => {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? ""
    )
  if (found === null) return "MalformedAuthorization"
  const [, id, day = "", region = "", names = "", signature] = found
  if (id !== credentials.id) return "InvalidAccessKeyId"
  const signed = names.split(";")
  for (const [name] of Object.entries(request.headers))
    if ((name === "host" || name.startsWith("x-amz-")) && !signed.includes(name)) return `NotSigned ${name}`
  if (request.headers["x-amz-security-token"] !== credentials.token) return "InvalidToken"
  const hash = String(request.headers["x-amz-content-sha256"])
  if (hash !== sha(body)) return "XAmzContentSHA256Mismatch"
  const [path = "", query = ""] = (request.url ?? "").split("?")
  const canonical = [
    request.method,
    path,
    query,
    ...signed.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    "",
    names,
    hash
  ].join("\n")
  const date = String(request.headers["x-amz-date"])
  if (!date.startsWith(day)) return "DateMismatch"
  const text = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/s3/aws4_request\n${sha(canonical)}`
  const key = mac(mac(mac(mac(`AWS4${credentials.secret}`, day), region), "s3"), "aws4_request")
  return mac(key, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch"
}

/** Listens until the scope closes. */
export const make = Effect.acquireRelease(
  Effect.async<S3Server & { readonly close: () => void }>((resume) => {
    const state: Omit<S3Server, "endpoint"> = { objects: new Map(), requests: [], trouble: {} }
    const server = http.createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk) => chunks.push(chunk))
      request.on("error", () => undefined)
      request.on("end", () => {
        const body = Buffer.concat(chunks)
        const path = decodeURIComponent((request.url ?? "").slice(1))
        state.requests.push({ method: request.method ?? "", path })
        if (state.trouble.hang === true) return
        const refuse = (status: number, code: string) =>
          response
            .writeHead(status)
            .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>of ${path}</Message></Error>`)
        const status = state.trouble.status?.(state.requests.length)
        if (status !== undefined) return refuse(status, "SlowDown")
        const problem = wrong(request, body)
        if (problem !== undefined) return refuse(403, problem)
        if (request.method === "PUT") {
          if (Number(request.headers["content-length"]) !== body.length) return refuse(411, "MissingContentLength")
          state.objects.set(path, { body: state.trouble.store?.(body) ?? body, headers: request.headers })
        }
        const object = state.objects.get(path)
        if (object === undefined) return refuse(404, "NoSuchKey")
        const etag = `"${createHash("md5").update(object.body).digest("hex")}"`
        response.setHeader("etag", etag)
        const note = object.headers["x-amz-meta-sha256"]
        if (request.method === "HEAD") {
          response.setHeader("content-length", object.body.length)
          if (typeof note === "string") response.setHeader("x-amz-meta-sha256", note)
        }
        response.writeHead(200).end()
      })
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      const close = () => {
        server.closeAllConnections()
        server.close()
      }
      resume(Effect.succeed({ ...state, endpoint: `http://127.0.0.1:${port}`, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)
