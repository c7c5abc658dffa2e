/** Any messages over ZeroMQ: each is a frame, with its parts as they came. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { receive, zeromqFields } from "./internal/zeromqMessages.js"

const name = "zeromq"

const Settings = Schema.Struct({
  ...zeromqFields,
  socket: setting(Schema.Literal("pull", "sub"), "pull", "PULL from a sender's PUSH, or SUB to its PUB"),
  end: setting(Schema.Literal("connect", "bind"), "connect", "Connect to the sender, or let senders connect"),
  topics: setting(Schema.Array(Schema.String), [""], "What SUB asks for: messages that begin so; empty text for all"),
  typ: setting(Schema.NonEmptyString, "raw", "What receivers are told the frames are")
})

export const ZeromqSource = Source.make({
  name,
  description: "Messages of any kind over ZeroMQ; each is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    yield* receive({ ...settings, source: name, intake, read: (parts) => intake.put({ parts }) })
    return { take: intake.take }
  })
})
