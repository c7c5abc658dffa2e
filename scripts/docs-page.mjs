// A page of the manual with a generated part between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Puts the text between the markers; with `check` it only compares, and ends the process with 1 where they differ. */
export const replaceBetween = (page, name, text, check) => {
  const path = fileURLToPath(new URL(`../${page}`, import.meta.url))
  const before = readFileSync(path, "utf8")
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const from = before.indexOf(begin)
  const to = before.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${page} has no ${begin} ... ${end}`)
  const after = `${before.slice(0, from + begin.length)}\n${text.trim()}\n${before.slice(to)}`
  if (after === before) return
  if (check) {
    console.error(`${page} is out of date. Run: npm run docs`)
    process.exit(1)
  }
  writeFileSync(path, after)
  console.error(`${page} is written`)
}
