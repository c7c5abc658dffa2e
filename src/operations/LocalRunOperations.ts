/** The verbs of runs in this process. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RunContext } from "../run/RunContext.js"
import { RunOperations } from "./RunOperations.js"

export const layer: Layer.Layer<RunOperations, never, RunContext> = Layer.effect(
  RunOperations,
  Effect.map(RunContext, ({ active, get, list, start, stop }) => RunOperations.of({ active, get, list, start, stop }))
)
