/** The names of jobs that have none in the config. */

/** A daemon's `histo_jobs` go by exchange and span, numbered where that is taken. What is answered is taken from then on. */
export const ofHisto = (
  { exchange, span }: { readonly exchange: string; readonly span: number | string },
  taken: Set<string>
): string => {
  const name = `${exchange}-${span}s`
  let found = name
  for (let n = 2; taken.has(found); n++) found = `${name}-${n}`
  taken.add(found)
  return found
}
