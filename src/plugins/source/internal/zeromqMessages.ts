/**
 * Messages over ZeroMQ, as they come, until there is no room for more: then the socket keeps them in its own queue, and beyond
 * that they wait at the sender (PUSH) or are lost there (PUB). The library connects, and connects again, by itself.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Pull, Subscriber } from "zeromq"
import { ByteCount, Count, setting } from "../../../site/Setting.js"
import type { FrameIntake } from "../../../source/FrameIntake.js"
import type { Message } from "../../../source/FrameSeries.js"
import { SourceError } from "../../../source/SourceError.js"
import * as Zeromq from "../../../source/Zeromq.js"

/** What every source over ZeroMQ can be told. */
export const zeromqFields = {
  url: Schema.String.pipe(
    Schema.pattern(/^(tcp:\/\/.+:(\d+|\*)|ipc:\/\/.+)$/, {
      message: () => "expected an address such as tcp://detector:9999 or ipc:///run/detector"
    })
  ).annotations({ description: "tcp://host:port or ipc://path" }),
  buffer: setting(
    ByteCount,
    64 * 1024 * 1024,
    "What may wait here from the opening on; beyond it the socket's queue fills"
  ),
  high_water: setting(Count, 1000, "Messages that wait in the socket's own queue"),
  max_message: setting(ByteCount, 256 * 1024 * 1024, "A sender of a longer part is disconnected")
}

export interface Request {
  readonly source: string
  readonly socket: "pull" | "sub"
  readonly end: "connect" | "bind"
  readonly url: string
  /** Prefixes that a SUB socket asks for. */
  readonly topics: ReadonlyArray<string>
  readonly high_water: number
  readonly max_message: number
  readonly intake: FrameIntake
  /** Puts into the intake what the message is worth. */
  readonly read: (message: Message) => void
}

/** Receives for as long as the scope lasts. */
export const receive = Effect.fnUntraced(function* (
  request: Request
): Effect.fn.Return<void, SourceError, Scope.Scope> {
  const socket = yield* opened(request)
  const attach =
    request.end === "connect"
      ? Effect.try(() => socket.connect(request.url))
      : Effect.acquireRelease(
          Effect.tryPromise(() => socket.bind(request.url)),
          () => Effect.ignore(Effect.tryPromise(() => socket.unbind(request.url)))
        )
  yield* Effect.mapError(attach, ({ error }) => refused(request, error))
  yield* Effect.forkScoped(Effect.promise(() => pump(socket, request)))
})

// ---------------------------------------------------------------------------------------------------------------------

const opened = (request: Request) =>
  Effect.flatMap(Zeromq.load, ({ Pull, Subscriber }) =>
    Effect.acquireRelease(
      Effect.sync((): Pull | Subscriber => {
        const options = {
          linger: 0,
          receiveHighWaterMark: request.high_water,
          maxMessageSize: request.max_message,
          // A detector that was switched off says no goodbye.
          tcpKeepalive: 1,
          tcpKeepaliveIdle: 30,
          tcpKeepaliveInterval: 10,
          tcpKeepaliveCount: 3
        }
        if (request.socket === "pull") return new Pull(options)
        const socket = new Subscriber(options)
        socket.subscribe(...request.topics)
        return socket
      }),
      (socket) => Effect.sync(() => socket.close())
    )
  )

/**
 * Reads as long as messages are there without waiting, then tells the reader of all of them at once: `receive` is done at once
 * for a message that is there, so that all of these come before the next turn of the event loop, in which the reader is told.
 */
const pump = async (socket: Pull | Subscriber, { intake, read }: Request): Promise<void> => {
  let isToBeTold = false
  const tell = () => {
    isToBeTold = false
    intake.announce()
  }
  try {
    for (;;) {
      read(await socket.receive())
      if (!isToBeTold) {
        isToBeTold = true
        setImmediate(tell)
      }
      if (intake.isFull) {
        intake.announce()
        await new Promise<void>((resolve) => intake.whenRoom(resolve))
      }
    }
  } catch (error) {
    if (!socket.closed) intake.finish("Disconnected", reasonOf(error))
  }
}

const refused = ({ source, url }: Request, error: unknown) => {
  const isInUse = codeOf(error) === "EADDRINUSE" || codeOf(error) === "EADDRNOTAVAIL"
  return new SourceError({
    source,
    reason: isInUse ? "Disconnected" : "Misconfigured",
    detail: `${url}: ${reasonOf(error)}`
  })
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined
