/** Tests with a Mosquitto of their own; where it is not installed they say so, or fail if they must not. */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as Mosquitto from "./Mosquitto.js"

/** A program that tests need: its package and whether it is there. */
export interface Program {
  readonly name: string
  readonly installed: boolean
}

const broker: Program = { name: "mosquitto", installed: Mosquitto.installed }

/** Runs a test where all of them are there; otherwise skips it loudly, or fails where services are required. */
const whereInstalled = <A, E, R>(
  programs: ReadonlyArray<Program>,
  test: Effect.Effect<A, E, R>
): Effect.Effect<A | void, E, R> =>
  Effect.suspend(() => {
    const missing = programs.find(({ installed }) => !installed)?.name
    if (missing === undefined) return test
    if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail(`${missing} is required and not installed`)
    return Effect.sync(() => console.warn(`SKIPPED: ${missing} is not installed (apt-get install ${missing})`))
  })

/** With a broker that is made as the test says, and whatever else is made beside it. */
export const testWith =
  <M>(make: Effect.Effect<M, never, Scope.Scope>, ...programs: ReadonlyArray<Program>) =>
  <E>(title: string, body: (made: M) => Effect.Effect<void, E, Scope.Scope>, timeout?: number) =>
    it.scopedLive(title, () => whereInstalled([broker, ...programs], Effect.flatMap(make, body)), timeout)

export const test = testWith(Mosquitto.make())
