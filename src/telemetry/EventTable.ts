/**
 * Stored lines in other shapes: NDJSON as they are, CSV (RFC 4180, with a header), and rows for columnar files. `data` and
 * `meta` stay JSON text, digit for digit.
 */
import * as Stream from "effect/Stream"
import type { FoundLine } from "./EventReader.js"
import { readable } from "./internal/lineForm.js"
import { members } from "./ObjectText.js"

export interface Row {
  readonly seq: number
  readonly ts: string
  readonly stream: string
  readonly type: string
  readonly data: string
  readonly meta: string
}

const rowOf = (found: FoundLine): Row => {
  const parts = members(found.line) ?? new Map<string, string>()
  const text = (key: string) => {
    const value = parts.get(key)
    return value?.startsWith('"') ? String(JSON.parse(value)) : ""
  }
  return {
    seq: found.seq,
    ts: text("ts"),
    stream: found.stream,
    type: text("type"),
    data: readable(parts.get("data") ?? "null"),
    meta: readable(parts.get("meta") ?? "{}")
  }
}

export const rows = <E>(lines: Stream.Stream<FoundLine, E>): Stream.Stream<Row, E> => Stream.map(lines, rowOf)

/** Lines joined per chunk, so that a large export is few large writes. */
const joined = <A, E>(items: Stream.Stream<A, E>, render: (item: A) => string): Stream.Stream<Uint8Array, E> =>
  items.pipe(
    Stream.chunks,
    Stream.map((chunk) => Buffer.from(Array.from(chunk, render).join("")))
  )

export const ndjson = <E>(lines: Stream.Stream<FoundLine, E>): Stream.Stream<Uint8Array, E> =>
  joined(lines, ({ line }) => `${line}\n`)

const quotedField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export const csv = <E>(lines: Stream.Stream<FoundLine, E>): Stream.Stream<Uint8Array, E> =>
  Stream.concat(
    Stream.make<[Uint8Array]>(Buffer.from("seq,ts,stream,type,data,meta\r\n")),
    joined(
      rows(lines),
      (row) => `${[String(row.seq), row.ts, row.stream, row.type, row.data, row.meta].map(quotedField).join(",")}\r\n`
    )
  )
