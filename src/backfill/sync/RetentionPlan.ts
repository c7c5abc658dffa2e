/** Which files retention would remove: the oldest periods of each series, by age or by the size of everything. Pure. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { rangeOf } from "../../dataset/PeriodFile.js"
import { ofKey, type Series } from "../../domain/Series.js"
import type { RetentionSettings } from "../Settings.js"
import type { LocalFile } from "./LocalFiles.js"

/** A file of a series. */
export interface PeriodFile extends LocalFile {
  readonly series: Series
  /** Where its period ends, in ms since the epoch. */
  readonly end: number
}

export const isOn = ({ after, max_bytes }: RetentionSettings): boolean =>
  Option.isSome(after) || Option.isSome(max_bytes)

/** The file as one of a series; undefined for others, which are nobody's to remove. */
export const ofFile = (file: LocalFile): PeriodFile | undefined => {
  const cut = file.path.lastIndexOf("/")
  const series = ofKey(file.path.slice(0, Math.max(0, cut)))
  const range = rangeOf(file.path.slice(cut + 1))
  return series === undefined || range === undefined ? undefined : { ...file, series, end: range.end }
}

/**
 * Candidates, the oldest first. The newest period of a series is never one, and what is left of a series begins where its
 * candidates end: no hole is made inside of it.
 */
export const candidates = (
  files: ReadonlyArray<PeriodFile>,
  { after, max_bytes }: RetentionSettings,
  now: number
): ReadonlyArray<PeriodFile> => {
  const newest = new Map<string, number>()
  for (const { end, series } of files) newest.set(series.key, Math.max(newest.get(series.key) ?? 0, end))
  const age = Option.match(after, { onNone: () => Number.POSITIVE_INFINITY, onSome: Duration.toMillis })
  const most = Option.getOrElse(max_bytes, () => Number.POSITIVE_INFINITY)
  let left = files.reduce((sum, { size }) => sum + size, 0)
  return files
    .filter(({ end, series }) => end < (newest.get(series.key) ?? 0))
    .toSorted((a, b) => a.end - b.end || (a.path < b.path ? -1 : 1))
    .filter(({ end, size }) => {
      const chosen = end + age <= now || left > most
      if (chosen) left -= size
      return chosen
    })
}
