/**
 * Messages as lines of files, for whoever collects them: `<directory>/YYYYMMDD-NNN.ndjson` by UTC day, a new file when one is
 * full. A message is confirmed once its line is on the device; a line that a power cut left half written is moved aside when
 * the file is opened again.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { join, resolve } from "node:path"
import { reasonOf } from "../../domain/Refusal.js"
import { AppendFile } from "../../journal/AppendFile.js"
import { nodeDisk } from "../../journal/Disk.js"
import { timestampOf } from "../../journal/Journal.js"
import type { QueuedMessage } from "../../outbox/Outbox.js"
import { ByteCount, setting } from "../../site/Setting.js"
import { expandHome, Site } from "../../site/Site.js"
import * as Uplink from "../../uplink/Uplink.js"
import { UplinkError } from "../../uplink/UplinkError.js"
import * as Document from "./internal/document.js"

const Settings = Schema.Struct({
  directory: Schema.NonEmptyTrimmedString.annotations({
    description: "Where the files are made; relative to the site"
  }),
  max_bytes: setting(
    ByteCount.pipe(Schema.greaterThanOrEqualTo(1024, { message: () => "expected at least 1 KiB" })),
    16 * 2 ** 20,
    "From this size on another file of the day is begun"
  )
})

export const FileUplink = Uplink.make({
  name: "file",
  description: "Messages as lines of files in a directory",
  settings: Settings,
  receives: false,
  open: Effect.fnUntraced(function* ({ directory, max_bytes }, facts) {
    const site = yield* Site
    const place = resolve(site.directory, expandHome(directory))
    const failed = (cause: unknown) =>
      new UplinkError({ uplink: facts.uplink, reason: "Disconnected", detail: `${place}: ${reasonOf(cause)}` })
    const files = yield* openFiles(place, max_bytes, failed)
    const alone = yield* Effect.makeSemaphore(1)
    return {
      send: (batch) =>
        Effect.as(
          alone.withPermits(1)(files.append(Buffer.from(batch.map((one) => lineOf(one, facts.station)).join("")))),
          batch.map(() => Uplink.Confirmed)
        ),
      incoming: Stream.never
    }
  })
})

// -----------------------------------------------------------------------------

const lineOf = (message: QueuedMessage, station: string): string => `${Document.textOf(message, station)}\n`

/** Appends to the last file of the day, one call at a time; durable once it returns. */
const openFiles = Effect.fnUntraced(function* (
  directory: string,
  maxBytes: number,
  failed: (cause: unknown) => UplinkError
): Effect.fn.Return<
  { readonly append: (bytes: Buffer) => Effect.Effect<void, UplinkError> },
  UplinkError,
  FileSystem.FileSystem | Scope.Scope
> {
  const fs = yield* FileSystem.FileSystem
  const clock = yield* Effect.clock
  yield* Effect.mapError(fs.makeDirectory(directory, { recursive: true, mode: 0o700 }), failed)
  let current: { readonly day: string; readonly number: number; readonly file: AppendFile } | undefined
  yield* Effect.addFinalizer(() => Effect.promise(async () => current?.file.close()))

  const begin = (day: string, number: number) => {
    const path = join(directory, `${day}-${String(number).padStart(3, "0")}.ndjson`)
    const file = new AppendFile(
      path,
      true,
      nodeDisk,
      () => {},
      () => timestampOf(clock.unsafeCurrentTimeMillis())
    )
    return { day, number, file }
  }
  const lastOf = (day: string) =>
    Effect.map(fs.readDirectory(directory), (names) =>
      names.reduce((last, name) => (name.startsWith(`${day}-`) ? Math.max(last, numberIn(name)) : last), 1)
    )

  const write = async (file: AppendFile, bytes: Buffer) => {
    await file.append(bytes, 0, bytes.length)
    await file.sync(bytes.length)
  }
  const ready = (file: AppendFile) => Effect.tryPromise({ try: async () => file.ensure(), catch: failed })

  return {
    append: (bytes) =>
      Effect.gen(function* () {
        const day = dayOf(yield* Clock.currentTimeMillis)
        if (current?.day !== day) {
          const old = current
          current = begin(day, yield* Effect.mapError(lastOf(day), failed))
          if (old !== undefined) yield* Effect.promise(async () => old.file.close())
        }
        yield* ready(current.file)
        if (current.file.durable > 0 && current.file.durable + bytes.length > maxBytes) {
          const full = current
          current = begin(day, full.number + 1)
          yield* Effect.promise(async () => full.file.close())
          yield* ready(current.file)
        }
        const { file } = current
        const before = file.durable
        yield* Effect.tryPromise({ try: () => write(file, bytes), catch: failed }).pipe(
          Effect.tapError(() => Effect.sync(() => file.distrust(before)))
        )
      }).pipe(Effect.uninterruptible)
  }
})

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10).replaceAll("-", "")

const numberIn = (name: string): number => Number(/-(\d+)\.ndjson$/.exec(name)?.[1] ?? 1)
