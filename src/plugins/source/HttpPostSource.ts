/** Whatever is posted over HTTP: each body is a frame, answered 202 once it waits to be taken. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { setting } from "../../site/Setting.js"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { postSettings, serve } from "./internal/httpPosts.js"

const name = "http-post"

const Settings = postSettings({
  path: setting(Schema.String.pipe(Schema.startsWith("/")), "/", "Where posts are taken"),
  typ: setting(Schema.NonEmptyString, "raw", "What receivers are told the frames are")
})

export const HttpPostSource = Source.make({
  name,
  description: "Posts over HTTP; each body is a frame",
  typ: ({ typ }) => typ,
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    yield* serve(settings, {
      source: name,
      has: (path) => path === settings.path,
      isFull: () => intake.isFull,
      post: (_, body) => {
        intake.put({ parts: [body] })
        intake.announce()
        return { status: 202, body: null }
      }
    })
    return { take: intake.take }
  })
})
