import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as UplinkGround from "../support/UplinkGround.js"

const office = { use: "tenta", max_drain_time: "0s", settings: { host: "127.0.0.1", port: 1 } }
const drop = { use: "file", settings: { directory: "drop" } }

describe("whether requests can come in", () => {
  it.scopedLive("over one that takes them and is switched on, connected or not; not over files", () =>
    Effect.gen(function* () {
      const { connected, status, uplinks, use } = yield* UplinkGround.make()
      assert.isFalse(yield* uplinks.receiving)
      yield* use({ drop, office: { ...office, enabled: false } })
      yield* connected("drop")
      assert.isFalse(yield* uplinks.receiving)
      yield* use({ drop, office })
      yield* Effect.repeat(status("office"), {
        schedule: Schedule.spaced("10 millis"),
        until: ({ last_error }) => last_error !== null
      })
      assert.isTrue(yield* uplinks.receiving)
    })
  )
})
