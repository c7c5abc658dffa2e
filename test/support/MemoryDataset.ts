/** A dataset in memory: parts and merges as the contract has them, nothing else; it fails on order. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Dataset, type Part } from "../../src/dataset/Dataset.js"
import { StorageFailed } from "../../src/domain/Refusal.js"
import type { Row, RowLayout } from "../../src/domain/RowLayout.js"
import type { Series } from "../../src/domain/Series.js"

interface Held extends Part {
  readonly layout: RowLayout
  readonly content: ReadonlyArray<Row>
}

export class MemoryDataset {
  /** By the series' key, then by the natural key of a row. */
  readonly merged = new Map<string, Map<string, Row>>()
  readonly parts = new Map<string, Array<Held>>()
  writes = 0
  merges = 0
  /** Says no to every write. */
  full = false
  /** Never answers a write. */
  hangs = false
  mergeTakes: Duration.DurationInput = 0

  readonly layer: Layer.Layer<Dataset> = Layer.sync(Dataset, () => {
    const unused = () => Effect.dieMessage("not in this double")
    return Dataset.of({
      writePart: (series, layout, window, rows) =>
        Effect.suspend(() => {
          if (this.hangs) return Effect.never
          if (this.full) return new StorageFailed({ operation: "write", path: series.key, reason: "ENOSPC" })
          const sequence = ++this.writes
          const part = { path: `${series.key}/${sequence}`, window, sequence, rows: rows.length, layout, content: rows }
          this.parts.set(series.key, [...(this.parts.get(series.key) ?? []), part])
          return Effect.succeed(part)
        }),
      pendingParts: (series) => Effect.sync(() => this.parts.get(series.key) ?? []),
      merge: (series, layout, parts) =>
        Effect.map(Effect.sleep(this.mergeTakes), () => {
          this.merges++
          const paths = new Set(parts.map(({ path }) => path))
          const held = this.parts.get(series.key) ?? []
          for (const { content, path } of held) if (paths.has(path)) this.take(series, layout, content)
          this.parts.set(
            series.key,
            held.filter(({ path }) => !paths.has(path))
          )
          return { written: [], unchanged: 0, added: 0, dropped: 0, setAside: [] }
        }),
      files: unused,
      covered: unused,
      holes: unused,
      inventory: unused,
      read: unused,
      encode: unused
    })
  })

  /** Rows in the order of their time, of parts too, each once. */
  rows(series: string): ReadonlyArray<Row> {
    const all = new Map(this.merged.get(series))
    for (const { content, layout } of this.parts.get(series) ?? [])
      for (const row of content) all.set(naturalKey(layout, row), row)
    return [...all.values()].sort((a, b) => Number(BigInt(a["TS"] ?? 0) - BigInt(b["TS"] ?? 0)))
  }

  private take(series: Series, layout: RowLayout, rows: ReadonlyArray<Row>): void {
    const there = this.merged.get(series.key) ?? new Map<string, Row>()
    this.merged.set(series.key, there)
    for (const row of rows) there.set(naturalKey(layout, row), row)
  }
}

const naturalKey = ({ key, otherwise = key }: RowLayout, row: Row): string => {
  const fields = key.some((field) => row[field] === null) ? otherwise : key
  return fields.map((field) => String(row[field])).join(" ")
}
