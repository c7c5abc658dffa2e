/**
 * One thread that runs a user's module, as its owner sees it: questions and answers, and one end.
 *
 * @internal
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Worker } from "node:worker_threads"
import type { ParameterDescription } from "../../../assignment/ParameterDescription.js"
import type { Parameters } from "../../ParameterValues.js"
import { unfit, UserCodeFailed } from "../../UserCode.js"
import { type Answer, type Ask, handOver, type Request } from "./threadMessage.js"
import { eachLine } from "./threadOutput.js"

export interface UserThread {
  readonly parameters: ReadonlyArray<ParameterDescription>
  /** Answers in order. Fails with what the module failed with, or with the end of the thread. */
  readonly ask: (ask: Ask, parameters: Parameters) => Effect.Effect<unknown, UserCodeFailed>
  /** Ends it from outside; whoever waits for an answer is told. */
  readonly end: (reason: "hung", detail: string) => Effect.Effect<void>
  readonly hasEnded: () => boolean
  /** It has not answered everything, wanted or not. */
  readonly isBusy: () => boolean
  /** Fails when the thread has ended. */
  readonly ended: Effect.Effect<never, UserCodeFailed>
}

/** What comes from a thread without being asked for. */
export interface Hearing {
  readonly onStray: (failure: UserCodeFailed) => void
  readonly onLine: (line: string) => void
}

/** Begins a thread and waits until it has its module. It is gone when the scope closes, whatever it is doing. */
export const begin = (
  entry: URL,
  file: string,
  { onLine, onStray }: Hearing
): Effect.Effect<UserThread, UserCodeFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const end = yield* Deferred.make<never, UserCodeFailed>()
    const ready = yield* Deferred.make<ReadonlyArray<ParameterDescription>, UserCodeFailed>()
    const waiting = new Map<number, (answer: Effect.Effect<unknown, UserCodeFailed>) => void>()
    let hasEnded = false
    const finish = (reason: UserCodeFailed["reason"], detail: string) => {
      const failure = new UserCodeFailed({ step: "process", reason, detail, event: null })
      hasEnded = true
      Deferred.unsafeDone(end, Effect.fail(failure))
      Deferred.unsafeDone(ready, Effect.fail(unfit(detail)))
      for (const resume of waiting.values()) resume(Effect.fail(failure))
      waiting.clear()
    }
    const hear = (answer: Answer) => {
      if ("ready" in answer) return Deferred.unsafeDone(ready, Effect.succeed(answer.ready))
      if ("stray" in answer) return onStray(new UserCodeFailed(answer.stray))
      if ("unfit" in answer) return Deferred.unsafeDone(ready, Effect.fail(new UserCodeFailed(answer.unfit)))
      const resume = waiting.get(answer.id)
      waiting.delete(answer.id)
      resume?.("value" in answer ? Effect.succeed(answer.value) : Effect.fail(new UserCodeFailed(answer.failure)))
    }
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const started = new Worker(entry, { workerData: { file }, stdout: true, stderr: true })
        eachLine(started.stdout, onLine)
        eachLine(started.stderr, onLine)
        started.on("message", hear)
        started.on("error", (error) => finish("crashed", error.message))
        started.on("exit", (code) => finish("exited", `with code ${code}`))
        return started
      }),
      (started) => Effect.promise(() => started.terminate())
    )
    const parameters = yield* Deferred.await(ready)
    let next = 0
    let told: Parameters | undefined
    return {
      parameters,
      ask: (ask, given) =>
        Effect.async<unknown, UserCodeFailed>((resume) => {
          const id = next++
          waiting.set(id, resume)
          const request = { id, parameters: told === given ? undefined : given }
          told = given
          send(worker, request, ask)
          // The thread is at it all the same, whoever has stopped waiting.
          return Effect.sync(() => waiting.has(id) && waiting.set(id, () => undefined))
        }).pipe(Effect.raceFirst(Deferred.await(end))),
      end: (reason, detail) => Effect.sync(() => finish(reason, detail)),
      hasEnded: () => hasEnded,
      isBusy: () => waiting.size > 0,
      ended: Deferred.await(end)
    }
  })

// -----------------------------------------------------------------------------

const send = (worker: Worker, request: Omit<Request, "ask">, ask: Ask) => {
  if (ask.step !== "process") return worker.postMessage({ ...request, ask }, [])
  const { event, transfer } = handOver(ask.event)
  worker.postMessage({ ...request, ask: { ...ask, event } }, [...transfer])
}
