/** Room on the file system that a directory is on, in bytes; zeros where that can't be told. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"

export interface DiskSpace {
  /** What this process may use. */
  readonly free: number
  readonly total: number
}

export const of = (directory: string): Effect.Effect<DiskSpace> =>
  Effect.async((resume) => {
    fs.statfs(directory, (error, stats) =>
      resume(
        Effect.succeed(
          error === null
            ? { free: stats.bavail * stats.bsize, total: stats.blocks * stats.bsize }
            : { free: 0, total: 0 }
        )
      )
    )
  })
