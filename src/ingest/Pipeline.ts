/**
 * A whole ensemble in this process: controller, ingester, workers and reducer, with nothing between them but memory. For a
 * first look, for tests, and for a site that needs no more than one machine.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import type { ControllerActive, EnsembleUnreachable } from "../assignment/EnsembleError.js"
import * as InProcessEnsemble from "../assignment/InProcessEnsemble.js"
import { Incarnation } from "../assignment/WorkAssignment.js"
import type { Controller, Progress } from "./controller/Controller.js"
import * as ControllerService from "./controller/ControllerService.js"
import { ControllerSettings } from "./controller/ControllerSettings.js"
import type { MapRefused, NotTaken, TriggerMap } from "./controller/TriggerMap.js"
import * as FrameDump from "./FrameDump.js"
import type { TransportFailed } from "./FrameTransport.js"
import * as Ingester from "./Ingester.js"
import * as Reducer from "./reducer/Reducer.js"
import type * as ReducerModule from "./reducer/ReducerModule.js"
import type { OwnStream } from "./StreamIntake.js"
import * as InProcessTransport from "./transport/InProcessTransport.js"
import type { EventRunner } from "./worker/EventRunner.js"
import * as Worker from "./worker/Worker.js"

export interface Options {
  /** All of one ingester. */
  readonly streams: ReadonlyArray<OwnStream>
  /** One for each worker. */
  readonly runners: ReadonlyArray<EventRunner>
  readonly reducer: ReducerModule.CheckedModule
}

export interface Pipeline {
  readonly controller: Context.Tag.Service<Controller>
  readonly ingester: Ingester.Ingester
  readonly workers: ReadonlyArray<Worker.Worker>
  readonly reducer: Reducer.Reducer
}

/** What came of the events of one scan. The last three add up to the first. */
export interface Summary {
  readonly events: number
  readonly processed: number
  readonly reassigned: number
  readonly lost: number
  /** From the moment when all had taken the map up. */
  readonly seconds: number
}

type OpenError = ControllerActive | EnsembleUnreachable | TransportFailed

/** Everything is up, and gone again with the scope: workers before the ingester, the controller last. */
export const open = (
  options: Options
): Effect.Effect<Pipeline, OpenError, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.gen(function* () {
    const ground = yield* Layer.build(memory)
    return yield* Effect.gen(function* () {
      const { controller } = yield* ControllerService.make(ControllerSettings.make({}))
      const reducer = yield* Reducer.make({ url: "inproc://reducer", module: options.reducer })
      const ingester = yield* Ingester.make({
        name: "ingester",
        incarnation: Incarnation.make(randomUUID()),
        url: "inproc://ingester",
        streams: options.streams
      })
      const workers = yield* Effect.forEach(options.runners, (runner, index) =>
        Worker.make({ name: `worker-${index + 1}`, runner })
      )
      return { controller, ingester, workers, reducer }
    }).pipe(Effect.provide(ground))
  })

/** Runs one scan to its end. Waits for services that are still finding each other. */
export const scan = (
  { controller }: Pipeline,
  map: TriggerMap,
  onProgress: (progress: Progress) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<Summary, MapRefused | NotTaken | EnsembleUnreachable> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    yield* controller.begin(map, { allWrap: false }).pipe(
      Effect.retry({
        schedule: Schedule.spaced("20 millis").pipe(Schedule.intersect(Schedule.recurs(500))),
        while: (error) => error._tag === "MapRefused" && (error.reason === "streams" || error.reason === "workers")
      })
    )
    const begun = clock.unsafeCurrentTimeNanos()
    const progress = yield* controller.progress.pipe(
      Effect.tap(onProgress),
      Effect.delay("5 millis"),
      Effect.repeat({ until: ({ finished }) => finished })
    )
    const seconds = Number(clock.unsafeCurrentTimeNanos() - begun) / 1e9
    const { lost, processed, reassigned, total_events } = progress
    return { events: total_events, processed, reassigned, lost, seconds }
  })

/**
 * A map of so many events of one stream that begins and ends with a message for everybody, as a stream1 series does; all
 * between goes in small groups to whoever is free.
 */
export const seriesMap = (stream: string, events: number, group = 100): TriggerMap => {
  const everybody = [{ tags: ["generic"], constraint: null }]
  const frames = (count: number) => ({
    [stream]: Array.from({ length: count }, (_, index) => [
      { tags: ["generic"], constraint: Math.floor(index / group) }
    ])
  })
  const ends = Math.min(events, 2)
  const whole = Math.floor((events - ends) / block)
  const rest = (events - ends) % block
  return {
    parts: {
      end: { [stream]: [everybody] },
      ...(whole > 0 ? { block: frames(block) } : {}),
      ...(rest > 0 ? { rest: frames(rest) } : {})
    },
    sequence: [
      ...(ends > 0 ? ["end"] : []),
      ...Array.from({ length: whole }, () => "block"),
      ...(rest > 0 ? ["rest"] : []),
      ...(ends > 1 ? ["end"] : [])
    ]
  }
}

// -----------------------------------------------------------------------------

/** Events of a part that is repeated. */
const block = 10_000

const memory = Layer.mergeAll(InProcessEnsemble.layer, InProcessTransport.layer, FrameDump.layerNone)
