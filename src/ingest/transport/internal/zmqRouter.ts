/**
 * An ingester's ROUTER.
 *
 * Measured on zeromq 6.8 with `sendTimeout` 0 and ROUTER_MANDATORY: a send is done, or refused, before it returns; a peer whose
 * pipe is full answers EAGAIN and one that is unknown EHOSTUNREACH, each whole message or none of it, while sends to other peers
 * go on. A full pipe takes messages again when half of its mark has left; that is noticed when the socket's events are asked
 * for. The mark must not be changed while there are connections: libzmq 4.3.5 crashes when one ends about then.
 *
 * A worker that connects anew takes its name over from its old connection: without ROUTER_HANDOVER the socket would refuse a
 * worker that is back before the end of the old connection was noticed, and take its next ping for its name.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Router } from "zeromq"
import type { Zeromq } from "../../../source/Zeromq.js"
import type { FrameMessage, HandOver, Ping, TransportFailed, WorkerLinks } from "../../FrameTransport.js"
import { incarnationOf } from "./pingBytes.js"
import { bind, isIpv6, open } from "./zmqAddress.js"
import * as Inlet from "./zmqInlet.js"

/** Milliseconds until a worker that could not be sent to is tried again; it doubles up to the last one. */
const firstWait = 1
const lastWait = 16

export const bindRouter = (
  zmq: Zeromq,
  url: string,
  { queueMessages }: { readonly queueMessages: number }
): Effect.Effect<WorkerLinks, TransportFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* open(
      () =>
        new zmq.Router({
          mandatory: true,
          handover: true,
          sendTimeout: 0,
          linger: 0,
          sendHighWaterMark: queueMessages,
          tcpKeepalive: 1,
          tcpKeepaliveIdle: 300,
          tcpKeepaliveInterval: 300,
          ipv6: isIpv6(url)
        })
    )
    const advertised = yield* bind(socket, url)
    const outgoing = sender(socket)
    const pings = yield* Queue.sliding<Ping>(1024)
    yield* Inlet.make(socket, 64).take.pipe(
      Effect.flatMap((messages) => Queue.offerAll(pings, messages.flatMap(pingOf))),
      Effect.forever,
      Effect.forkScoped
    )
    return { url: advertised, ...outgoing, pings: Stream.fromQueue(pings) }
  })

// ---------------------------------------------------------------------------------------------------------------------

/** A peer's identity, and how long to wait until the next attempt if the last one was refused. */
interface Peer {
  readonly identity: Buffer
  wait: number
}

const sender = (socket: Router): Pick<WorkerLinks, "send" | "room"> => {
  const peers = new Map<string, Peer>()
  const peerOf = (worker: string): Peer => {
    const peer = peers.get(worker) ?? { identity: Buffer.from(worker), wait: 0 }
    peers.set(worker, peer)
    return peer
  }

  /** Messages go one after the other, and each is known to be sent before the next, so that order holds. */
  const handOver = async (
    peer: Peer,
    messages: ReadonlyArray<FrameMessage>,
    halt: { readonly called: boolean }
  ): Promise<HandOver> => {
    let taken = 0
    for (const message of messages) {
      if (halt.called) break
      const whole: Array<Uint8Array> = [peer.identity, ...message]
      try {
        await socket.send(whole)
      } catch {
        if (halt.called) break
        const refusal = await again(socket, whole)
        if (refusal !== undefined) {
          peer.wait = Math.min(lastWait, Math.max(firstWait, peer.wait * 2))
          return { taken, ended: refusal }
        }
      }
      peer.wait = 0
      taken++
    }
    return { taken, ended: "sent" }
  }

  return {
    send: (worker, messages) =>
      Effect.async((resume) => {
        const halt = { called: false }
        void handOver(peerOf(worker), messages, halt).then((result) => resume(Effect.succeed(result)))
        return Effect.sync(() => {
          halt.called = true
        })
      }),
    room: (worker) => Effect.suspend(() => Effect.sleep(peerOf(worker).wait))
  }
}

/** Once more, after hearing what has left meanwhile, which asking for events does. Why it was refused, if it was. */
const again = async (socket: Router, message: Array<Uint8Array>): Promise<"full" | "gone" | undefined> => {
  try {
    void socket.writable
    await socket.send(message)
    return undefined
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EAGAIN" ? "full" : "gone"
  }
}

/** What is no ping is not ours. */
const pingOf = (message: ReadonlyArray<Buffer>): ReadonlyArray<Ping> => {
  const [identity, bytes] = message
  return message.length === 2 && identity !== undefined && bytes?.byteLength === 16
    ? [{ worker: identity.toString(), incarnation: incarnationOf(bytes) }]
    : []
}
