/**
 * The assignments of a scan as a reader gets them from a log that others write: in the order of the events, each once.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { MappingId, WorkAssignment } from "../WorkAssignment.js"
import * as eventOrder from "./eventOrder.js"

export const inOrder = (mapping: MappingId, read: Stream.Stream<WorkAssignment>): Stream.Stream<WorkAssignment> =>
  Stream.suspend(() => {
    const order = eventOrder.make()
    let told: number | undefined = undefined
    return Stream.mapChunksEffect(read, (chunk) =>
      Effect.suspend(() => {
        const ready = Chunk.unsafeFromArray(order.pass(Chunk.toReadonlyArray(chunk)))
        const missing = order.missing()
        if (missing === told) return Effect.succeed(ready)
        told = missing
        if (missing === undefined) return Effect.succeed(ready)
        return Effect.as(
          Effect.logWarning(`event ${missing} of ${mapping} is not among the assignments; later ones wait for it`),
          ready
        )
      })
    )
  })
