/**
 * A worker's DEALER to one ingester, under the worker's name. It says nothing by itself: pings are the worker's.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Zeromq } from "../../../source/Zeromq.js"
import type { IngesterLink, TransportFailed } from "../../FrameTransport.js"
import { pingBytes } from "./pingBytes.js"
import { connect, isIpv6, open } from "./zmqAddress.js"
import * as Inlet from "./zmqInlet.js"

/** Messages that wait on this side. They are bounded by their number alone, and those of some detectors have megabytes. */
const waiting = 128

export const connectDealer = (
  zmq: Zeromq,
  url: string,
  worker: { readonly name: string; readonly incarnation: string }
): Effect.Effect<IngesterLink, TransportFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* open(
      () =>
        new zmq.Dealer({
          routingId: worker.name,
          receiveHighWaterMark: waiting,
          sendTimeout: 0,
          linger: 0,
          ipv6: isIpv6(url)
        })
    )
    let breaks = 0
    socket.events.on("disconnect", () => void breaks++)
    yield* connect(socket, url)
    const bytes = pingBytes(worker.incarnation)
    // A link that is down for so long that it takes no more pings needs none.
    const ping = Effect.ignore(Effect.tryPromise(() => socket.send(bytes)))
    const { drain, take } = Inlet.make(socket, 256)
    return { ping, take, drain, breaks: () => breaks }
  })
