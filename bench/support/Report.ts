/** Printing of measurements: a probe of the disk beside every durable figure, medians over rounds, tables. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs"
import { loadavg } from "node:os"
import { join } from "node:path"

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

export const percentile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? NaN
}

/** 300-byte writes, each synced, per second. */
export const syncProbe = (directory: string, milliseconds = 500): number => {
  const path = join(directory, "sync-probe")
  const file = openSync(path, "w")
  const line = Buffer.alloc(300, "x")
  const begin = performance.now()
  let count = 0
  while (performance.now() - begin < milliseconds) {
    writeSync(file, line)
    fdatasyncSync(file)
    count++
  }
  const rate = count / ((performance.now() - begin) / 1_000)
  closeSync(file)
  rmSync(path)
  return rate
}

export const conditions = (directory: string): string =>
  `fsync probe ${Math.round(syncProbe(directory))}/s, load average ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`

export const table = (rows: ReadonlyArray<Readonly<Record<string, string | number>>>): void => {
  const columns = Object.keys(rows[0] ?? {})
  const cell = (value: string | number | undefined) => String(value ?? "")
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => cell(row[column]).length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`
  console.log(line(columns))
  console.log(line(widths.map((width) => "-".repeat(width))))
  for (const row of rows) console.log(line(columns.map((column) => cell(row[column]))))
}

export const round = (value: number, digits = 0): string => value.toFixed(digits)
export const ratio = (value: number): string => value.toFixed(2)
