/** An event that is handed out, with what the bookkeeping must know of it. */
import type { WorkAssignment } from "../../assignment/WorkAssignment.js"

export interface Issued {
  readonly assignment: WorkAssignment
  /** Who gets a frame of it, each once, sorted. */
  readonly workers: ReadonlyArray<string>
  /** All of its frames go to everybody with certain tags: what one fails to do, another one has done. */
  readonly everybody: boolean
  /** A share of it had been meant for a worker that has gone, and is another one's now. */
  readonly moved: boolean
  /** A share of it was a gone worker's and is nobody's now. */
  readonly severed: boolean
}
