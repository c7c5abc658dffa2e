/**
 * What the lines of the log don't show: events that must not become current, and events that are only current. Each is a
 * record in the file of its generation, durable before its event is acknowledged; a checkpoint takes them over and removes
 * the files.
 *
 * @internal
 */
import * as fs from "node:fs"
import { join } from "node:path"
import type { CurrentStream, CurrentView } from "./currentView.js"
import { JsonScanner } from "./jsonScanner.js"
import { LineHeader } from "./lineHeader.js"

/** An event that is only current, found at a start. `type` is quoted. */
interface OnlyCurrent {
  readonly seq: number
  readonly type: string
  readonly line: string
}

const fileName = /^current-(\d+)\.jsonl$/

export const pathOf = (directory: string, generation: number): string => join(directory, `current-${generation}.jsonl`)

/** Removes the files up to a generation. */
export const removeFiles = (directory: string, upTo: number): void => {
  for (const { generation, path } of filesIn(directory)) if (generation <= upTo) fs.rmSync(path, { force: true })
}

export class Exceptions {
  private readonly notCurrent = new Set<string>()
  private readonly onlyCurrent: Record<CurrentStream, Array<OnlyCurrent>> = { site: [], run: [] }
  private readonly header = new LineHeader()
  private readonly scanner = new JsonScanner()

  add(stream: string, seq: number): void {
    this.notCurrent.add(`${stream}.${seq}`)
  }

  has(stream: string, seq: number): boolean {
    return this.notCurrent.size > 0 && this.notCurrent.has(`${stream}.${seq}`)
  }

  /** Forgets those of lines before the first one that is in no saved block: no start reads these lines again. */
  prune(firstUnsaved: (stream: CurrentStream) => number): void {
    for (const key of this.notCurrent) {
      const [stream, seq] = split(key)
      if (seq < firstUnsaved(stream)) this.notCurrent.delete(key)
    }
  }

  /** Forgets those of numbers that no event got: the next event with such a number is another one. */
  dropBehind(stream: CurrentStream, last: number): void {
    for (const key of this.notCurrent) {
      const [of, seq] = split(key)
      if (of === stream && seq > last) this.notCurrent.delete(key)
    }
  }

  all(): ReadonlyArray<readonly [CurrentStream, number]> {
    return [...this.notCurrent].map(split)
  }

  /**
   * Reads the files from a generation on (older ones are part of a checkpoint already, though their removal may not have
   * been durable); answers the highest generation.
   */
  readFiles(directory: string, from: number): number {
    let highest = from
    for (const { generation, path } of filesIn(directory)) {
      if (generation < from) continue
      highest = Math.max(highest, generation)
      // What stands behind the last line end was never acknowledged.
      for (const record of fs.readFileSync(path, "latin1").split("\n").slice(0, -1)) this.read(record)
    }
    return highest
  }

  /**
   * Shows what is only current in a stream whose lines reach up to `last`; answers the last number, theirs counted. Records
   * are durable before the lines of their batch: one behind a number that is missing belongs to a batch that was cut off.
   */
  admit(stream: CurrentStream, last: number, current: CurrentView): number {
    for (const { line, seq, type } of this.onlyCurrent[stream].sort((a, b) => a.seq - b.seq)) {
      if (seq > last + 1) break
      last = Math.max(last, seq)
      if (!this.has(stream, seq)) current.set(stream, type, seq, line)
    }
    this.onlyCurrent[stream] = []
    return last
  }

  private read(record: string): void {
    const not = /^\{"not_current":\{"stream":"(site|run)","seq":(\d+)\}\}$/.exec(record)
    if (not?.[1] !== undefined) return this.add(not[1], Number(not[2]))
    const bytes = Buffer.from(record, "latin1")
    const { header, scanner } = this
    scanner.reset(bytes, bytes.length)
    if (!record.startsWith(head) || scanner.value(0, 0) !== bytes.length) return
    const line = record.slice(head.length, -1)
    const stream = streamOf.exec(line)?.[1]
    if (stream === undefined || !header.read(Buffer.from(line, "latin1"), 0, line.length)) return
    const type = header.typeBytes.toString("latin1", header.typeStart, header.typeEnd)
    this.onlyCurrent[stream === "run" ? "run" : "site"].push({ seq: header.seq, type, line })
  }
}

// -----------------------------------------------------------------------------

const head = '{"current_only":'
const streamOf = /^\{"seq":\d+,"ts":"(?:[^"\\]|\\.)*","stream":"(site|run)"/

const filesIn = (directory: string): ReadonlyArray<{ readonly generation: number; readonly path: string }> =>
  (fs.existsSync(directory) ? fs.readdirSync(directory) : []).flatMap((name) => {
    const generation = fileName.exec(name)?.[1]
    return generation === undefined ? [] : [{ generation: Number(generation), path: join(directory, name) }]
  })

const split = (key: string): readonly [CurrentStream, number] => {
  const at = key.indexOf(".")
  return [key.slice(0, at) === "run" ? "run" : "site", Number(key.slice(at + 1))]
}
