import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { HookBody } from "../../src/http/ApiIngest.js"
import * as IngestParams from "../../src/http/IngestParams.js"

const read = (nb_points: unknown) => Schema.decodeUnknownEither(HookBody)({ streams: ["cam"], scan: { nb_points } })

describe("the body of a hook", () => {
  it("has a bounded number of points, since each becomes an event in memory", () => {
    for (const points of [0, 7, 1_000_000]) assert.isTrue(Either.isRight(read(points)), String(points))
    for (const points of [-1, 0.5, 1_000_001, 5e9, "7"]) assert.isTrue(Either.isLeft(read(points)), String(points))
  })

  it("becomes one event for each point, each with a constraint of its own", () => {
    assert.deepStrictEqual(IngestParams.uniform(["cam", "aux"], 2), {
      parts: {
        main: {
          cam: [[{ tags: ["generic"], constraint: 0 }], [{ tags: ["generic"], constraint: 1 }]],
          aux: [[{ tags: ["generic"], constraint: 0 }], [{ tags: ["generic"], constraint: 1 }]]
        }
      },
      sequence: ["main"]
    })
  })
})
