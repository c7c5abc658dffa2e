/**
 * Every decoder of bytes from outside, fed with what is almost right: captures with bytes changed, cut out, doubled and mixed.
 * Whatever comes out, it is a value or a typed error, in bounded time and memory.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DumpScanner } from "../../src/ingest/archive/DumpScanner.js"
import { classify } from "../../src/plugins/source/ContrastSource.js"
import { LecroySeries } from "../../src/plugins/source/internal/LecroySeries.js"
import { FrameIntake } from "../../src/source/FrameIntake.js"
import { elements, NdArray } from "../../src/source/pickle/NdArray.js"
import { decode, eventRecords } from "../../src/source/pickle/PickleReader.js"
import { type PickleValue, plain } from "../../src/source/pickle/PickleValue.js"
import { encode } from "../../src/source/pickle/PickleWriter.js"
import { all, messages } from "../source/pickle/Captures.js"
import { rounds } from "../support/Crashes.js"
import { fixtures, hasUpstream, upstream } from "../support/Fixtures.js"
import { Mutations } from "../support/Mutations.js"

const seed = Number(process.env["OUTPOST_FAULT_SEED"] ?? 1)
const count = rounds(3_000, 100_000)

/** Bytes of the heap and beside it, once garbage is gone as far as it can be told. */
const memory = () => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Runs a decoder on so many mutations; says how many it has taken for good. */
const feed = (samples: ReadonlyArray<Uint8Array>, decoder: (bytes: Buffer) => boolean): number => {
  const mutations = new Mutations(samples, seed)
  const before = memory()
  let good = 0
  for (let round = 0; round < count; round++) {
    const bytes = mutations.next()
    const begin = performance.now()
    try {
      if (decoder(bytes)) good++
    } catch (cause) {
      assert.fail(`round ${round}, seed ${seed}: ${String(cause)}\n${bytes.subarray(0, 2000).toString("hex")}`)
    }
    assert.isBelow(performance.now() - begin, 60_000, `round ${round}, seed ${seed}`)
  }
  assert.isBelow(memory() - before, 300 * 2 ** 20)
  return good
}

/** Looks at all of a value, as who uses it would. */
const visit = (value: PickleValue): void => {
  if (value instanceof NdArray) elements(value)
  if (Array.isArray(value)) value.forEach(visit)
  if (value instanceof Map) for (const [key, item] of value) [key, item].forEach(visit)
}

describe(`${count} mutations each`, () => {
  it("pickles", { timeout: 1_200_000 }, () => {
    // Small ones: a change in the data of an array is no change of the pickle.
    const samples = all().filter(({ length }) => length < 4096)
    const good = feed(samples, (bytes) => {
      const found = decode(bytes, { records: eventRecords, limits: { elements: 20_000, size: 1 << 20 } })
      if (Either.isLeft(found)) {
        assert.strictEqual(found.left._tag, "PickleError")
        assert.isAtMost(found.left.offset, bytes.length)
        return false
      }
      visit(found.right)
      plain(found.right)
      encode(plain(found.right))
      return true
    })
    assert.isAbove(good, count / 100)
    assert.isBelow(good, count)
  })

  it.skipIf(!hasUpstream)("messages of contrast", { timeout: 1_200_000 }, () => {
    const samples = messages("contrast-dump.cbors").map(([part = Buffer.alloc(0)]) => part)
    const verdicts = new Set<string>()
    feed(samples, (bytes) => {
      const { _tag } = classify([bytes])
      verdicts.add(_tag)
      return _tag !== "Malformed"
    })
    assert.sameMembers([...verdicts], ["Start", "Image", "End", "Noise", "Malformed"])
  })

  it.skipIf(!hasUpstream)("messages of a LeCroy, one series", { timeout: 1_200_000 }, () => {
    const samples = messages("maui-02-continuous-3.cbor.gz").map(([header = Buffer.alloc(0)]) => header)
    const intake = new FrameIntake("lecroy", 1 << 20)
    const series = new LecroySeries(intake)
    const data = Buffer.alloc(8)
    feed(samples, (bytes) => {
      series.read(bytes.length % 3 === 0 ? [bytes] : [bytes, data, data])
      return true
    })
    assert.isAbove(intake.bytes, 0)
  })

  it("records of dumps", { timeout: 1_200_000 }, () => {
    const dump = readFileSync(join(fixtures, "A/dump.cbors"))
    const samples = [
      dump,
      dump.subarray(0, 123),
      ...(hasUpstream ? [readFileSync(join(upstream, "dump_xrd.cbors"))] : [])
    ]
    const good = feed(samples, (bytes) => {
      const scanner = new DumpScanner(1 << 20)
      const half = bytes.length >> 1
      const found = [
        ...scanner.push(bytes.subarray(0, half)),
        ...scanner.push(bytes.subarray(half)),
        ...scanner.finish()
      ]
      const length = found.reduce((sum, entry) => sum + entry.length, 0)
      assert.strictEqual(length, bytes.length, "bytes that nobody has told of")
      return found.every(({ _tag }) => _tag === "Record")
    })
    assert.isBelow(good, count)
  })
})
