/**
 * The statements of a merge into one file. `existing` is what the file holds, `fresh` the new rows of its period, each the
 * latest of its key; both have the time of the resulting file as `t`, a position `n`, its columns as `c0`, `c1`, ... and the
 * parts of the natural key as `k0`, `k1`, ...
 */
import type { RowLayout } from "../../domain/RowLayout.js"
import { identifier, literal, pathLiteral } from "../DuckDb.js"
import { filledColumn, type MergedForm } from "./columns.js"
import type { ColumnType, FileTime, Footer } from "./footer.js"
import { fieldsOf } from "./partFile.js"
import { fromNanos, isSame, isTime, sqlType, toNanos } from "./timeForm.js"

export interface MergeSql {
  /** Makes the table `fresh`. */
  readonly fresh: string
  /** Counts `kept` and `untimed` rows of the file. */
  readonly count: string
  /** Counts new rows that are not in the file just so. */
  readonly changes: string
  /** All rows of the result in their order. */
  readonly result: string
}

const aliases = (prefix: string, count: number, table = ""): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, k) => `${table}${prefix}${k}`)

export const statements = (
  layout: RowLayout,
  form: MergedForm,
  period: string,
  file: { readonly path: string; readonly footer: Footer } | undefined
): MergeSql => {
  const key = keyOf(layout, form)
  const k = aliases("k", key.length)
  const c = aliases("c", form.columns.length)
  const keyed = key.map((sql, i) => `, ${sql} as k${i}`).join("")

  const fields = fieldsOf(layout).map(({ field }) => field)
  // Columns that the layout does not know are not in `fresh`; they stay as they are, and are null in new rows.
  const given = form.columns.flatMap(({ field, type }, i) =>
    field === undefined
      ? []
      : [{ name: `c${i}`, sql: `${field === layout.time.field ? "ns" : `f${fields.indexOf(field)}`}${casts[type]}` }]
  )
  const fresh = `create or replace temp table fresh as
    select * exclude (r) from (
      select *, min(n) over (partition by ${k.join(", ")}) as first,
        row_number() over (partition by ${k.join(", ")} order by n desc) as r
      from (select *${keyed} from (
        select ${[`${fromNanos(form.time, "ns")} as t`, "n", ...given.map(({ name, sql }) => `${sql} as ${name}`)].join(", ")}
        from incoming where p = ${literal(period)})))
    where r = 1`
  if (file === undefined) {
    return { fresh, count: "", changes: "", result: "select * replace (first as n) from fresh" }
  }

  const stored = storedRows(form, file)
  const timed = isTime(form.time, "t")
  const rows = `(select *${keyed} from ${stored} where ${timed})`
  // Files of others may hold a row more than once; in ours there is none.
  const existing =
    file.footer.provenance === undefined
      ? `(select * from ${rows} qualify row_number() over (partition by ${k.join(", ")} order by n desc) = 1)`
      : rows
  const match = k.map((name) => `e.${name} is not distinct from f.${name}`).join(" and ")
  const taken = ["t", ...given.map(({ name }) => name)]
  const same = taken.map((name) => `e.${name} is not distinct from f.${name}`).join(" and ")
  const latest = ["t", ...c].map((name) =>
    taken.includes(name) ? `case when f.n is null then e.${name} else f.${name} end as ${name}` : `e.${name}`
  )
  return {
    fresh,
    count: `select count(*) filter (${timed}) as kept, count(*) filter (not coalesce(${timed}, false)) as untimed from ${stored}`,
    changes: `select count(*) as changes from fresh f where not exists (
      select 1 from (select * from ${stored}
        where t between (select min(t) from fresh) and (select max(t) from fresh)) e where ${same})`,
    result: `select ${latest.join(", ")}, e.n from ${existing} e left join fresh f on ${match}
      union all by name
      select ${taken.map((name) => `f.${name}`).join(", ")}, 1000000000000 + f.first as n
      from fresh f where not exists (select 1 from ${existing} e where ${match})`
  }
}

/** Writes a result with the names of the file. Dictionaries pay for names, not for prices: the limit ends the search early. */
export const copy = (form: MergedForm, rows: string, path: string, provenance: string, filled: boolean): string => {
  const columns = [
    `t as ${identifier(form.time.column)}`,
    ...form.columns.map(({ name }, i) => `c${i} as ${identifier(name)}`),
    ...(filled ? [`filled as ${identifier(filledColumn)}`] : [])
  ]
  return `copy (select ${columns.join(", ")} from (${rows}) order by t, n) to ${literal(path)}
    (format parquet, compression snappy, dictionary_size_limit 4096, use_tmp_file false, kv_metadata {outpost: ${literal(provenance)}})`
}

/** The time of a row as integers or doubles in the file's own unit. */
export const timeOf = ({ column, timestamp, type, unit }: FileTime): string => {
  const name = identifier(column)
  return timestamp ? `epoch_${unit}(${name})` : `${name}::${sqlType({ type, unit })}`
}

/** The rows of a file, with the position as `file_row_number`. */
export const scan = (path: string): string =>
  `read_parquet(${pathLiteral(path)}, file_row_number = true, hive_partitioning = false)`

/** What leaves out the rows that were invented. */
export const real = ({ provenance }: Footer): string =>
  provenance?.filled === undefined ? "true" : `${identifier(filledColumn)} is not true`

// -----------------------------------------------------------------------------

const casts: Record<ColumnType, string> = {
  int64: "::BIGINT",
  double: "::DOUBLE",
  text: "::VARCHAR",
  boolean: "::BOOLEAN",
  other: ""
}

const storedRows = (form: MergedForm, { footer, path }: { readonly path: string; readonly footer: Footer }): string => {
  const time = timeOf(footer.time)
  const t = isSame(footer.time, form.time) ? time : fromNanos(form.time, toNanos(footer.time, time))
  const values = form.columns.map(({ existing, field, type }, i) => {
    const value = existing === undefined ? `null${casts[type]}` : identifier(existing)
    return `, ${value}${existing !== undefined && field !== undefined ? casts[type] : ""} as c${i}`
  })
  return `(select ${t} as t, file_row_number as n${values.join("")} from ${scan(path)} where ${real(footer)})`
}

/**
 * The natural key as expressions over `t` and `c0`, ...: where a part of the key is null, the other fields count. A layout
 * without a key has all of its fields for one.
 */
const keyOf = (layout: RowLayout, form: MergedForm): ReadonlyArray<string> => {
  const of = (field: string): ReadonlyArray<string> => {
    if (field === layout.time.field) return ["t"]
    const at = form.columns.findIndex((column) => column.field === field)
    return at < 0 ? [] : [`c${at}`]
  }
  const key = layout.key.flatMap(of)
  const all = ["t", ...form.columns.flatMap(({ field }, i) => (field === undefined ? [] : [`c${i}`]))]
  const otherwise = layout.otherwise?.flatMap(of) ?? []
  if (otherwise.length === 0) return key.length === 0 ? all : key
  if (key.length === 0) return otherwise
  const whole = key.map((sql) => `${sql} is not null`).join(" and ")
  return [
    ...key.map((sql) => `case when ${whole} then ${sql} end`),
    ...otherwise.map((sql) => `case when not (${whole}) then ${sql} end`)
  ]
}
