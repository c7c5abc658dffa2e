/**
 * A Node stream of bytes as the inflow of a source: it is read while there is room, paused while there is none, and its end is
 * told behind everything that came before it.
 *
 * @internal
 */
import type { Readable } from "node:stream"
import type { FrameIntake } from "../../../source/FrameIntake.js"

export const follow = (
  stream: Readable,
  intake: FrameIntake,
  on: {
    readonly data: (chunk: Uint8Array) => void
    /** Why there is no more; told once. */
    readonly end: (detail: string) => void
  }
): void => {
  let ended = false
  const end = (detail: string) => {
    if (ended) return
    ended = true
    on.end(detail)
    intake.announce()
  }
  stream.on("data", (chunk: Uint8Array) => {
    on.data(chunk)
    intake.announce()
    if (!intake.isFull) return
    stream.pause()
    intake.whenRoom(() => stream.resume())
  })
  stream.on("end", () => end("the other end has closed the connection"))
  stream.on("error", (error) => end(error.message))
  stream.on("close", () => end("the connection was lost"))
  if (stream.destroyed) end("the connection was lost")
}
