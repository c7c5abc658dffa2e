/** The other end of a source over ZeroMQ: a detector that pushes, or that publishes to whoever has subscribed. */
import { Effect } from "effect"
import { Push, XPublisher } from "zeromq"
import type { Message } from "../../src/source/FrameSeries.js"

/** Loopback, any free port, a short queue: what is not received is soon felt. */
export const detector = (socket: "push" | "pub", queue = 1000) =>
  Effect.gen(function* () {
    const options = { linger: 0, sendHighWaterMark: queue, sendTimeout: 5000 }
    const peer = yield* Effect.acquireRelease(
      Effect.sync(() => (socket === "push" ? new Push(options) : new XPublisher(options))),
      (made) => Effect.sync(() => made.close())
    )
    yield* Effect.promise(() => peer.bind("tcp://127.0.0.1:*"))
    const url = peer.lastEndpoint
    if (url === null) return yield* Effect.dieMessage("not bound")
    return {
      url,
      /** Waits until somebody has subscribed. */
      subscribed: peer instanceof XPublisher ? Effect.promise(() => peer.receive()) : Effect.void,
      send: (messages: ReadonlyArray<Message>) =>
        Effect.promise(async () => {
          for (const message of messages) await peer.send([...message])
        }),
      /** Sends the same message until there is no room for it for a while, or `most` times; says how often. */
      flood: (message: Message, most: number) =>
        Effect.promise(async () => {
          peer.sendTimeout = 200
          for (let sent = 0; sent < most; sent++) {
            try {
              await peer.send([...message])
            } catch {
              return sent
            }
          }
          return most
        }),
      close: Effect.sync(() => peer.close())
    }
  })
