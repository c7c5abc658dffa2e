/** The names of the jobs of a config document that are not switched off, as a request to backfill may name them. */
import * as JobName from "../../domain/JobName.js"

/** Those of the daemon's `histo_jobs` first. */
export const jobNames = (document: { readonly [section: string]: unknown }): ReadonlyArray<string> => {
  const jobs = Object.entries(isObject(document["jobs"]) ? document["jobs"] : {})
  const taken = new Set(jobs.map(([name]) => name))
  const histo = Array.isArray(document["histo_jobs"]) ? document["histo_jobs"] : []
  return [
    ...histo
      .filter(isObject)
      .map((job) => JobName.ofHisto({ exchange: String(job["exchange"]), span: String(job["span"]) }, taken)),
    ...jobs.flatMap(([name, job]) => (isObject(job) && job["enabled"] === false ? [] : [name]))
  ]
}

// ------------------------------------------------------------------------------------------------------------------

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
