import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { IngesterState } from "../../../../src/assignment/ServiceState.js"
import { BrokenLinks } from "../../../../src/ingest/worker/internal/brokenLinks.js"
import type { Connected } from "../../../../src/ingest/worker/internal/ingesterLinks.js"
import { Pairing } from "../../../../src/ingest/worker/Pairing.js"

const mapping = "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779"

const ingester = (handed_over?: Readonly<Record<string, number>>, of = mapping): IngesterState => ({
  service_uuid: "00000000-0000-4000-8000-000000000001",
  mapping_uuid: of,
  dranspose_version: null,
  mapreduce_version: null,
  parameters_hash: null,
  processed_events: 0,
  event_rate: 0,
  name: "a",
  url: "inproc://a",
  connected_workers: {},
  streams: ["a"],
  ...(handed_over === undefined ? {} : { handed_over })
})

/** A worker with one connection, six events of it assigned, of which the first two have come. */
const scene = Effect.gen(function* () {
  const pairing = new Pairing("w1")
  const link = { broken: 0 }
  const connected: Connected = {
    state: ingester(),
    lane: { ingester: "a", streams: new Set(["a"]) },
    link: { ping: Effect.void, take: Effect.never, drain: Effect.succeed(0), breaks: () => link.broken },
    scope: yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void)),
    received: 0,
    breaks: () => link.broken
  }
  const links = new BrokenLinks("w1")
  links.begin([connected])
  pairing.assign([0, 1, 2, 3, 4, 5].map((event_number) => ({ event_number, assignments: { a: ["w1"] } })))
  const come = (event_number: number) => {
    connected.received++
    pairing.arrive(connected.lane, { event_number, size: 1, streams: [["a", { typ: "x", frames: [] }]] })
  }
  come(0)
  come(1)
  const look = (state: IngesterState) => links.judge({ mapping, pairing }, [connected], [state])
  const taken = () => pairing.take(10).map(({ event, event_number }) => `${event_number}${event ? "" : "x"}`)
  return {
    link,
    come,
    look,
    taken,
    looks: (count: number, state: IngesterState) =>
      Array.from({ length: count }, () => look(state)).filter(Boolean).length
  }
})

describe("brokenLinks", () => {
  it.scoped(
    "what was handed over to a connection that broke is lost once nothing comes any more, and nothing else",
    () =>
      Effect.gen(function* () {
        const { link, look, taken } = yield* scene
        look(ingester({ w1: 1 }))
        link.broken++
        assert.isFalse(look(ingester({ w1: 3 })))
        assert.isTrue(look(ingester({ w1: 4 })))
        assert.deepStrictEqual(taken(), ["0", "1", "2x", "3x"])
        assert.isTrue(look(ingester({ w1: 4 })))
        assert.isFalse(look(ingester({ w1: 4 })))
        assert.deepStrictEqual(taken(), ["4x"])
      })
  )

  it.scoped("a connection that has not broken is waited for, however long nothing comes", () =>
    Effect.gen(function* () {
      const { looks, taken } = yield* scene
      assert.strictEqual(looks(50, ingester({ w1: 5 })), 0)
      assert.deepStrictEqual(taken(), ["0", "1"])
    })
  )

  it.scoped("what still comes is no silence, and what the ingester says of another scan does not count", () =>
    Effect.gen(function* () {
      const { come, link, look, looks, taken } = yield* scene
      link.broken++
      assert.strictEqual(looks(5, ingester({ w1: 5 }, "cb5272cd-1358-484b-8d4a-a9cfb0dbc779")), 0)
      look(ingester({ w1: 3 }))
      come(2)
      assert.isFalse(look(ingester({ w1: 3 })))
      assert.deepStrictEqual(taken(), ["0", "1", "2"])
    })
  )

  it.scoped("to an ingester that does not say what it has handed over half a minute is given", () =>
    Effect.gen(function* () {
      const { link, look, looks, taken } = yield* scene
      look(ingester())
      link.broken++
      assert.strictEqual(looks(14, ingester()), 0)
      assert.deepStrictEqual(taken(), ["0", "1"])
      assert.isTrue(look(ingester()))
      assert.deepStrictEqual(taken(), ["2x", "3x", "4x", "5x"])
    })
  )
})
