import { IngestSettings } from "../../../src/ingest/Settings.js"
import { Secrets } from "../../../src/site/Secrets.js"
import { ensembleYaml } from "../../../src/ui/model/EnsembleConfig.js"
import { evenMap, read, write } from "../../../src/ui/model/MapText.js"
import { problemOf, textOf } from "../../../src/ui/model/ParameterText.js"
import * as SecretsDouble from "../../support/SecretsDouble.js"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Option, Schema } from "effect"
import { parse } from "yaml"

const said = (text: string) => Either.getOrThrow(read(text))
const wrong = (text: string) => Either.getOrThrow(Either.flip(read(text)))

describe("MapText", () => {
  it.prop(
    "an even map has as many events as were asked for, each of every stream, and is short",
    [
      FastCheck.integer({ min: 1, max: 5_000 }),
      FastCheck.uniqueArray(FastCheck.string(), { minLength: 1, maxLength: 3 })
    ],
    ([events, streams]) => {
      const text = write(evenMap(streams, events))
      const { events: found, map, streams: named } = said(text)
      assert.strictEqual(found, events)
      assert.sameMembers([...named], streams)
      for (const part of Object.values(map.parts)) {
        for (const entries of Object.values(part)) assert.isAtMost(entries.length, 100)
      }
    },
    { fastCheck: { numRuns: 25 } }
  )

  it("reads what people paste: discarded, absent and broadcast frames, parts that are repeated", () => {
    const text = `{"parts":{"a":{"x":[[{"constraint":0}],[],null],"y":[[{}],null,[{"tags":["gpu"]}]]}},"sequence":["a","a"]}`
    const { events, map, streams } = said(text)
    assert.strictEqual(events, 6)
    assert.deepStrictEqual(streams, ["x", "y"])
    assert.deepStrictEqual(map.parts["a"]?.["y"]?.[0], [{ tags: ["generic"], constraint: null }])
  })

  it("says where a text is no map", () => {
    assert.include(wrong(`{"parts": {`), "JSON")
    assert.match(wrong(`{"parts":{"a":{"x":[7]}},"sequence":[]}`), /^parts\.a\.x\.0/)
    assert.match(wrong(`{"parts":{}}`), /^sequence: is missing/)
  })
})

describe("the config that the page teaches", () => {
  it.effect("is an ensemble with all its parts", () =>
    Effect.gen(function* () {
      const { ingest } = parse(ensembleYaml)
      const settings = yield* Schema.decodeUnknown(IngestSettings)(ingest)
      assert.isTrue(settings.controller)
      assert.deepStrictEqual(Object.keys(settings.workers), ["one", "two"])
      assert.deepStrictEqual(Object.keys(settings.ingesters["detector"]?.streams ?? {}), ["frames"])
      assert.isTrue(Option.isSome(settings.reducer))
    }).pipe(Effect.provideService(Secrets, SecretsDouble.make()))
  )
})

describe("ParameterText", () => {
  it("is the text that bytes are, and none where they are none", () => {
    assert.strictEqual(textOf(new TextEncoder().encode("größer\n")), "größer\n")
    assert.isUndefined(textOf(Uint8Array.of(0xff, 0xfe)))
    assert.isUndefined(textOf(Uint8Array.of(65, 0, 66)))
  })

  it("refuses what services would read as something else", () => {
    for (const text of ["7", "-3", " 12 "]) assert.isUndefined(problemOf("int", text))
    for (const text of ["", "1.5", "0x10", "seven"]) assert.isDefined(problemOf("int", text))
    for (const text of ["7", "1e-3", ".5", "inf", "nan"]) assert.isUndefined(problemOf("float", text))
    for (const text of ["", "0x10", "1,5"]) assert.isDefined(problemOf("float", text))
    assert.isUndefined(problemOf("bool", "True"))
    assert.isDefined(problemOf("bool", "true"))
    assert.isUndefined(problemOf("str", ""))
  })
})
