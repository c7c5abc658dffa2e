/**
 * What is wrong with the entries of `jobs` beyond their own schema: a history that there is not, and settings that the history
 * does not take. The histories are loaded where a document has jobs, so that a command that opens no site need not wait
 * for them.
 */
import * as Effect from "effect/Effect"
import type { Secrets } from "../site/Secrets.js"
import * as Plugins from "./ConfigPlugins.js"
import * as Shape from "./ConfigShape.js"

/** Of a document as written. An entry that is switched off is held to its schema alone. */
export const problems: (raw: Shape.Mapping) => Effect.Effect<ReadonlyArray<Plugins.PluginProblem>, never, Secrets> =
  Effect.fnUntraced(function* (raw) {
    const jobs = Object.entries(Shape.asMapping(raw["jobs"])).flatMap(([name, job]) =>
      Shape.isMapping(job) && job["enabled"] !== false && typeof job["source"] === "string"
        ? [{ name, source: job["source"], settings: job["settings"] }]
        : []
    )
    if (jobs.length === 0) return []
    const { histories } = yield* Effect.promise(() => import("../plugins/HistoryRegistry.js"))
    const known = new Map(histories.map((history) => [history.name, history]))
    const names = [...known.keys()].sort()
    const check = (job: Entry): Effect.Effect<ReadonlyArray<Plugins.PluginProblem>, never, Secrets> => {
      const history = known.get(job.source)
      const path = ["jobs", job.name]
      if (history === undefined) {
        return Effect.succeed([Plugins.stranger([...path, "source"], "history", job.source, names)])
      }
      const manual = `the settings of ${job.source} stand in docs/providers.md`
      const told = Plugins.inside([...path, "settings"], manual)
      return Effect.map(history.problems(job.settings), (problems) => problems.map(told))
    }
    return (yield* Effect.forEach(jobs, check)).flat()
  })

// ------------------------------------------------------------------------------------------------------------------

interface Entry {
  readonly name: string
  readonly source: string
  readonly settings: unknown
}
