/**
 * Whether frames come in the order of their numbers, where they carry any: what is missing and what comes again.
 *
 * @internal
 */
import type { Frame } from "../../source/Frame.js"

export class FrameNumbers {
  missing = 0
  repeated = 0
  private expected: number | undefined = undefined

  see(frame: Frame): void {
    if (frame.marker === "start") this.expected = 0
    if (frame.number === undefined) return
    if (this.expected !== undefined && frame.number < this.expected) this.repeated++
    else {
      if (this.expected !== undefined) this.missing += frame.number - this.expected
      this.expected = frame.number + 1
    }
  }
}
