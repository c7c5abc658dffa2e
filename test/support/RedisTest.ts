/** Tests with a Redis of their own; where redis-server is not installed they say so, or fail if they must not. */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { Ensemble } from "../../src/assignment/Ensemble.js"
import { layerWith } from "../../src/assignment/RedisEnsemble.js"
import * as RedisServer from "./RedisServer.js"

/** Runs a test where redis-server is there; otherwise skips it loudly, or fails where services are required. */
export const whereInstalled = <A, E, R>(test: Effect.Effect<A, E, R>): Effect.Effect<A | void, E, R> =>
  Effect.suspend(() => {
    if (RedisServer.installed) return test
    if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("redis-server is required and not installed")
    return Effect.sync(() => console.warn("SKIPPED: redis-server is not installed (apt-get install redis-server)"))
  })

/** A test with a server, and an ensemble on it, of its own. */
export const test = <E>(
  title: string,
  body: (server: RedisServer.RedisServer) => Effect.Effect<void, E, Ensemble | Scope.Scope>
) =>
  it.scopedLive(title, () =>
    whereInstalled(
      Effect.flatMap(RedisServer.make, (server) => Effect.provide(body(server), layerWith(server.settings)))
    )
  )
