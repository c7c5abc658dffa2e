/** An ingester in an ensemble of this process, with what a test says to it and hears from it. */
import { Effect, Layer, Option, Stream } from "effect"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { Incarnation, MappingId } from "../../src/assignment/WorkAssignment.js"
import * as FrameDump from "../../src/ingest/FrameDump.js"
import { FrameTransport } from "../../src/ingest/FrameTransport.js"
import * as Ingester from "../../src/ingest/Ingester.js"
import type { IngesterEvent } from "../../src/ingest/IngesterEvent.js"
import * as InProcessTransport from "../../src/ingest/transport/InProcessTransport.js"

export const mappingOf = (n: number): MappingId =>
  MappingId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)
export const incarnationOf = (n: number): Incarnation =>
  Incarnation.make(`10000000-0000-4000-8000-${String(n).padStart(12, "0")}`)

export const layer = Layer.mergeAll(InProcessEnsemble.layer, InProcessTransport.layer, FrameDump.layerNone)

export const make = (options: Partial<Ingester.Options> & Pick<Ingester.Options, "streams">) =>
  Effect.gen(function* () {
    const events: Array<IngesterEvent> = []
    const log = yield* AssignmentLog
    const transport = yield* FrameTransport
    const ingester = yield* Ingester.make({
      name: "ing",
      incarnation: incarnationOf(0),
      url: "inproc://ing",
      onEvent: (event) => Effect.sync(() => events.push(event)),
      ...options
    })
    return {
      ingester,
      events,
      /** Assigns events from `first` on; each is workers by stream. */
      assign: (
        mapping: MappingId,
        first: number,
        ...assignments: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
      ) =>
        Effect.orDie(
          log.append(
            mapping,
            assignments.map((assignments, at) => ({ event_number: first + at, assignments }))
          )
        ),
      /** A worker that takes what is there when it is asked. */
      worker: (name: string, start = 1) =>
        Effect.gen(function* () {
          const link = yield* transport.connect(ingester.url, { name, incarnation: incarnationOf(start) })
          yield* link.ping
          return {
            ...link,
            /** So many messages as text: the number of the event, then its frames. */
            texts: (count: number) =>
              Effect.gen(function* () {
                const texts: Array<string> = []
                while (texts.length < count) texts.push(...(yield* link.take).map(textOf))
                return texts
              })
          }
        })
    }
  })

export type IngesterHouse = Effect.Effect.Success<ReturnType<typeof make>>

/** The first one of what may never end. */
export const firstOf = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.map(Stream.runHead(stream), Option.getOrUndefined)

export const textOf = ([header, ...frames]: ReadonlyArray<Uint8Array>): string => {
  const { event_number } = JSON.parse(Buffer.from(header ?? []).toString())
  return [event_number, ...frames.map((frame) => Buffer.from(frame).toString())].join(" ")
}
