/**
 * Reads a dump from its file, compressed with gzip or not, piece by piece: records in their order, and damage where some is. Memory
 * is bounded by the longest record.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { constants, createGunzip } from "node:zlib"
import { reasonOf as causeOf, StorageFailed } from "../../domain/Refusal.js"
import { reasonOf } from "../../site/FileReason.js"
import { type DumpEntry, DumpScanner, longestRecord } from "./DumpScanner.js"

const piece = 1024 * 1024

export const read = (
  path: string,
  longest = longestRecord
): Stream.Stream<DumpEntry, StorageFailed, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const failed = (reason: string) => new StorageFailed({ operation: "read", path, reason })
      const bytes = fs.stream(path, { chunkSize: piece }).pipe(Stream.mapError((error) => failed(reasonOf(error))))
      const opening = yield* Stream.runHead(fs.stream(path, { chunkSize: 2, bytesToRead: 2 })).pipe(
        Effect.mapError((error) => failed(reasonOf(error)))
      )
      const isGzip = opening._tag === "Some" && opening.value[0] === 0x1f && opening.value[1] === 0x8b
      const scanner = new DumpScanner(longest)
      const scanned = isGzip ? unzipped(bytes, failed) : bytes
      return Stream.concat(
        Stream.mapConcat(scanned, (some) => scanner.push(some)),
        Stream.suspend(() => Stream.fromChunk(Chunk.unsafeFromArray(scanner.finish())))
      )
    })
  )

// ------------------------------------------------------------------------------------------------------------------

/** A compressed file that was cut gives what is there; the scanner sees the end of it. */
const unzipped = (
  bytes: Stream.Stream<Uint8Array, StorageFailed>,
  failed: (reason: string) => StorageFailed
): Stream.Stream<Uint8Array, StorageFailed> =>
  NodeStream.pipeThroughDuplex(
    () => createGunzip({ chunkSize: piece, finishFlush: constants.Z_SYNC_FLUSH }),
    (cause) => failed(causeOf(cause))
  )(bytes)
