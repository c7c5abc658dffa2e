/** Life under the launcher: its death is known by the end of our input, which it holds open. */
import * as Effect from "effect/Effect"

/** Completes when the launcher is gone. */
export const launcherGone: Effect.Effect<void> = Effect.async((resume) => {
  const { stdin } = process
  const gone = () => resume(Effect.void)
  stdin.once("end", gone)
  stdin.once("close", gone)
  stdin.once("error", gone)
  stdin.resume()
  return Effect.sync(() => stdin.pause())
})
