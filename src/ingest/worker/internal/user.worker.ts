/**
 * The program of a thread that runs a user's module: loads it, says what parameters it reads, then answers requests one by
 * one. Whatever it can't answer for, because it crashed or hangs, its owner sees from outside.
 *
 * @internal
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Duration from "effect/Duration"
import * as Queue from "effect/Queue"
import { parentPort, workerData } from "node:worker_threads"
import type { Parameters } from "../../ParameterValues.js"
import { describe } from "../../../site/UserModule.js"
import { asFailure, rejection } from "../../StrayFailures.js"
import { load, unfit, UserCodeFailed } from "../../UserCode.js"
import * as EventRunner from "../EventRunner.js"
import type { Answer, Ask, Failure, Request, ThreadData } from "./threadMessage.js"
import * as WorkerModule from "../WorkerModule.js"

const failure = ({ detail, event, reason, step }: UserCodeFailed): Failure => ({ detail, event, reason, step })

const answerTo = (
  runner: EventRunner.EventRunner,
  ask: Ask,
  parameters: Parameters
): Effect.Effect<unknown, UserCodeFailed> => {
  switch (ask.step) {
    case "start":
      return runner.start(parameters)
    case "tick":
      return runner.tick(parameters)
    case "finish":
      return runner.finish(parameters)
    case "interval":
      return Effect.map(runner.tickInterval(parameters), Option.match({ onNone: () => 0, onSome: Duration.toSeconds }))
    case "process":
      return Effect.flatMap(runner.run([ask.event], parameters, ask.tick), ([outcome]) =>
        outcome?.failure === undefined ? Effect.succeed(outcome?.result) : Effect.fail(outcome.failure)
      )
  }
}

const program = Effect.gen(function* () {
  const port = parentPort
  if (port === null) return yield* Effect.dieMessage("this is the program of a thread")
  const post = (answer: Answer) => Effect.sync(() => port.postMessage(answer))
  const { file }: ThreadData = workerData
  // It would end the thread, and cost whatever event that has by now.
  process.on("unhandledRejection", (cause) => {
    port.postMessage({ stray: failure(asFailure("process", rejection(describe(cause)))) } satisfies Answer)
  })
  // Bounded by its owner, who waits for an answer before the next event.
  const requests = yield* Queue.unbounded<Request>()
  const runner = yield* load(file).pipe(
    Effect.flatMap(WorkerModule.check),
    Effect.flatMap((module) => EventRunner.inProcess(module)),
    Effect.tapError((error) => post({ unfit: failure(error) }))
  )
  port.on("message", (request: Request) => requests.unsafeOffer(request))
  yield* post({ ready: runner.parameters })
  let parameters: Parameters = {}
  return yield* Queue.take(requests).pipe(
    Effect.flatMap((request) => {
      parameters = request.parameters ?? parameters
      return answerTo(runner, request.ask, parameters).pipe(
        Effect.matchEffect({
          onSuccess: (value) => post({ id: request.id, value }),
          onFailure: (error) => post({ id: request.id, failure: failure(error) })
        }),
        // A result that can't leave the thread (a function, a socket) is thrown by the port.
        Effect.catchAllDefect((cause) => post({ id: request.id, failure: failure(unfit(String(cause))) }))
      )
    }),
    Effect.forever
  )
})

NodeRuntime.runMain(Effect.ignore(program))
