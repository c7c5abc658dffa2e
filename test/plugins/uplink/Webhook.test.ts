import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, type Scope } from "effect"
import { createServer } from "node:http"
import { signature } from "../../../src/plugins/uplink/WebhookUplink.js"
import * as UplinkGround from "../../support/UplinkGround.js"

interface Request {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}
type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

/** An office that answers as it is told: the first answer that fits, else 204. */
const office = (
  answer: (request: Request, index: number) => Answer = () => ({ status: 204 })
): Effect.Effect<{ readonly url: string; readonly requests: ReadonlyArray<Request> }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{ server: ReturnType<typeof createServer>; url: string; requests: Array<Request> }>((resume) => {
      const requests: Array<Request> = []
      const server = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (text: string) => (body += text))
        request.on("end", () => {
          const one = { headers: request.headers, body }
          requests.push(one)
          const { headers = {}, status } = answer(one, requests.length - 1)
          response.writeHead(status, { ...headers }).end()
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ server, url: `http://127.0.0.1:${port}/in`, requests }))
      })
    }),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const webhook = (url: string, settings: object = {}, more: object = {}) => ({
  office: { use: "webhook", max_drain_time: "1s", settings: { url, ...settings }, ...more }
})
const numbers = (count: number) => Array.from({ length: count }, (_, n) => UplinkGround.data({ n }))

describe("a webhook", () => {
  it.scopedLive("gets each message with its key, its own time and revision, and a signature it can check", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* office()
      const ground = yield* UplinkGround.make({ secrets: { hook: "the-key", bearer: "the-token" }, revision: 4 })
      yield* ground.use(
        webhook(url, { secret: "${file:hook}", token: "${file:bearer}", headers: { "x-site": "roof" } })
      )
      const [id] = yield* ground.put(UplinkGround.data({ t: 1.5 }, 1_700_000_000_250))
      yield* ground.delivered("office")
      const [request] = requests
      assert.deepStrictEqual(JSON.parse(request?.body ?? ""), {
        station: "station-1",
        id,
        timestamp: 1_700_000_000.25,
        revision: 4,
        priority: "normal",
        body: { variant: "data", data: { t: 1.5 } }
      })
      const {
        authorization,
        "x-outpost-signature": signed,
        "x-outpost-timestamp": at,
        "x-site": site
      } = request?.headers ?? {}
      assert.strictEqual(signed, `sha256=${signature("the-key", String(at), request?.body ?? "")}`)
      assert.strictEqual(authorization, "Bearer the-token")
      assert.strictEqual(site, "roof")
    })
  )

  it.scopedLive("a secret that is changed is in use with the next connection; one that is missing is waited for", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* office(({ headers }) => ({
        status: headers["authorization"] === "Bearer new" ? 204 : 401
      }))
      const secrets: Record<string, string> = { bearer: "old" }
      const ground = yield* UplinkGround.make({ secrets })
      yield* ground.use(webhook(url, { token: "${file:bearer}" }))
      yield* ground.put(UplinkGround.data({ n: 1 }))
      const lost = (reason: RegExp) =>
        Effect.repeat(ground.status("office"), {
          schedule: Schedule.spaced("10 millis"),
          until: ({ last_error }) => reason.test(last_error?.message ?? "")
        })
      yield* lost(/401/)
      delete secrets["bearer"]
      yield* lost(/is not there/)
      secrets["bearer"] = "new"
      yield* ground.delivered("office")
      assert.strictEqual(requests.at(-1)?.headers["authorization"], "Bearer new")
    })
  )

  it.scopedLive("is tried again with the same body, not before it says", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const { requests, url } = yield* office((_, index) => {
        times.push(performance.now())
        return index === 0 ? { status: 429, headers: { "retry-after": "1" } } : { status: 200 }
      })
      const ground = yield* UplinkGround.make()
      yield* ground.use(webhook(url))
      yield* ground.put(UplinkGround.data({ n: 1 }))
      yield* ground.delivered("office")
      assert.strictEqual(requests[0]?.body, requests[1]?.body)
      assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), 950)
    })
  )

  it.scopedLive(
    "ivy 14.3: one message that is not taken is set aside with the reason, the rest of its batch goes on",
    () =>
      Effect.gen(function* () {
        const { url } = yield* office(({ body }) => ({ status: body.includes('"n":3') ? 422 : 200 }))
        const ground = yield* UplinkGround.make()
        yield* ground.put()
        yield* ground.use(webhook(url, { batch: 10 }))
        yield* ground.put(...numbers(8))
        yield* Effect.repeat(ground.status("office"), {
          schedule: Schedule.spaced("10 millis"),
          until: ({ delivered, set_aside }) => delivered === 7 && set_aside === 1
        })
        const { messages } = yield* Effect.orDie(ground.outbox.list({ setAside: true }))
        assert.deepStrictEqual(messages[0]?.body, { variant: "data", data: { n: 3 } })
        assert.strictEqual(messages[0]?.set_aside[0]?.reason, "422")
      })
  )

  it.scopedLive("gets lists where a batch is asked for, in order", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* office()
      const ground = yield* UplinkGround.make()
      yield* ground.use({})
      yield* ground.use(webhook(url, { batch: 4 }, { enabled: false }))
      yield* ground.put(...numbers(10))
      yield* ground.use(webhook(url, { batch: 4 }, { ordered: true }))
      yield* ground.delivered("office")
      const sent = requests.map(({ body }) =>
        (JSON.parse(body) as ReadonlyArray<{ readonly body: { readonly data: { readonly n: number } } }>).map(
          (one) => one.body.data.n
        )
      )
      assert.deepStrictEqual(sent, [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9]
      ])
    })
  )

  it.scopedLive("that fails again and again is told by its own words, and is waited for as long as it says", () =>
    Effect.gen(function* () {
      // From the fourth on messages go with care, one at a time.
      const { url } = yield* office((_, index) =>
        index < 4 ? { status: 500 } : { status: 429, headers: { "retry-after": "600" } }
      )
      const ground = yield* UplinkGround.make()
      yield* ground.use(webhook(url))
      yield* ground.put(...numbers(1))
      const lastly = (words: string) =>
        Effect.repeat(ground.status("office"), {
          schedule: Schedule.spaced("10 millis"),
          until: ({ last_error }) => last_error?.message.endsWith(words) === true
        })
      yield* lastly("lost over message 1: answered 500")
      yield* lastly("answered 429")
      const { last_error, next_try_at, set_aside } = yield* ground.status("office")
      assert.isAbove((next_try_at ?? 0) - (last_error?.at ?? 0), 500)
      assert.strictEqual(set_aside, 0)
    })
  )

  it.scopedLive("at an address that nobody answers, or that turns us away, keeps everything queued", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* office(() => ({ status: 403 }))
      const ground = yield* UplinkGround.make()
      yield* ground.use(webhook(url))
      yield* ground.put(...numbers(3))
      yield* Effect.repeat(ground.status("office"), {
        schedule: Schedule.spaced("10 millis"),
        until: ({ last_error }) => last_error !== null
      })
      const { last_error, set_aside, waiting } = yield* ground.status("office")
      assert.strictEqual(last_error?.message, "answered 403")
      assert.deepStrictEqual([waiting, set_aside], [3, 0])
      assert.isAbove(requests.length, 0)
    })
  )
})
