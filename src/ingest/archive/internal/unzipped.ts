/**
 * Unpacks gzip, as far as it goes: what stands before a damage comes out, to the last piece, and the damage is told.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { constants, createGunzip } from "node:zlib"

/** The piece in which a damage is found does not come out: small ones cost less of what is good. */
const piece = 16 * 1024
/** Of the compressed bytes, so that what comes out of them stays bounded. */
const portion = 64 * 1024

/** A file that was cut is not damaged: it gives what is there. */
export const unzipped = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  onDamage: (reason: string) => void
): Stream.Stream<Uint8Array, E, R> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const gunzip = yield* Effect.acquireRelease(
        Effect.sync(() => createGunzip({ chunkSize: piece, finishFlush: constants.Z_SYNC_FLUSH })),
        (open) => Effect.sync(() => open.destroy())
      )
      let ready: Array<Uint8Array> = []
      let isDamaged = false
      gunzip.on("data", (some: Uint8Array) => void ready.push(some))
      gunzip.on("error", ({ message }) => {
        if (!isDamaged) onDamage(message)
        isDamaged = true
      })
      /** Of whoever waits; a damage closes it without an answer to what was written. */
      let go: (() => void) | undefined
      gunzip.once("close", () => go?.())
      const taken = () => {
        const all = ready
        ready = []
        return all
      }
      const write = (some: Uint8Array) =>
        Effect.async<Option.Option<ReadonlyArray<Uint8Array>>>((resume) => {
          if (isDamaged) return resume(Effect.succeed(Option.none()))
          go = () => resume(Effect.sync(() => Option.some(taken())))
          gunzip.write(some, go)
        })
      const end = Effect.async<Chunk.Chunk<Uint8Array>>((resume) => {
        go = () => resume(Effect.sync(() => Chunk.unsafeFromArray(taken())))
        if (gunzip.closed) return go()
        gunzip.end()
      })
      return bytes.pipe(
        Stream.mapConcat(portions),
        Stream.mapEffect(write),
        Stream.takeWhile(Option.isSome),
        Stream.mapConcat(({ value }) => value),
        Stream.concat(Stream.fromIterableEffect(end))
      )
    })
  )

// -----------------------------------------------------------------------------

const portions = (bytes: Uint8Array): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.byteLength / portion) }, (_, index) =>
    bytes.subarray(index * portion, (index + 1) * portion)
  )
