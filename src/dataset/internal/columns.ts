/**
 * Which columns a file gets when rows of a layout are merged into it. Columns of a file are matched with the layout's by the
 * field they hold, in every form that such files may have. Nothing that a file has is lost: its own further columns stay,
 * and where its time is finer than the layout's, its unit and its names stay as they are; else the layout's are taken.
 */
import type { RowLayout } from "../../domain/RowLayout.js"
import { formsOf } from "../MarketLayout.js"
import type { ColumnType, FileColumn, Footer } from "./footer.js"
import { finer, isSame, type TimeForm } from "./timeForm.js"

export interface MergedColumn {
  readonly name: string
  readonly type: ColumnType
  /** The column of the file it continues. */
  readonly existing?: string
  /** The field of new rows it takes. */
  readonly field?: string
  /** Only where new rows have values for it. */
  readonly optional?: boolean
}

export interface MergedForm {
  readonly time: TimeForm & { readonly column: string }
  readonly columns: ReadonlyArray<MergedColumn>
}

/** Marks rows that were invented, in files where that was asked for. */
export const filledColumn = "filled"

/** The columns of rows that exchanges or sensors gave. */
export const ownColumns = ({ columns, provenance, time }: Footer): ReadonlyArray<FileColumn> =>
  columns.filter(({ name }) => name !== time.column && !(provenance?.filled !== undefined && name === filledColumn))

/** The field that each column holds, in the order of the columns; a field belongs to the first that claims it. */
export const fieldsOf = (
  columns: ReadonlyArray<FileColumn>,
  type: string,
  layout?: RowLayout
): ReadonlyMap<string, string> => {
  const forms = layout === undefined ? formsOf(type) : [layout, ...formsOf(type)]
  const claimed = new Map<string, string>()
  for (const { name } of columns) {
    const field = forms.flatMap((form) => form.columns.filter((column) => column.name === name))[0]?.field ?? name
    if (![...claimed.values()].includes(field)) claimed.set(name, field)
  }
  return claimed
}

/** Without a file, the layout as it is. */
export const merged = (type: string, layout: RowLayout, footer: Footer | undefined): MergedForm => {
  if (footer === undefined) {
    return { time: { ...layout.time, column: layout.time.name }, columns: layout.columns }
  }
  const own = ownColumns(footer)
  const fields = fieldsOf(own, type, layout)
  const holder = new Map([...fields].map(([name, field]) => [field, name]))
  const form = finer(footer.time, layout.time)
  const wanted = new Map(layout.columns.map((column) => [column.field, column]))

  const continued = own.map(({ name, type }): MergedColumn => {
    const field = fields.get(name)
    const column = field === undefined ? undefined : wanted.get(field)
    return column === undefined
      ? { name, type, existing: name }
      : { name, type: common(type, column.type), existing: name, field: column.field }
  })
  if (isSame(form, footer.time)) {
    const names = formsOf(type).find(({ time }) => isSame(time, form)) ?? layout
    const added = layout.columns
      .filter(({ field }) => !holder.has(field))
      .map((column): MergedColumn => {
        const name = names.columns.find(({ field }) => field === column.field)?.name ?? column.name
        return { name, type: column.type, field: column.field, optional: true }
      })
    return {
      time: { ...form, column: footer.time.column },
      columns: distinct(footer.time.column, [...continued, ...added])
    }
  }
  const renamed = layout.columns.map((column): MergedColumn => {
    const old = continued.find(({ field }) => field === column.field)
    return old === undefined ? column : { ...old, name: column.name }
  })
  const others = continued.filter(({ field }) => field === undefined)
  return { time: { ...form, column: layout.time.name }, columns: distinct(layout.time.name, [...renamed, ...others]) }
}

// -----------------------------------------------------------------------------

/** A type that holds the values of both. */
const common = (a: ColumnType, b: ColumnType): ColumnType => {
  if (a === b) return a
  const numbers = new Set<ColumnType>(["int64", "double"])
  return numbers.has(a) && numbers.has(b) ? "double" : "text"
}

/** Names differ in more than their case, as DuckDB wants it. */
const distinct = (time: string, columns: ReadonlyArray<MergedColumn>): ReadonlyArray<MergedColumn> => {
  const taken = new Set([time.toLowerCase()])
  return columns.map((column) => {
    let { name } = column
    while (taken.has(name.toLowerCase())) name += "_"
    taken.add(name.toLowerCase())
    return { ...column, name }
  })
}
