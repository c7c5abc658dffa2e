/** Sources that are posted to: who may, what is taken, what is answered. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { request } from "node:http"
import { HttpPostSource } from "../../../src/plugins/source/HttpPostSource.js"
import { SardanaSource } from "../../../src/plugins/source/SardanaSource.js"
import { SyntheticSource } from "../../../src/plugins/source/SyntheticSource.js"
import { Secrets } from "../../../src/site/Secrets.js"
import { freePort } from "../../support/FreePort.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"
import { drained, opened, taken, textOf } from "../../support/TakenFrames.js"

const secrets = Effect.provideService(Secrets, SecretsDouble.make({ post: "s3cret" }))

/** The answer's status and body. */
const ask = (port: number, path: string, body: string, headers: Record<string, string> = {}, method = "POST") =>
  Effect.async<readonly [number | undefined, string]>((resume) => {
    const sent = request({ port, host: "127.0.0.1", path, method, headers }, (response) => {
      let text = ""
      response.on("data", (chunk) => (text += chunk))
      response.on("end", () => resume(Effect.succeed([response.statusCode, text])))
    })
    sent.on("error", () => resume(Effect.succeed([0, ""])))
    sent.end(body)
  })

describe("posts", () => {
  it.scopedLive("are taken from those who may", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const settings = { port, path: "/in", token: "${file:post}", max_body: 10 }
      const reader = yield* secrets(opened(HttpPostSource, settings))
      const bearer = { authorization: "Bearer s3cret" }
      const status = (...args: Parameters<typeof ask>) => Effect.map(ask(...args), ([code]) => code)
      assert.strictEqual(yield* status(port, "/in", "a"), 401)
      assert.strictEqual(yield* status(port, "/in", "a", { authorization: "Bearer other" }), 401)
      assert.strictEqual(yield* status(port, "/in", "a", { ...bearer, origin: "http://evil" }), 403)
      assert.strictEqual(yield* status(port, "/in", "a", { ...bearer, "sec-fetch-site": "cross-site" }), 403)
      assert.strictEqual(yield* status(port, "/", "a", bearer), 404)
      assert.strictEqual(yield* status(port, "/in", "", bearer, "GET"), 405)
      assert.strictEqual(yield* status(port, "/in", "x".repeat(11), bearer), 413)
      assert.strictEqual(yield* status(port, "/in", "x".repeat(11), { ...bearer, "transfer-encoding": "chunked" }), 413)
      assert.strictEqual(yield* status(port, "/in?x=1", "taken", bearer), 202)
      assert.deepStrictEqual((yield* taken(reader, 1)).map(textOf), ["taken"])
    })
  )

  it.scopedLive("from other machines need a token, or a word that anyone may", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const error = yield* Effect.flip(secrets(opened(HttpPostSource, { host: "0.0.0.0", port })))
      assert.strictEqual(error.reason, "Misconfigured")
      assert.include(error.detail, "settings.anyone")
      yield* secrets(opened(HttpPostSource, { host: "0.0.0.0", port, anyone: true }))
      const second = yield* Effect.flip(secrets(opened(HttpPostSource, { port })))
      assert.strictEqual(second.reason, "Disconnected")
    })
  )
})

describe("Sardana", () => {
  const description = `{"serialno":1,"scandir":"/d","title":"ascan","column_desc":[{"name":"point_nb"}]}`

  it.scopedLive("dranspose weak point 19: what is posted before anybody takes it waits", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const reader = yield* secrets(opened(SardanaSource, { port }))
      assert.deepStrictEqual(yield* ask(port, "/v1/record_data", `{"timestamp":1}`), [200, "null"])
      assert.deepStrictEqual(yield* ask(port, "/v1/data_desc", description), [200, "null"])
      assert.deepStrictEqual(yield* ask(port, "/v1/record_data", `{"timestamp": 0.5, "point_nb": 0, "mot": 1.5}`), [
        200,
        "null"
      ])
      assert.deepStrictEqual(yield* ask(port, "/v1/custom_data", "any"), [200, "null"])
      assert.deepStrictEqual(yield* ask(port, "/v1/record_end", "{}"), [200, "null"])
      const frames = yield* taken(reader, 3)
      assert.deepStrictEqual(frames.map(textOf), [
        `{"type":"DataDescription","serialno":1,"scandir":"/d","title":"ascan","column_desc":[{"name":"point_nb"}]}`,
        `{"type":"RecordData","timestamp":0.5,"point_nb":0,"mot":1.5}`,
        `{"type":"RecordEnd"}`
      ])
      assert.deepStrictEqual(yield* reader.dropped ?? Effect.never, { outside: 1, starts: 0, malformed: 0 })
    })
  )

  it.scopedLive("dranspose weak point 19: what waits is bounded, and who posts more is told to wait", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const reader = yield* secrets(opened(SardanaSource, { port, buffer: 2000 }))
      assert.deepStrictEqual(yield* ask(port, "/v1/data_desc", `{"serialno":"1"}`), [
        422,
        `{"detail":"serialno is missing or of another type"}`
      ])
      assert.deepStrictEqual(yield* ask(port, "/v1/record_end", `[1]`), [422, `{"detail":"no JSON object"}`])
      yield* ask(port, "/v1/data_desc", description)
      const record = ask(port, "/v1/record_data", `{"timestamp":1,"pad":"${"x".repeat(200)}"}`)
      let posted = 0
      while ((yield* record)[0] === 200) posted++
      assert.isAtMost(posted, 5)
      assert.strictEqual((yield* record)[0], 503)
      yield* taken(reader, posted + 1)
      assert.strictEqual((yield* record)[0], 200)
    })
  )
})

describe("synthetic frames", () => {
  it.scopedLive("are the same every time, in number, shape and bytes", () =>
    Effect.gen(function* () {
      const settings = { size: 2048, count: 1500, seed: 3 }
      const [one, other] = [yield* opened(SyntheticSource, settings), yield* opened(SyntheticSource, settings)]
      const [{ end, items }, again] = [yield* drained(one), yield* drained(other)]
      assert.strictEqual(items.length, 1502)
      assert.strictEqual(end.reason, "Exhausted")
      assert.deepStrictEqual(again.items, items)
      const image = items[1]
      const parts = typeof image === "object" ? image.parts : []
      assert.include(Buffer.from(parts[0] ?? []).toString(), `"shape":[32,64]`)
      assert.strictEqual(parts[1]?.byteLength, 2048)
      const different = yield* taken(yield* opened(SyntheticSource, { ...settings, seed: 4, shape: "raw" }), 1)
      assert.strictEqual(different[0]?.parts.length, 1)
      assert.notDeepEqual(different[0]?.parts[0], parts[1])
    })
  )
})

it.scoped("synthetic frames come at their rate, and those that are late all at once", () =>
  Effect.gen(function* () {
    const reader = yield* opened(SyntheticSource, { size: 10, rate: 100, shape: "raw" })
    assert.strictEqual((yield* reader.take).length, 1)
    const next = yield* Effect.fork(reader.take)
    yield* TestClock.adjust("9 millis")
    assert.isTrue(Option.isNone(yield* Fiber.poll(next)))
    yield* TestClock.adjust("1 millis")
    assert.strictEqual((yield* Fiber.join(next)).length, 1)
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* reader.take).length, 100)
  })
)
