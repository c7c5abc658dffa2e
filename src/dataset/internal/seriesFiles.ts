/** The files of series below a root: `<root>/<source>/<type>/<pair>/[<span label>/]<period>.parquet`. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { StorageFailed } from "../../domain/Refusal.js"
import { ofKey, type Series } from "../../domain/Series.js"
import { type Period, parse } from "./period.js"
import { attempt, namesIn } from "./publish.js"

export interface SeriesFile {
  readonly path: string
  readonly period: Period
}

/** Files of one series, oldest first. */
export const filesOf = (root: string, series: Series): Effect.Effect<ReadonlyArray<SeriesFile>, StorageFailed> =>
  Effect.map(namesIn(`${root}/${series.key}`), (names) =>
    names
      .flatMap((name) => {
        const period = periodOf(name)
        return period === undefined ? [] : [{ path: `${root}/${series.key}/${name}`, period }]
      })
      .sort((a, b) => a.period.range.start - b.period.range.start)
  )

/** What tells whether a file is still the one it was. */
export interface FileState {
  readonly size: number
  readonly mtime: number
  readonly inode: number
}

export interface FoundFile {
  readonly path: string
  readonly series: Series
  /** Undefined where the name is no period. */
  readonly period: Period | undefined
  readonly state: FileState
}

/**
 * All Parquet files in places where files of series stand; other files and names that begin with a dot are none of ours.
 * Links to directories are followed. A root that is not there holds none.
 */
export const walk = (root: string): Effect.Effect<ReadonlyArray<FoundFile>, StorageFailed> =>
  attempt("list", root, async () => {
    const found: Array<FoundFile> = []
    const periods = new Map<string, Period | undefined>()
    const periodNamed = (name: string): Period | undefined => {
      if (!periods.has(name)) periods.set(name, periodOf(name))
      return periods.get(name)
    }
    const visit = async (parts: ReadonlyArray<string>): Promise<void> => {
      const directory = [root, ...parts].join("/")
      const series = parts.length < 3 ? undefined : ofKey(parts.join("/"))
      const entries = (await entriesOf(directory)).filter(({ name }) => !name.startsWith("."))
      const isOurs = (name: string) => series !== undefined && name.endsWith(suffix)
      const files = entries.map(({ name }) => name).filter(isOurs)
      if (parts.length < 4) {
        const below = entries.filter(({ name }) => !isOurs(name))
        await Promise.all(
          below.map(async (entry) => {
            if (await isDirectory(entry, `${directory}/${entry.name}`)) await visit([...parts, entry.name])
          })
        )
      }
      if (series === undefined) return
      const states = await statesOf(files.map((name) => `${directory}/${name}`))
      for (const [k, state] of states.entries()) {
        const name = files[k]
        if (name === undefined || state === undefined) continue
        found.push({ path: `${directory}/${name}`, series, period: periodNamed(name), state })
      }
    }
    await visit([])
    return found
  })

// -----------------------------------------------------------------------------

const suffix = ".parquet"

const periodOf = (name: string): Period | undefined =>
  name.endsWith(suffix) ? parse(name.slice(0, -suffix.length)) : undefined

const entriesOf = async (directory: string): Promise<ReadonlyArray<fs.Dirent>> => {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (cause) {
    // Removed meanwhile, or never there.
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return []
    throw cause
  }
}

const isDirectory = async (entry: fs.Dirent, path: string): Promise<boolean> => {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false
  )
}

/** Callbacks, a few at a time: promises of each call cost three times as much over thousands of files. */
const statesOf = (paths: ReadonlyArray<string>): Promise<ReadonlyArray<FileState | undefined>> =>
  new Promise((resolve) => {
    const states: Array<FileState | undefined> = Array.from(paths, () => undefined)
    let [next, done] = [0, 0]
    const one = () => {
      const k = next++
      const path = paths[k]
      if (path === undefined) return
      fs.stat(path, (error, status) => {
        if (error === null) states[k] = { size: status.size, mtime: status.mtimeMs, inode: status.ino }
        done++
        if (done === paths.length) resolve(states)
        else one()
      })
    }
    if (paths.length === 0) resolve(states)
    for (let k = 0; k < 32; k++) one()
  })
