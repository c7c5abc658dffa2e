/** Where an ingester leaves a copy of what it forwards: the port that it needs, whoever writes. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { MappingId } from "../assignment/WorkAssignment.js"

/** The frame of one stream in an event. */
export interface DumpedStream {
  readonly name: string
  readonly typ: string
  /** As they came from the source. */
  readonly parts: ReadonlyArray<Uint8Array>
}

/** The dump of one scan. */
export interface OpenDump {
  /** Takes an event, in the order of events, those whose frames nobody gets too. Called on the hot path: never waits, never throws. */
  readonly offer: (event: number, streams: ReadonlyArray<DumpedStream>) => void
  /** Done when all that was offered is written, or can't be. Nothing is offered afterwards. */
  readonly close: Effect.Effect<void>
}

export class FrameDump extends Context.Tag("outpost/FrameDump")<
  FrameDump,
  {
    /**
     * Opens the dump of a scan, closed with the scope at the latest. `prefix` is the parameter `dump_prefix` at the begin of
     * the scan, empty where it is not set. A dump that can't be written is an alarm and never a failure of the scan; one that
     * nobody wants leaves no file, and is none.
     */
    readonly open: (scan: {
      readonly ingester: string
      readonly mapping: MappingId
      readonly prefix: string
    }) => Effect.Effect<OpenDump | undefined, never, Scope.Scope>
  }
>() {}

/** Nothing is dumped. */
export const layerNone: Layer.Layer<FrameDump> = Layer.succeed(FrameDump, {
  open: () => Effect.succeed(undefined)
})
