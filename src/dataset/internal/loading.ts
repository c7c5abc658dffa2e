/**
 * Part files into one temporary table, `incoming`: `n` in the order of the parts and their rows, `ns`, the name of the
 * period (null for a row whose time is none), and the fields as `f0`, `f1`, ...
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type { StorageFailed } from "../../domain/Refusal.js"
import type { Column, RowLayout } from "../../domain/RowLayout.js"
import type { Part, SetAside } from "../Dataset.js"
import { identifier, literal, pathLiteral, type Session } from "../DuckDb.js"
import { fieldsOf } from "./partFile.js"
import { format } from "./period.js"
import { type DatasetDisk, setAside } from "./publish.js"

export const sqlTypes: Record<Column["type"], string> = {
  int64: "BIGINT",
  double: "DOUBLE",
  text: "VARCHAR",
  boolean: "BOOLEAN"
}

export interface Incoming {
  /** Names of the periods that have rows, in their order. */
  readonly periods: ReadonlyArray<string>
  /** Rows without a time. */
  readonly dropped: number
  readonly setAside: ReadonlyArray<SetAside>
}

/** Parts that are not there were merged before; parts that can't be read are set aside, and the others loaded. */
export const load = Effect.fnUntraced(function* (
  session: Session,
  disk: DatasetDisk,
  layout: RowLayout,
  parts: ReadonlyArray<Part>
): Effect.fn.Return<Incoming, StorageFailed> {
  const present = parts.filter(({ path }) => fs.existsSync(path)).sort((a, b) => a.sequence - b.sequence)
  if (present.length === 0) return { periods: [], dropped: 0, setAside: [] }
  const aside = yield* session.run(tableOf(layout, present)).pipe(
    Effect.as<ReadonlyArray<SetAside>>([]),
    Effect.catchAll((failure) => withoutUnreadable(session, disk, layout, present, failure))
  )
  const found = yield* session.rows("select p, count(*) as count from incoming group by p order by p")
  return {
    periods: found.flatMap(({ p }) => (typeof p === "string" ? [p] : [])),
    dropped: found.reduce((sum, { count, p }) => (p === null ? sum + Number(count) : sum), 0),
    setAside: aside
  }
})

// -----------------------------------------------------------------------------

const tableOf = (layout: RowLayout, parts: ReadonlyArray<Part>): string => {
  const time = layout.time.field
  const fields = fieldsOf(layout)
  const columns = [
    `${literal(time)}: 'BIGINT'`,
    ...fields.map(({ field, type }) => `${literal(field)}: '${sqlTypes[type]}'`)
  ]
  const values = fields.map(({ field }, k) => `, ${identifier(field)} as f${k}`).join("")
  const ns = identifier(time)
  const nulls = fields.map(({ field, type }) => `, null::${sqlTypes[type]} as ${identifier(field)}`).join("")
  const rows =
    parts.length === 0
      ? `(select null::BIGINT as ${ns}${nulls}) where false`
      : `read_json([${parts.map(({ path }) => pathLiteral(path)).join(", ")}],
      format = 'newline_delimited', columns = {${columns.join(", ")}}, hive_partitioning = false)`
  return `create or replace temp table incoming as
    select row_number() over () as n, ${ns} as ns,
      case when ${ns} > 0 then strftime(make_timestamp(${ns} // 1000), '${format[layout.period]}') end as p${values}
    from ${rows}`
}

const withoutUnreadable = Effect.fnUntraced(function* (
  session: Session,
  disk: DatasetDisk,
  layout: RowLayout,
  parts: ReadonlyArray<Part>,
  failure: StorageFailed
) {
  const bad: Array<SetAside> = []
  const good: Array<Part> = []
  for (const part of parts) {
    const reason = yield* session.run(tableOf(layout, [part])).pipe(
      Effect.as(undefined),
      Effect.catchAll((one) => Effect.succeed(one.reason))
    )
    if (reason === undefined) good.push(part)
    else if (isContent(reason)) bad.push({ path: part.path, movedTo: yield* setAside(disk, part.path), reason })
    else return yield* failure
  }
  if (bad.length === 0) return yield* failure
  yield* session.run(tableOf(layout, good))
  return bad
})

/** Whether DuckDB complains of what is in a file, and not of the disk, of memory, or of having been told to stop. */
export const isContent = (reason: string): boolean =>
  !/out of memory|no space left|permission denied|too many open files|input\/output error|interrupt|cannot open file|could not (write|read)|quota/i.test(
    reason
  )
