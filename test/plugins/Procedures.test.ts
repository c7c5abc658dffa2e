import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Outgoing, OutgoingError, type OutgoingRequest } from "../../src/outgoing/Outgoing.js"
import { HttpPoll } from "../../src/plugins/procedure/HttpPoll.js"
import { RandomWalk } from "../../src/plugins/procedure/RandomWalk.js"
import { SerialLines } from "../../src/plugins/procedure/SerialLines.js"
import { Emitter, type Procedure } from "../../src/procedure/Procedure.js"
import * as ProcedureGround from "../support/ProcedureGround.js"
import * as RecordingEmitter from "../support/RecordingEmitter.js"
import * as SerialLine from "../support/SerialLine.js"

/** A life of a procedure, and what it says. */
const living = (procedure: Procedure, settings: unknown) =>
  Effect.gen(function* () {
    const recording = RecordingEmitter.make()
    const run = yield* procedure.prepare(settings)
    return { ...recording, run: Effect.provideService(run, Emitter, recording.emitter) }
  })

describe("random-walk", () => {
  it.scoped("moves each position by one step a run, up or down, also in its message", () =>
    Effect.gen(function* () {
      const { events, messages, run } = yield* living(RandomWalk, { message: true, step: 2 })
      yield* Effect.repeatN(run, 199)
      let [a, b] = [0, 0]
      const steps = new Set<number>()
      for (const { data } of events) {
        const now = data as { readonly a: number; readonly b: number }
        steps.add(now.a - a).add(now.b - b)
        ;[a, b] = [now.a, now.b]
      }
      assert.sameMembers([...steps], [2, -2])
      assert.deepStrictEqual(messages.at(-1)?.body, {
        variant: "data",
        data: { random_walk_a_position: a, random_walk_b_position: b }
      })
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )
})

describe("http-poll", () => {
  /** Answers these, one after the other. */
  const answering = (answers: ReadonlyArray<readonly [status: number, text: string] | "away">) => {
    const asked: Array<OutgoingRequest> = []
    const layer = Layer.succeed(
      Outgoing,
      Outgoing.of({
        send: (request) =>
          Effect.suspend(() => {
            const answer = answers[asked.push(request) - 1]
            return answer === undefined || answer === "away"
              ? new OutgoingError({ url: request.url, reason: "Disconnected", detail: "no route" })
              : Effect.succeed({ status: answer[0], headers: {}, body: Buffer.from(answer[1]) })
          })
      })
    )
    return { asked, layer: Layer.merge(ProcedureGround.layerDetached, layer) }
  }

  it.scoped("posts what is answered; what is no good answer is an event of its own and no failure", () => {
    const { asked, layer } = answering([[200, '{"t":1}'], [503, "later"], "away", [200, "no json"], [200, "[2]"]])
    return Effect.gen(function* () {
      const { events, run } = yield* living(HttpPoll, { url: "http://camera.example/t", type: "t" })
      yield* Effect.repeatN(run, 4)
      assert.deepStrictEqual(
        events.map(({ data, type }) => [type, type === "t" ? data : (data as { reason: string }).reason]),
        [
          ["t", { t: 1 }],
          ["t.failed", "answered 503"],
          ["t.failed", "no route"],
          ["t.failed", "the answer is no JSON"],
          ["t", [2]]
        ]
      )
      // An address from the config is no operator's word: private networks have to be allowed.
      assert.isTrue(asked.every(({ trusted }) => trusted !== true))
    }).pipe(Effect.provide(layer))
  })
})

describe("serial-lines", () => {
  it.scopedLive.skipIf(!SerialLine.canTry)("posts each line, in the form that is asked for; fails when unplugged", () =>
    Effect.gen(function* () {
      for (const [parse, data] of [
        ["text", ["1.5, -2e3 C", "[3]"]],
        ["numbers", [[1.5, -2000], [3]]],
        ["json", ["1.5, -2e3 C", [3]]]
      ] as const) {
        const { child, device } = yield* SerialLine.open
        const { events, run } = yield* living(SerialLines, { device, baud: 115_200, parse })
        const fiber = yield* Effect.fork(Effect.flip(run))
        yield* Effect.sleep("200 millis")
        child.stdin.write("1.5, -2e3 C\n[3]\n")
        yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => events.length === 2 })
        assert.deepStrictEqual(
          events.map((event) => event.data),
          [...data]
        )
        child.stdin.end()
        assert.strictEqual((yield* Fiber.join(fiber)).reason, "Disconnected")
      }
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )

  it.scopedLive("is not content with anything else than a device", () =>
    Effect.gen(function* () {
      const { run } = yield* living(SerialLines, { device: "/dev/null" })
      assert.strictEqual((yield* Effect.flip(run)).reason, "Misconfigured")
      assert.strictEqual((yield* Effect.flip(SerialLines.prepare({ device: "a" }))).reason, "Misconfigured")
    }).pipe(Effect.provide(ProcedureGround.layerDetached))
  )
})
