/** Log lines as they are written, after the last few hundred; bounded. One feed per filter, while a page shows it. */
import * as Schema from "effect/Schema"
import { useEffect, useState } from "react"

const LogRow = Schema.Struct({
  ts: Schema.String,
  level: Schema.String,
  message: Schema.String,
  child: Schema.optional(Schema.String),
  run: Schema.optional(Schema.String),
  source: Schema.optional(Schema.String),
  annotations: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  cause: Schema.optional(Schema.String)
})
export type LogRow = typeof LogRow.Type & { readonly key: number }

export interface LogLines {
  readonly rows: ReadonlyArray<LogRow>
  readonly state: "opening" | "open" | "lost"
}

const mostRows = 2_000
const decode = Schema.decodeUnknownOption(Schema.parseJson(LogRow))

/** Begins with the last `first` lines that match. */
export const useLogs = (level: string, grep: string, seen: boolean, first = 300): LogLines => {
  const [lines, setLines] = useState<LogLines>({ rows: [], state: "opening" })
  useEffect(() => {
    if (!seen) return
    const params = new URLSearchParams({ tail: String(first), level, ...(grep === "" ? {} : { grep }) })
    let key = 0
    let pending: Array<LogRow> = []
    let rows: ReadonlyArray<LogRow> = []
    let again: ReturnType<typeof setTimeout> | undefined
    let source: EventSource | undefined
    const open = () => {
      // Each connection begins with the last lines: what was there before is replaced, not repeated.
      source = new EventSource(`/logs/tail?${params}`)
      const opened = source
      opened.addEventListener("open", () => {
        pending = []
        rows = []
        setLines({ rows, state: "open" })
      })
      opened.addEventListener("message", (message: MessageEvent<string>) => {
        const row = decode(message.data)
        if (row._tag === "Some") pending.push({ ...row.value, key: key++ })
      })
      opened.addEventListener("error", () => {
        setLines((before) => ({ ...before, state: "lost" }))
        if (opened.readyState === EventSource.CLOSED) again = setTimeout(open, 3_000)
      })
    }
    const intake = setInterval(() => {
      if (pending.length === 0) return
      rows = [...rows, ...pending].slice(-mostRows)
      pending = []
      setLines({ rows, state: "open" })
    }, 250)
    open()
    return () => {
      source?.close()
      clearInterval(intake)
      clearTimeout(again)
    }
  }, [level, grep, seen, first])
  return lines
}
