/** Services of an ensemble that note how they were asked for, say that they are ready, and end at once. */
import { Effect } from "effect"
import type { EnsembleRoles, Role } from "../../src/cli/EnsembleRoles.js"

/** Which role was asked for, with everything that was said. */
export type Asked = readonly [role: string, options: object]

export const make = (asked: Array<Asked>): EnsembleRoles["Type"] => {
  const role = (name: string) => (options: Role) =>
    Effect.zipRight(
      Effect.sync(() => void asked.push([name, options])),
      options.onReady(name, `tcp://127.0.0.1:1`)
    )
  return {
    controller: role("controller"),
    ingester: role("ingester"),
    worker: role("worker"),
    reducer: role("reducer"),
    pipeline: (options) =>
      Effect.gen(function* () {
        asked.push(["pipeline", options])
        yield* options.onProgress(options.events)
        return {
          events: options.events,
          processed: options.events - 2,
          reassigned: 1,
          lost: 1,
          seconds: 0.5,
          failures: 3,
          published: { sum: 7 }
        }
      }),
    replay: (options) =>
      Effect.gen(function* () {
        asked.push(["replay", options])
        yield* options.onProgress(3)
        const damages = options.files.includes("damaged") ? 2 : 0
        const events = options.files.includes("empty") ? 0 : 3
        return {
          events,
          frames: 3,
          bytes: 300,
          results: 2,
          failed: 0,
          damages,
          seconds: 0.25,
          published: { sum: 7 }
        }
      })
  }
}
