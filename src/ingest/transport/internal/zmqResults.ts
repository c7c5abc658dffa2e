/**
 * Results from a worker's PUSH to the reducer's PULL.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Zeromq } from "../../../source/Zeromq.js"
import type { TransportFailed } from "../../FrameTransport.js"
import type { ReducerLink, ResultInbox, ResultMessage } from "../../ResultTransport.js"
import { bind, connect, isIpv6, open } from "./zmqAddress.js"
import * as Inlet from "./zmqInlet.js"

export const bindPull = (zmq: Zeromq, url: string): Effect.Effect<ResultInbox, TransportFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* open(
      () =>
        new zmq.Pull({
          linger: 0,
          tcpKeepalive: 1,
          tcpKeepaliveIdle: 300,
          tcpKeepaliveInterval: 300,
          ipv6: isIpv6(url)
        })
    )
    const advertised = yield* bind(socket, url)
    const inlet = Inlet.make(socket, 256)
    const take: ResultInbox["take"] = Effect.flatMap(inlet.take, (messages) => {
      const results = messages.flatMap(resultOf)
      return results.length > 0 ? Effect.succeed(results) : take
    })
    return { url: advertised, take }
  })

export const connectPush = (zmq: Zeromq, url: string): Effect.Effect<ReducerLink, TransportFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* open(() => new zmq.Push({ linger: 500, ipv6: isIpv6(url) }))
    yield* connect(socket, url)
    const sendAll = async (messages: ReadonlyArray<ResultMessage>, halt: { readonly called: boolean }) => {
      for (const { header, payload } of messages) {
        if (halt.called) return
        await socket.send([header, payload])
      }
    }
    // One send at a time; one that has begun goes on when its caller no longer waits for it.
    let last = Promise.resolve()
    const send: ReducerLink["send"] = (messages) =>
      Effect.async((resume) => {
        const halt = { called: false }
        last = last.then(() => sendAll(messages, halt)).catch(() => undefined)
        void last.then(() => resume(Effect.void))
        return Effect.sync(() => {
          halt.called = true
        })
      })
    return { send }
  })

// ---------------------------------------------------------------------------------------------------------------------

/** What has not two parts is no result. */
const resultOf = (message: ReadonlyArray<Buffer>): ReadonlyArray<ResultMessage> => {
  const [header, payload] = message
  return message.length === 2 && header !== undefined && payload !== undefined ? [{ header, payload }] : []
}
