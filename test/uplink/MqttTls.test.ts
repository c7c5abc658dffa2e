/** Uplinks over TLS, to a real Mosquitto whose certificate an authority of the test has signed. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Certificates from "../support/Certificates.js"
import { freePort } from "../support/FreePort.js"
import * as Mosquitto from "../support/Mosquitto.js"
import * as MosquittoTest from "../support/MosquittoTest.js"
import * as MqttOffice from "../support/MqttOffice.js"
import * as UplinkGround from "../support/UplinkGround.js"

const { data } = UplinkGround

const openssl: MosquittoTest.Program = { name: "openssl", installed: Certificates.installed }
const testWith = (made: ReturnType<typeof broker>) => MosquittoTest.testWith(made, openssl)

/** A broker for stations at a TLS port, and for the office at a plain one. */
const broker = (name: string, lines: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const authority = yield* Certificates.authority
    const stranger = yield* Certificates.authority
    const { files } = authority.issue(name)
    const plain = yield* freePort
    const { port } = yield* Mosquitto.make({
      tls: { ca: authority.files.certificate, certificate: files.certificate, key: files.key },
      lines: [...lines, `listener ${plain} 127.0.0.1`]
    })
    const own = authority.issue("DNS:station-1")
    const ground = yield* UplinkGround.make({
      secrets: {
        ca: authority.pem.certificate,
        stranger: stranger.pem.certificate,
        own: own.pem.certificate,
        key: own.pem.key
      }
    })
    return { port, office: yield* MqttOffice.make(plain), ground }
  })

const section = (port: number, tls: object | undefined, more: object = {}) => ({
  office: {
    use: "tenta",
    max_drain_time: "0s",
    connect_timeout: "5s",
    settings: { host: "127.0.0.1", port, identifier: "e9", ...(tls && { tls }), ...more }
  }
})

/** The error with which a connection is refused; nothing has been delivered. */
const refusal = ({ status }: UplinkGround.UplinkGround) =>
  Effect.gen(function* () {
    for (let look = 0; look < 3_000; look++) {
      const { connections, delivered, last_error, state } = yield* status("office")
      if (last_error !== null && state === "waiting") {
        assert.deepStrictEqual([connections, delivered], [0, 0])
        return last_error.message
      }
      yield* Effect.sleep("10 millis")
    }
    return yield* Effect.dieMessage("it was not refused")
  })

/** Other settings for the same queue, at once: what waits is not waited for. */
const instead = ({ use }: UplinkGround.UplinkGround, next: ReturnType<typeof section>) =>
  Effect.zipRight(use({}, { keep: true }), use(next))

describe("MQTT over TLS", () => {
  const byAddress = testWith(broker("IP:127.0.0.1"))

  byAddress("to a broker whose authority is trusted", ({ ground, office, port }) =>
    Effect.gen(function* () {
      yield* ground.use(section(port, { ca: "${file:ca}" }))
      yield* ground.put(data({ x: 1 }, 1_700_000_000_000))
      yield* ground.delivered("office")
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => office.heard.length > 0, times: 1_000 })
      assert.deepStrictEqual(office.on("measurements/e9"), [
        [{ revision: 1, value: { x: 1 }, timestamp: 1_700_000_000 }]
      ])
    })
  )

  byAddress("an authority that is another's, or none, is refused and told; the queue waits for the right one", (roof) =>
    Effect.gen(function* () {
      const { ground, office, port } = roof
      yield* ground.use(section(port, { ca: "${file:stranger}" }))
      yield* ground.put(data({ x: 1 }))
      assert.match(yield* refusal(ground), /certificate/)
      yield* instead(ground, section(port, {}))
      assert.match(yield* refusal(ground), /certificate/)
      assert.lengthOf(office.heard, 0)
      yield* instead(ground, section(port, { ca: "${file:ca}" }))
      yield* ground.delivered("office")
      assert.strictEqual((yield* ground.status("office")).delivered, 1)
    })
  )

  byAddress("a broker that wants it is not spoken to in clear", ({ ground, port }) =>
    Effect.gen(function* () {
      yield* ground.use(section(port, undefined))
      yield* ground.put(data({ x: 1 }))
      assert.match(yield* refusal(ground), /clos|reset|no connection/i)
    })
  )

  testWith(broker("DNS:broker.example"))("the name in the certificate must be the broker's", ({ ground, port }) =>
    Effect.gen(function* () {
      yield* ground.use(section(port, { ca: "${file:ca}" }))
      yield* ground.put(data({ x: 1 }))
      assert.match(yield* refusal(ground), /127\.0\.0\.1.*cert/i)
      yield* instead(ground, section(port, { ca: "${file:ca}", server_name: "broker.example" }))
      yield* ground.delivered("office")
    })
  )

  testWith(broker("IP:127.0.0.1", ["require_certificate true", "use_identity_as_username true"]))(
    "a station shows its own certificate where the broker asks for it",
    ({ ground, port }) =>
      Effect.gen(function* () {
        yield* ground.use(section(port, { ca: "${file:ca}" }))
        yield* ground.put(data({ x: 1 }))
        assert.match(yield* refusal(ground), /^TLS: .*certificate|clos|reset/i)
        yield* instead(
          ground,
          section(port, { ca: "${file:ca}", certificate: "${file:own}", private_key: "${file:key}" })
        )
        yield* ground.delivered("office")
      })
  )
})
