/**
 * Ingesters, workers and the reducer in one process: messages are handed over as they are, nothing is copied. An address is any
 * text; what connects before anybody listens is connected as soon as somebody does. A connection holds a bounded number of
 * messages and bytes, as one over a network does.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FrameTransport } from "../FrameTransport.js"
import { ResultTransport } from "../ResultTransport.js"
import { framePlaces } from "./internal/framePlaces.js"
import { resultPlaces } from "./internal/resultPlaces.js"

/** Both transports; each layer that is built is a world of its own. */
export const layer: Layer.Layer<FrameTransport | ResultTransport> = Layer.effectContext(
  Effect.sync(() => Context.make(FrameTransport, framePlaces()).pipe(Context.add(ResultTransport, resultPlaces())))
)
