/** One message of a source: what was received, as it was received. */

/** The bytes are never copied and never changed; who needs to change them makes new ones. */
export interface Frame {
  /** The parts of the message in their order. */
  readonly parts: ReadonlyArray<Uint8Array>
  /** Where a source that can go on after a crash would go on behind this frame. */
  readonly cursor?: string
  /** Number of the frame in its series where the format carries one, counted from 0. */
  readonly number?: number
  /** The first and the last frame of a series. */
  readonly marker?: "start" | "end"
}
