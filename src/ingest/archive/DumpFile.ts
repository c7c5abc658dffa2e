/**
 * Reads a dump from its file, compressed with gzip or not, piece by piece: records in their order, and damage where some is. A
 * compressed file that is damaged gives what stands before it. Memory is bounded by the longest record.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { StorageFailed } from "../../domain/Refusal.js"
import { reasonOf } from "../../site/FileReason.js"
import { type DumpEntry, DumpScanner, longestRecord } from "./DumpScanner.js"
import { unzipped } from "./internal/unzipped.js"

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
      let scanned = 0
      let broken: string | undefined
      const plain = isGzip ? unzipped(bytes, (reason) => void (broken = reason)) : bytes
      const rest = (): ReadonlyArray<DumpEntry> => {
        const entries = scanner.finish()
        if (broken === undefined) return entries
        const reason = `the compressed file is damaged from here on: ${broken}`
        return [...entries, { _tag: "Damage", offset: scanned, length: 0, at: scanned, reason }]
      }
      return Stream.concat(
        Stream.mapConcat(plain, (some) => {
          scanned += some.byteLength
          return scanner.push(some)
        }),
        Stream.suspend(() => Stream.fromChunk(Chunk.unsafeFromArray([...rest()])))
      )
    })
  )
