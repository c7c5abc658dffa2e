import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as UplinkGround from "../../support/UplinkGround.js"

const drop = (more: object = {}) => ({ drop: { use: "file", settings: { directory: "drop", ...more } } })

const lines = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".ndjson"))
    .sort()
    .map((name) =>
      readFileSync(join(directory, name), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { readonly body: { readonly data: { readonly n: number } } }).body.data.n)
    )

describe("a file drop", () => {
  it.scopedLive("gets each message as a line, and another file when one is full", () =>
    Effect.gen(function* () {
      const ground = yield* UplinkGround.make()
      yield* ground.use({ drop: { ...drop({ max_bytes: 2048 }).drop, ordered: true, max_parallel_messages: 10 } })
      yield* ground.put(...Array.from({ length: 60 }, (_, n) => UplinkGround.data({ n })))
      yield* ground.delivered("drop")
      const files = lines(join(ground.directory, "drop"))
      assert.isAbove(files.length, 2)
      assert.deepStrictEqual(
        files.flat(),
        Array.from({ length: 60 }, (_, n) => n)
      )
    })
  )

  it.scopedLive("moves a line that was cut off aside, and goes on behind it", () =>
    Effect.gen(function* () {
      const ground = yield* UplinkGround.make()
      yield* ground.use(drop())
      yield* ground.put(UplinkGround.data({ n: 1 }))
      yield* ground.delivered("drop")
      yield* ground.use(drop({ max_bytes: "1 MiB" }))
      const directory = join(ground.directory, "drop")
      const [name = ""] = readdirSync(directory)
      appendFileSync(join(directory, name), '{"station":"sta')
      yield* ground.use(drop({ max_bytes: "2 MiB" }))
      yield* ground.put(UplinkGround.data({ n: 2 }))
      yield* ground.delivered("drop")
      assert.deepStrictEqual(lines(directory), [[1, 2]])
      assert.isTrue(readdirSync(directory).some((one) => one.includes(".torn-")))
    })
  )
})
