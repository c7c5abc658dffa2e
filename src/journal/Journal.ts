/**
 * A durable append-only file of records: `append` returns once its record is on the device (group commit: one fdatasync for
 * all that wait). A record that was half written when the power went is set aside when the file is next opened. After a
 * failed write or sync nothing is acknowledged until the file is whole again; appending resumes by itself.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Overloaded, StorageFailed } from "../domain/Refusal.js"
import type { DiskFailure, Notice } from "./AppendFile.js"
import { type Disk, nodeDisk } from "./Disk.js"
import { GroupCommit } from "./GroupCommit.js"

/** How a record becomes bytes and back. `decode` answers undefined for bytes that are no record. */
export interface Codec<A> {
  readonly encode: (record: A) => Buffer
  /** One line without its line end. */
  readonly decode: (line: string) => A | undefined
}

export interface Journal<A> {
  /** Durable once it returns. A caller that is interrupted while it waits does not un-write its record. */
  readonly append: (record: A) => Effect.Effect<void, StorageFailed | Overloaded>
}

export interface Options<A> {
  readonly path: string
  readonly codec: Codec<A>
  readonly disk?: Disk | undefined
  readonly notify?: ((notice: Notice) => void) | undefined
  /** Bytes that may wait for the disk; also the longest record. Default 1 MiB. */
  readonly capacity?: number | undefined
}

export const storageFailed = (failure: DiskFailure): StorageFailed =>
  new StorageFailed({ operation: failure.operation, path: failure.path, reason: failure.reason })

/** A time as it stands in the name of a torn tail: `20260321T120000123Z`. */
export const timestampOf = (millis: number): string => new Date(millis).toISOString().replace(/[-:.]/g, "")

export const make = Effect.fnUntraced(function* <A>(
  options: Options<A>
): Effect.fn.Return<Journal<A>, never, Scope.Scope> {
  const clock = yield* Effect.clock
  const capacity = options.capacity ?? 1 << 20
  const commit = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new GroupCommit({
          disk: options.disk ?? nodeDisk,
          capacity,
          timestamp: () => timestampOf(clock.unsafeCurrentTimeMillis()),
          notify: options.notify ?? (() => undefined),
          onCommit: () => undefined,
          onFailure: () => undefined
        })
    ),
    (commit) => Effect.promise(() => commit.close())
  )
  const append = (record: A) =>
    Effect.async<void, StorageFailed | Overloaded>((resume) => {
      const bytes = options.codec.encode(record)
      if (!commit.fits(bytes.length)) {
        return resume(Effect.fail(new Overloaded({ what: options.path, retryAfter: 1 })))
      }
      commit.put(commit.file(options.path), bytes)
      commit.wait((failure) => resume(failure === undefined ? Effect.void : Effect.fail(storageFailed(failure))))
    })
  return { append }
})

/** Records of a file, with the lines that are none. Small files only: it is read whole. */
export const parse = <A>(
  text: string,
  codec: Codec<A>
): { readonly records: Array<A>; readonly bad: Array<number> } => {
  const records: Array<A> = []
  const bad: Array<number> = []
  text.split("\n").forEach((line, index) => {
    if (line === "") return
    const record = codec.decode(line)
    if (record === undefined) bad.push(index + 1)
    else records.push(record)
  })
  return { records, bad }
}
