/**
 * The site's daily log files, `.outpost/logs/outpost-YYYY-MM-DD.log` (UTC days, one JSON object a line). `write` is
 * synchronous and never fails or waits: lines gather in a bounded buffer that one fiber writes out in batches. When the
 * disk is slow, full or gone, lines beyond the buffer are dropped and counted, and the count is logged as soon as the disk
 * takes lines again. What is buffered is written when the scope closes. Lines are not synced: a power cut may cost the last
 * moments. Files older than the retention are removed at the start and whenever the day turns.
 *
 * Concurrency: `write` touches only the buffer; the files belong to the fiber, and to the finalizer after its end.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { PlatformError } from "@effect/platform/Error"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Site } from "./Site.js"

export interface LogFileOptions {
  /** Days a file is kept; 0 keeps all. */
  readonly retentionDays: number
  /** Most lines that wait for the disk. */
  readonly capacity?: number
  /** Most characters that wait for the disk. */
  readonly characters?: number
}

export class LogFile extends Context.Tag("outpost/site/LogFile")<LogFile, LogFileService>() {}

export interface LogFileService {
  /** Hands over one line (without its line end) of the day in `ts` (UTC, `YYYY-MM-DD...`). Total, synchronous. */
  readonly write: (ts: string, line: string) => void
  /** Lines dropped so far because the disk did not keep up. */
  readonly dropped: Effect.Effect<number>
}

/** The name of a day's file. */
export const fileName = (day: string): string => `outpost-${day}.log`

/** The day in a log file's name, or undefined if it is not one. */
export const dayOf = (name: string): string | undefined => /^outpost-(\d{4}-\d{2}-\d{2})\.log$/.exec(name)?.[1]

export const make: (
  options: LogFileOptions
) => Effect.Effect<LogFileService, never, Site | FileSystem.FileSystem | Path.Path | Scope.Scope> = Effect.fn(
  "LogFile.make"
)(function* (options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = (yield* Site).paths.logs
  const capacity = options.capacity ?? 10_000
  const characters = options.characters ?? 8 * 2 ** 20

  const pending: Array<Line> = []
  let size = 0
  let dropped = 0
  let told = 0
  let cleanedOn = ""
  let torn = false
  const wake = Effect.unsafeMakeLatch()

  const write = (ts: string, text: string) => {
    const line = text.length > longestLine ? cut(text) : text
    if (pending.length >= capacity || size + line.length > characters) {
      dropped++
    } else {
      pending.push({ day: ts.slice(0, 10), text: line })
      size += line.length
    }
    wake.unsafeOpen()
  }

  const append = (day: string, text: string): Effect.Effect<void, PlatformError> =>
    fs.makeDirectory(directory, { recursive: true, mode: 0o700 }).pipe(
      Effect.zipRight(fs.open(path.join(directory, fileName(day)), { flag: "a", mode: 0o600 })),
      Effect.flatMap((file) => file.writeAll(new TextEncoder().encode(torn ? `\n${text}` : text))),
      Effect.scoped,
      // A write that failed half way leaves the end of a line behind: the next one begins on a line of its own.
      Effect.tapBoth({
        onFailure: () => Effect.sync(() => void (torn = true)),
        onSuccess: () => Effect.sync(() => void (torn = false))
      })
    )

  /** Writes one batch: the leading lines of one day. They leave the buffer only once written. */
  const flushSome = Effect.gen(function* () {
    const day = pending[0]?.day
    if (day === undefined) return
    const other = pending.findIndex((line) => line.day !== day)
    const batch = pending.slice(0, Math.min(other < 0 ? pending.length : other, largestBatch))
    const lost = dropped - told
    const note = lost > 0 ? `${yield* noteOf(lost)}\n` : ""
    yield* append(day, note + batch.map((line) => `${line.text}\n`).join(""))
    told += lost
    pending.splice(0, batch.length)
    size -= batch.reduce((sum, line) => sum + line.text.length, 0)
  }).pipe(Effect.uninterruptible)

  const flushAll = Effect.whileLoop({ while: () => pending.length > 0, body: () => flushSome, step: () => undefined })

  const clean = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const today = isoDay(now)
    if (options.retentionDays === 0 || cleanedOn === today) return
    cleanedOn = today
    const oldest = isoDay(now - options.retentionDays * Duration.toMillis("1 day"))
    const names = yield* fs.readDirectory(directory)
    const old = names.filter((name) => (dayOf(name) ?? oldest) < oldest)
    yield* Effect.forEach(old, (name) => fs.remove(path.join(directory, name), { force: true }), { discard: true })
  }).pipe(Effect.ignore)

  const round = wake.await.pipe(
    Effect.zipRight(Effect.sleep(batchTime)),
    Effect.zipRight(wake.close),
    Effect.zipRight(flushAll),
    Effect.zipRight(clean),
    // Nowhere to tell it but the count: what can't be written stays buffered, then is dropped.
    Effect.catchAll(() => Effect.zipRight(wake.open, Effect.sleep(retryTime)))
  )

  yield* clean
  yield* Effect.addFinalizer(() => flushAll.pipe(Effect.disconnect, Effect.timeout("2 seconds"), Effect.ignore))
  yield* Effect.forkScoped(Effect.forever(round))
  return { write, dropped: Effect.sync(() => dropped) }
})

export const layer = (options: LogFileOptions): Layer.Layer<LogFile, never, Site | FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(LogFile, make(options))

// ------------------------------------------------------------------------------------------------------------------

interface Line {
  readonly day: string
  readonly text: string
}

const batchTime = Duration.millis(50)
const retryTime = Duration.seconds(1)
const largestBatch = 2000
const longestLine = 64 * 1024

const isoDay = (millis: number): string => iso(millis).slice(0, 10)
const iso = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

const noteOf = (lost: number): Effect.Effect<string> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    JSON.stringify({ ts: iso(now), level: "WARN", message: `${lost} log lines were dropped: the disk did not keep up` })
  )

/** A line that is too long keeps its beginning as the message of a shorter one. */
const cut = (text: string): string => {
  const { ts, level } = headOf(text)
  return JSON.stringify({
    ts,
    level,
    message: `${text.slice(0, longestLine / 2)} ... (cut, ${text.length} characters)`
  })
}

const headOf = (text: string): { readonly ts: string; readonly level: string } => {
  const [, ts = "", level = "INFO"] = /^\{"ts":"([^"]*)","level":"([^"]*)"/.exec(text) ?? []
  return { ts, level }
}
