/** LeCroy oscilloscopes over ZeroMQ PUB: whole sequences of traces as frames, one sequence at a time or continuous. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FrameIntake } from "../../source/FrameIntake.js"
import * as Source from "../../source/Source.js"
import { LecroySeries } from "./internal/LecroySeries.js"
import { receive, zeromqFields } from "./internal/zeromqMessages.js"

const name = "lecroy"

const Settings = Schema.Struct(zeromqFields)

export const LecroySource: Source.Source = Source.make({
  name,
  description: "A LeCroy oscilloscope that publishes over ZeroMQ",
  typ: "lecroy_9fwdWp6Rq7",
  settings: Settings,
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const series = new LecroySeries(intake)
    yield* receive({
      ...settings,
      source: name,
      socket: "sub",
      end: "connect",
      topics: [""],
      intake,
      read: (message) => series.read(message)
    })
    return series.reader
  })
})
