/** Kills a process and waits until it is gone. */
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"

export const killed = (running: ChildProcess): Effect.Effect<void> =>
  Effect.promise(
    () =>
      new Promise<void>((resolve) => {
        running.once("exit", () => resolve())
        running.kill("SIGKILL")
      })
  )
