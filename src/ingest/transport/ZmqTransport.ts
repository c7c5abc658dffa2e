/**
 * Ingesters, workers and the reducer over ZeroMQ, as the field's peers speak it: frames from ROUTER to DEALER, pings back,
 * results from PUSH to PULL; no delimiters, no security. Who listens is bound to loopback where the address that it gives to
 * others is loopback, and to all interfaces otherwise; port 0 takes a free one.
 *
 * A ROUTER keeps a queue for each worker, which ZeroMQ bounds by messages alone, whatever their size: so it is a short one, and
 * what else waits for a worker waits where bytes are counted. One that is full, or has no peer, answers at once and holds nobody
 * else up.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Zeromq from "../../source/Zeromq.js"
import { FrameTransport } from "../FrameTransport.js"
import { ResultTransport } from "../ResultTransport.js"
import { connectDealer } from "./internal/zmqDealer.js"
import { bindPull, connectPush } from "./internal/zmqResults.js"
import { bindRouter } from "./internal/zmqRouter.js"

export class Settings extends Schema.Class<Settings>("outpost/ingest/ZmqTransport/Settings")({
  /** Messages that wait within ZeroMQ for one worker. Fewer cost speed with small frames, more cost memory with large ones. */
  queueMessages: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { default: () => 256 })
}) {}

/** Both transports. The library is loaded when the first of them is used. */
export const layerWith = (settings: Settings): Layer.Layer<FrameTransport | ResultTransport> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const library = yield* Effect.cached(Zeromq.load)
      return Context.make(FrameTransport, {
        listen: (url) => Effect.flatMap(library, (zmq) => bindRouter(zmq, url, settings)),
        connect: (url, worker) => Effect.flatMap(library, (zmq) => connectDealer(zmq, url, worker))
      }).pipe(
        Context.add(ResultTransport, {
          listen: (url) => Effect.flatMap(library, (zmq) => bindPull(zmq, url)),
          connect: (url) => Effect.flatMap(library, (zmq) => connectPush(zmq, url))
        })
      )
    })
  )

export const layer: Layer.Layer<FrameTransport | ResultTransport> = layerWith(new Settings())
