/** An ingester that never runs out of assignments: ten events in a row go to one of two workers. */
import { Chunk, Effect, Layer, Stream } from "effect"
import * as InProcessEnsemble from "../../src/assignment/InProcessEnsemble.js"
import { AssignmentLog } from "../../src/assignment/AssignmentLog.js"
import { Incarnation, MappingId } from "../../src/assignment/WorkAssignment.js"
import type { FrameDump } from "../../src/ingest/FrameDump.js"
import { FrameTransport } from "../../src/ingest/FrameTransport.js"
import * as Ingester from "../../src/ingest/Ingester.js"
import type { PreparedSource } from "../../src/source/Source.js"

export const workers = ["w1", "w2"]
export const workerOf = (event: number): string => (Math.floor(event / 10) % 2 === 0 ? "w1" : "w2")

const incarnation = Incarnation.make("00000000-0000-4000-8000-000000000002")
const mapping = (scan: number) => MappingId.make(`00000000-0000-4000-8000-${String(scan).padStart(12, "0")}`)

const endless = Layer.succeed(AssignmentLog, {
  append: () => Effect.void,
  remove: () => Effect.void,
  clear: Effect.void,
  read: () => {
    let next = 0
    return Stream.repeatEffectChunk(
      Effect.sync(() =>
        Chunk.unsafeFromArray(
          Array.from({ length: 1_000 }, () => {
            const event_number = next++
            return { event_number, assignments: { cam: [workerOf(event_number)] } }
          })
        )
      )
    )
  }
})

/** What the ingester needs. */
export const layer = <E>(transport: Layer.Layer<FrameTransport, E>, dump: Layer.Layer<FrameDump>) =>
  Layer.mergeAll(Layer.merge(InProcessEnsemble.layer, endless), transport, dump)

/** Forwards a source; answers how to begin the scan of a number, which ends the one before. */
export const forward = (url: string, source: PreparedSource) =>
  Effect.gen(function* () {
    const made = yield* Ingester.make({ name: "bench", incarnation, url, streams: [{ name: "cam", source }] })
    return { begin: (scan: number) => made.restartWork(mapping(scan), ["cam"]) }
  })

/** Workers within this process that take what comes; answers how many frames they have had. */
export const take = (url: string) =>
  Effect.gen(function* () {
    const transport = yield* FrameTransport
    let frames = 0
    for (const name of workers) {
      const link = yield* transport.connect(url, { name, incarnation })
      yield* link.take.pipe(
        Effect.map((messages) => (frames += messages.length)),
        Effect.forever,
        Effect.forkScoped
      )
    }
    return () => frames
  })
