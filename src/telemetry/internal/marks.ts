/**
 * What the log notes of each record of a batch for the time after the commit: six numbers in the batch's own list, so that
 * an event costs no object.
 *
 * Casts: a mark is always written and read whole.
 *
 * @internal
 */
import type { Batch } from "../../journal/Batch.js"
import type { StreamName } from "../../domain/StreamName.js"

/** Numbers per mark: kind, start, end, type, seq, time. */
export const markSize = 6

/** In the kind, beside the stream: the event must not become current. */
export const notCurrent = 4
/** The event stands aside from the log: it is only current. */
export const aside = 8
/** No event: a run was opened or closed. */
const runSwitch = 16

const streams: ReadonlyArray<StreamName> = ["site", "run", "system"]
const numberOf: Record<StreamName, number> = { site: 0, run: 1, system: 2 }

/** `start` and `end` are those of the line, its line end included. `time` is NaN where it stands in the line alone. */
export const add = (
  batch: Batch,
  stream: StreamName,
  flags: number,
  start: number,
  end: number,
  type: number,
  seq: number,
  time: number
): void => void batch.marks.push(numberOf[stream] | flags, start, end, type, seq, time)

export const addRunSwitch = (batch: Batch, start: number, end: number): void =>
  void batch.marks.push(runSwitch, start, end, 0, 0, 0)

const at = (batch: Batch, index: number): number => batch.marks[index] as number

export const isRunSwitch = (batch: Batch, mark: number): boolean => at(batch, mark) === runSwitch
export const has = (batch: Batch, mark: number, flag: number): boolean => (at(batch, mark) & flag) !== 0
export const stream = (batch: Batch, mark: number): StreamName => streams[at(batch, mark) & 3] ?? "site"
export const start = (batch: Batch, mark: number): number => at(batch, mark + 1)
export const end = (batch: Batch, mark: number): number => at(batch, mark + 2)
export const type = (batch: Batch, mark: number): number => at(batch, mark + 3)
export const seq = (batch: Batch, mark: number): number => at(batch, mark + 4)
export const time = (batch: Batch, mark: number): number => at(batch, mark + 5)
/** The line without its line end. */
export const text = (batch: Batch, mark: number): string =>
  batch.buffer.toString("latin1", start(batch, mark), end(batch, mark) - 1)
