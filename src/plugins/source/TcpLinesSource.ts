/**
 * Lines over TCP, from a device that is connected to or from any that connect: each line is a frame. A connection that ends
 * within a line is told; connected to, its end is that of the source.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Socket } from "node:net"
import { Count, optionalSetting, setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { follow } from "./internal/byteStream.js"
import { Lines, stripped } from "./internal/lines.js"
import { addressFields, connect, lineFields, listen } from "./internal/tcp.js"

const name = "tcp-lines"

const Settings = Schema.Struct({
  ...addressFields,
  mode: setting(Schema.Literal("connect", "listen"), "connect", "Connect to the sender, or wait for senders"),
  keep_newline: setting(Schema.Boolean, false, "Frames end with the line's ending"),
  hello: optionalSetting(Schema.String, "Sent over every new connection"),
  at_end: setting(
    Schema.Literal("reconnect", "finish"),
    "reconnect",
    "What the end of a connection that was made means: try again, or that the source is through"
  ),
  max_connections: setting(Count, 16, "Senders at a time, where they connect"),
  ...lineFields
})

export const TcpLinesSource = Source.make({
  name,
  description: "Lines over TCP; each is a frame",
  typ: "lines",
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const receive = (socket: Socket, end: (detail: string) => void) => {
      if (Option.isSome(settings.hello)) socket.write(settings.hello.value)
      const lines = new Lines(
        settings.max_line,
        (line) => intake.put({ parts: [settings.keep_newline ? line : stripped(line)] }),
        (bytes) => intake.malformed(`a line of ${bytes} bytes`)
      )
      follow(socket, intake, {
        data: (chunk) => lines.push(chunk),
        end: (detail) => {
          if (lines.rest > 0) intake.malformed(`${lines.rest} bytes of a line that did not end: ${detail}`)
          end(detail)
        }
      })
    }
    const address = { source: name, host: settings.host, port: settings.port }
    if (settings.mode === "listen") {
      yield* listen(address, settings.max_connections, (socket) => receive(socket, () => socket.destroy()))
    } else {
      const socket = yield* connect(address, settings.connect_within)
      receive(socket, (detail) => intake.finish(settings.at_end === "finish" ? "Exhausted" : "Disconnected", detail))
    }
    return { take: intake.take }
  })
})
