/**
 * What is wrong with the entries of `jobs` beyond their own schema: a history that there is not, and settings that the history
 * does not take. The histories are loaded where a document has jobs, so that a command that opens no site need not wait
 * for them.
 */
import * as Effect from "effect/Effect"
import * as Nearest from "../domain/Nearest.js"
import type { Secrets } from "../site/Secrets.js"
import type { SettingsProblem } from "../source/SettingsProblem.js"
import * as Shape from "./ConfigShape.js"

/** Something wrong, at its place in the document. */
export interface JobProblem {
  readonly path: Shape.Path
  readonly message: string
  readonly remedy: string | undefined
  /** Where the key is wrong, not its value. */
  readonly at?: "key"
}

/** Of a document as written. An entry that is switched off is held to its schema alone. */
export const problems: (raw: Shape.Mapping) => Effect.Effect<ReadonlyArray<JobProblem>, never, Secrets> =
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
    const check = (job: Entry): Effect.Effect<ReadonlyArray<JobProblem>, never, Secrets> => {
      const history = known.get(job.source)
      return history === undefined
        ? Effect.succeed([stranger(job, names)])
        : Effect.map(history.problems(job.settings), (problems) => problems.map((problem) => inside(job, problem)))
    }
    return (yield* Effect.forEach(jobs, check)).flat()
  })

// ------------------------------------------------------------------------------------------------------------------

interface Entry {
  readonly name: string
  readonly source: string
  readonly settings: unknown
}

const stranger = ({ name, source }: Entry, names: ReadonlyArray<string>): JobProblem => {
  const meant = Nearest.of(source, names)
  const remedy = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`
  return { path: ["jobs", name, "source"], message: "there is no such history", remedy }
}

const inside = ({ name, source }: Entry, { isKey, message, path, remedy }: SettingsProblem): JobProblem => ({
  path: ["jobs", name, "settings", ...path],
  message,
  remedy: remedy ?? `the settings of ${source} stand in docs/providers.md`,
  ...(isKey ? { at: "key" } : {})
})
