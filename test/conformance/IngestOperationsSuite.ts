/** What `IngestOperations` promises, whoever carries it out. The layer has the stream `eiger`. */
import { assert } from "@effect/vitest"
import { Chunk, Effect, type Layer, Stream } from "effect"
import { IngestOperations } from "../../src/operations/IngestOperations.js"
import { layer as testLayer } from "../support/SharedLayer.js"

const one = { tags: ["generic"], constraint: 1 }
const map = {
  parts: { main: { eiger: [[one], [], null, [{ tags: ["a", "b"], constraint: null }]] } },
  sequence: ["main"]
}

export const suite = <E>(name: string, layer: Layer.Layer<IngestOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`IngestOperations ${name}`, (it) => {
    it.effect("a scan is begun, told as it was given, followed and stopped", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        const mapping = yield* ingest.begin({ map, allWrap: false })
        assert.match(mapping, /^[0-9a-f-]{36}$/)
        assert.deepStrictEqual(yield* ingest.map, map)
        const [first] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(ingest.follow, 1)))
        assert.deepStrictEqual(first, yield* ingest.progress)
        yield* ingest.stop
        const { finished, lost, processed, reassigned, total_events } = yield* ingest.progress
        assert.isTrue(finished)
        assert.strictEqual(processed + reassigned + lost, total_events)
      })
    )

    it.effect("a map with a stream that nobody has is refused with the reason", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        const error = yield* Effect.flip(ingest.begin({ map: { parts: { m: { nobody: [[one]] } }, sequence: ["m"] } }))
        assert.strictEqual(error._tag, "MapRefused")
        assert.strictEqual(error.message, "streams {'nobody'} not available")
      })
    )

    it.effect("a parameter keeps its bytes, whatever they are; one that nobody set is not found", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        const value = Uint8Array.from({ length: 256 }, (_, k) => k)
        const before = (yield* ingest.ensemble).parameters_hash
        const hash = yield* ingest.setParameter("blob", value)
        assert.notStrictEqual(hash, before)
        assert.strictEqual((yield* ingest.ensemble).parameters_hash, hash)
        assert.deepStrictEqual([...(yield* ingest.parameter("blob"))], [...value])
        yield* ingest.setParameter("empty", new Uint8Array())
        assert.strictEqual((yield* ingest.parameter("empty")).length, 0)
        for (const name of ["nobody", "a/b", ".."]) {
          assert.strictEqual((yield* Effect.flip(ingest.parameter(name)))._tag, "ParameterNotFound", name)
        }
      })
    )

    it.effect("what is published is followed, with arrays no larger than asked for", () =>
      Effect.gen(function* () {
        const { followPublished, published } = yield* IngestOperations
        const last = (options?: { readonly largest: number }) =>
          Effect.map(Stream.runCollect(Stream.take(followPublished(options), 2)), Chunk.toReadonlyArray)
        assert.deepStrictEqual((yield* last())[1], yield* published)
        const image = { left_out: true, dtype: "<i8", shape: [1, 2] }
        assert.deepStrictEqual((yield* last({ largest: 1 }))[1], { ...(yield* published), image })
        assert.deepStrictEqual((yield* last({ largest: 2 }))[1], yield* published)
      })
    )

    it.effect("load has the intervals that were asked for", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        for (const load of Object.values(yield* ingest.load({ intervals: [1, 7], scan: true })))
          assert.sameMembers(Object.keys(load.intervals), ["1", "7", "scan"])
        for (const load of Object.values(yield* ingest.load({ intervals: [], scan: false })))
          assert.isEmpty(Object.keys(load.intervals))
        assert.isArray(yield* ingest.parameters)
        assert.isBoolean((yield* ingest.status).finished)
      })
    )
  })

/** Of whoever has logged a line at each of the levels INFO, WARNING and ERROR, and logs the same again. */
export const suiteLogs = <E>(name: string, layer: Layer.Layer<IngestOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`IngestOperations ${name}`, (it) => {
    it.effect("lines at or above a level, oldest first, and those from now on", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        const levels = (level: "DEBUG" | "WARNING" | "CRITICAL") =>
          Effect.map(ingest.logs(level), (lines) => lines.map(({ levelname }) => levelname))
        assert.deepStrictEqual(yield* levels("DEBUG"), ["INFO", "WARNING", "ERROR"])
        assert.deepStrictEqual(yield* levels("WARNING"), ["WARNING", "ERROR"])
        assert.deepStrictEqual(yield* levels("CRITICAL"), [])
        const followed = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(ingest.followLogs, 3)))
        assert.deepStrictEqual(followed, yield* ingest.logs("DEBUG"))
      })
    )
  })

/** Of whoever has no controller. */
export const suiteOff = <E>(name: string, layer: Layer.Layer<IngestOperations, E>) =>
  testLayer(layer, { excludeTestServices: true })(`IngestOperations ${name}`, (it) => {
    it.effect("every verb says that no controller runs here", () =>
      Effect.gen(function* () {
        const ingest = yield* IngestOperations
        const verbs: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          ingest.ensemble,
          ingest.begin({ map }),
          ingest.map,
          ingest.stop,
          ingest.progress,
          Stream.runDrain(ingest.follow),
          ingest.status,
          ingest.load({ intervals: [1], scan: true }),
          ingest.setParameter("gain", new Uint8Array()),
          ingest.parameter("gain"),
          ingest.parameters,
          ingest.logs("DEBUG"),
          Stream.runDrain(ingest.followLogs),
          ingest.published,
          Stream.runDrain(ingest.followPublished())
        ]
        for (const verb of verbs) assert.strictEqual((yield* Effect.flip(verb))._tag, "IngestOff")
      })
    )
  })
