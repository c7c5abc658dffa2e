/**
 * Messages over a WebSocket that is connected to: each is a frame, text as its UTF-8. A peer that gives no sign of life for twice
 * the heartbeat is gone.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { RawData, WebSocket } from "ws"
import { ByteCount, DurationText, setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { SourceError } from "../../source/SourceError.js"

const name = "websocket"

const Settings = Schema.Struct({
  url: Schema.String.pipe(
    Schema.filter(
      (url) => (URL.canParse(url) && /^wss?:/i.test(url)) || "expected an address such as ws://device:8080/data"
    )
  ).annotations({ description: "ws or wss" }),
  hello: setting(Schema.Array(Schema.String), [], "Messages that are sent once the connection stands"),
  buffer: setting(ByteCount, 16 * 1024 * 1024, "What may wait here; beyond it the sender waits"),
  max_message: setting(ByteCount, 16 * 1024 * 1024, "A longer message ends the connection"),
  connect_within: setting(DurationText, Duration.seconds(10), "How long a connection may take to stand"),
  heartbeat: setting(DurationText, Duration.seconds(30), "How often the peer is asked for a sign of life"),
  typ: setting(Schema.NonEmptyString, "raw", "What receivers are told the frames are")
})
type Settings = typeof Settings.Type

export const WebsocketSource = Source.make({
  name,
  description: "Messages over a WebSocket that is connected to; each is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    let alive = true
    const socket = yield* connect(settings, (made) => {
      made.on("pong", () => {
        alive = true
      })
      made.on("message", (data) => {
        alive = true
        intake.put({ parts: [bytesOf(data)] })
        intake.announce()
        if (!intake.isFull) return
        made.pause()
        intake.whenRoom(() => made.resume())
      })
      made.on("error", (error) => intake.finish("Disconnected", error.message))
      made.on("close", (code, reason) =>
        intake.finish("Disconnected", `closed by the peer: ${`${code} ${reason.toString()}`.trim()}`)
      )
    })
    for (const text of settings.hello) socket.send(text)

    const beat = Effect.sync(() => {
      // Of a peer that is kept waiting, nothing can be heard.
      if (socket.isPaused) return
      if (!alive) {
        intake.finish("Disconnected", "gives no sign of life")
        return socket.terminate()
      }
      alive = false
      if (socket.readyState === open) socket.ping()
    })
    yield* Effect.forkScoped(Effect.repeat(beat, Schedule.spaced(settings.heartbeat)))
    return { take: intake.take }
  })
})

// ---------------------------------------------------------------------------------------------------------------------

/** `readyState` of `ws`, without loading it. */
const open = 1

/** A connection that stands. `listen` is called before it does, so that nothing is missed. */
const connect = (
  { connect_within, max_message, url }: Settings,
  listen: (socket: WebSocket) => void
): Effect.Effect<WebSocket, SourceError, Scope.Scope> => {
  const failed = (detail: string) =>
    new SourceError({ source: name, reason: "Disconnected", detail: `${url}: ${detail}` })
  return Effect.promise(() => import("ws")).pipe(
    Effect.flatMap(({ WebSocket }) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const socket = new WebSocket(url, { maxPayload: max_message, perMessageDeflate: false })
          listen(socket)
          return socket
        }),
        (socket) => Effect.sync(() => socket.terminate())
      )
    ),
    Effect.tap((socket) =>
      Effect.async<void, SourceError>((resume) => {
        socket.once("open", () => resume(Effect.void))
        socket.once("error", (error) => resume(failed(error.message)))
      }).pipe(Effect.timeoutFail({ duration: connect_within, onTimeout: () => failed("no connection in time") }))
    )
  )
}

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data
