import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { ParameterStore } from "../../../src/assignment/ParameterStore.js"
import { UpdateLog } from "../../../src/assignment/UpdateLog.js"
import { Incarnation } from "../../../src/assignment/WorkAssignment.js"
import * as Reducer from "../../../src/ingest/reducer/Reducer.js"
import * as ReducerModule from "../../../src/ingest/reducer/ReducerModule.js"
import * as ResultMessages from "../../../src/ingest/ResultMessages.js"
import { type ResultMessage, ResultTransport } from "../../../src/ingest/ResultTransport.js"
import * as house from "../../support/WorkerHouse.js"

const first = "5fa5c6e4-1358-484b-8d4a-a9cfb0dbc779"
const second = "cb5272cd-1358-484b-8d4a-a9cfb0dbc779"
const gain = Incarnation.make("a302745a-0500-4d1b-96d1-a872efd809b2")

const reducer = (exports: ReducerModule.ReducerModule) =>
  Effect.gen(function* () {
    const made = yield* Reducer.make({ url: "inproc://reducer", module: yield* ReducerModule.check(exports) })
    const messages = yield* ResultMessages.make
    const link = yield* (yield* ResultTransport).connect("inproc://reducer")
    yield* house.settle
    const sendRaw = (message: ResultMessage) => link.send([message])
    const send = (event_number: number, payload: unknown, form: ResultMessages.Form = "cbor") =>
      Effect.flatMap(messages.encode({ event_number, worker: "w1", parameters_hash: null, payload }, form), sendRaw)
    return { made, send, sendRaw }
  })

describe("Reducer", () => {
  it.scoped("reduces what workers of ours and in Python send, tells of each one, and shows what is published", () =>
    Effect.gen(function* () {
      const publish: Record<string, number> = {}
      const { made, send } = yield* reducer({
        publish,
        reduce: ({ event_number, payload }) => {
          publish[`e${event_number}`] = Object(payload).sum
        }
      })
      yield* house.begin(first, [])
      yield* send(0, { sum: 3 })
      yield* send(2, { sum: 4 }, "pickle")
      yield* house.settle
      assert.deepStrictEqual(yield* made.publication.values, { e0: 3, e2: 4 })
      yield* house.finish(first)
      yield* house.settle
      assert.deepStrictEqual(yield* house.reports(first), ["idle 0", "idle 2", "finished "])
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("a result that fails, or can't be read, is told and counts as reduced", () =>
    Effect.gen(function* () {
      const { made, send, sendRaw } = yield* reducer({
        reduce: ({ event_number }) => {
          if (event_number === 0) throw new Error("boom")
          return event_number === 1 ? Effect.fail("failed") : undefined
        }
      })
      yield* house.begin(first, [])
      yield* send(0, 1)
      yield* send(1, 1)
      yield* sendRaw({ header: Buffer.from('{"event_number":2,"worker":"w2"}'), payload: Buffer.from("80ff", "hex") })
      yield* sendRaw({ header: Buffer.from("{"), payload: new Uint8Array() })
      yield* send(3, 1)
      yield* house.settle
      assert.deepInclude(yield* made.status, { processed: 5, troubles: 4 })
      assert.deepStrictEqual(yield* house.reports(first), ["idle 0", "idle 1", "idle 2", "idle 3"])
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("the timer goes as it says, during scans; start and finish stand at their ends", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      yield* reducer({
        start: () => void told.push("start"),
        reduce: () => undefined,
        timer: () => {
          told.push("timer")
          return 20
        },
        finish: () => Promise.resolve(told.push("finish"))
      })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told, [])
      yield* house.begin(first, [])
      yield* TestClock.adjust("20 seconds")
      yield* house.finish(first)
      yield* house.settle
      yield* TestClock.adjust("1 minute")
      yield* house.begin(second, [])
      assert.deepStrictEqual(told, ["start", "timer", "timer", "finish", "start", "timer"])
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("a finish that hangs, and a timer, do not keep the next scan from its turn", () =>
    Effect.gen(function* () {
      const { made, send } = yield* reducer({
        reduce: () => undefined,
        timer: () => new Promise<number>(() => {}),
        finish: () => new Promise<void>(() => {})
      })
      yield* house.begin(first, [])
      yield* TestClock.adjust("1 minute")
      yield* house.finish(first)
      yield* house.settle
      yield* house.begin(second, [])
      yield* TestClock.adjust("1 minute")
      yield* house.settle
      assert.deepStrictEqual(yield* house.reports(first), ["finished "])
      yield* send(0, 1)
      yield* TestClock.adjust("1 minute")
      yield* house.settle
      assert.deepInclude(yield* made.status, { mapping: second, processed: 1 })
      assert.deepStrictEqual(yield* house.reports(second), ["idle 0"])
    }).pipe(Effect.provide(house.layer))
  )

  it.scoped("parameters are decoded as the module describes them; changes are told, at most ten in a second", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const { made, send } = yield* reducer({
        parameters: [{ name: "gain", dtype: "float", default: 1 }],
        reduce: (_result, parameters) => void seen.push(parameters["gain"])
      })
      const changes: Array<number> = []
      yield* Effect.forkScoped(
        Stream.runForEach(made.publication.changes, (count) => Effect.sync(() => changes.push(count)))
      )
      yield* house.begin(first, [])
      yield* send(0, 1)
      yield* Effect.flatMap(ParameterStore, (store) => store.put("gain", gain, Buffer.from("2.5")))
      yield* Effect.flatMap(UpdateLog, (updates) =>
        updates.append({
          mapping_uuid: first,
          parameters_version: { gain },
          target_parameters_hash: null,
          active_streams: [],
          finished: false
        })
      )
      yield* house.settle
      for (let event = 1; event < 100; event++) yield* send(event, 1)
      yield* house.settle
      assert.deepStrictEqual([seen[0], seen[1], seen.length], [1, 2.5, 100])
      assert.isAtLeast(changes.length, 2)
      assert.isAtMost(changes.length, 12)
      assert.strictEqual(changes[0], 0)
    }).pipe(Effect.provide(house.layer))
  )
})
