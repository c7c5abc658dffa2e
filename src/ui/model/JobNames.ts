/** The names of the jobs that a config document holds, as a request to backfill may name them. */

/** Jobs under `jobs` go by their key; those of a daemon's `histo_jobs` by exchange and span, numbered where that is taken. */
export const jobNames = (document: { readonly [section: string]: unknown }): ReadonlyArray<string> => {
  const named = isObject(document["jobs"]) ? Object.keys(document["jobs"]) : []
  const taken = new Set(named)
  const histo = Array.isArray(document["histo_jobs"]) ? document["histo_jobs"] : []
  const numbered = histo.flatMap((job: unknown) => {
    if (!isObject(job)) return []
    const base = `${String(job["exchange"])}-${String(job["span"])}s`
    let name = base
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`
    taken.add(name)
    return [name]
  })
  return [...numbered, ...named]
}

// ------------------------------------------------------------------------------------------------------------------

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
