/**
 * A detector that sends its series over ZeroMQ: a source from its format alone.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FrameIntake } from "../../../source/FrameIntake.js"
import { type Classify, FrameSeries } from "../../../source/FrameSeries.js"
import * as Source from "../../../source/Source.js"
import { receive, zeromqFields } from "./zeromqMessages.js"

const Settings = Schema.Struct(zeromqFields)

export const detector = (options: {
  readonly name: string
  readonly description: string
  readonly typ: string
  /** PULL shares a series with whoever else pulls; SUB gets all of it, and loses what it is too slow for. */
  readonly socket: "pull" | "sub"
  /** Made anew for each opening, so that it may keep state. */
  readonly classify: () => Classify
}): Source.Source =>
  Source.make({
    name: options.name,
    description: options.description,
    typ: options.typ,
    settings: Settings,
    open: Effect.fnUntraced(function* (settings) {
      const intake = new FrameIntake(options.name, settings.buffer)
      const series = new FrameSeries(options.classify(), intake)
      yield* receive({
        ...settings,
        source: options.name,
        socket: options.socket,
        end: "connect",
        topics: [""],
        intake,
        read: (message) => series.read(message)
      })
      return series.reader
    })
  })
