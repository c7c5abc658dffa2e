/** Tests with a Mosquitto of their own; where it is not installed they say so, or fail if they must not. */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as Mosquitto from "./Mosquitto.js"

/** Runs a test where mosquitto is there; otherwise skips it loudly, or fails where services are required. */
const whereInstalled = <A, E, R>(test: Effect.Effect<A, E, R>): Effect.Effect<A | void, E, R> =>
  Effect.suspend(() => {
    if (Mosquitto.installed) return test
    if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("mosquitto is required and not installed")
    return Effect.sync(() => console.warn("SKIPPED: mosquitto is not installed (apt-get install mosquitto)"))
  })

export const test = <E>(
  title: string,
  body: (broker: Mosquitto.Mosquitto) => Effect.Effect<void, E, Scope.Scope>,
  timeout?: number
) => it.scopedLive(title, () => whereInstalled(Effect.flatMap(Mosquitto.make(), body)), timeout)
