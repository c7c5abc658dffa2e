/** `outbox`: on the double, the uplink `office` has two messages waiting and one set aside. */
import { assert } from "@effect/vitest"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { CommandLine, layer as commandLine } from "../support/CommandLine.js"
import { layer } from "../support/SharedLayer.js"

const run = (...args: ReadonlyArray<string>) => Effect.flatMap(CommandLine, (line) => line.run(["outbox", ...args]))

layer(Layer.merge(commandLine, NodeFileSystem.layer), { excludeTestServices: true })("outbox", (it) => {
  it.effect("stats: the figures, and a row for each uplink", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run("stats")
      assert.strictEqual(code, 0)
      assert.match(out, /waiting +3 of 500,000 messages at most/)
      assert.match(out, /office +2 +0 +1 +1 /)
      assert.strictEqual(JSON.parse((yield* run("stats", "--json")).out).uplinks[0].set_aside, 1)
    })
  )

  it.effect("uplinks: their connection, and what is wrong with it", () =>
    Effect.gen(function* () {
      assert.match((yield* run("uplinks")).out, /office +tenta +waiting +2 +1 +connection refused/)
      assert.strictEqual(JSON.parse((yield* run("uplinks", "--json")).out).uplinks[0].state, "waiting")
    })
  )

  it.effect("list: what waits, and why something can't be sent", () =>
    Effect.gen(function* () {
      const { out } = yield* run("list")
      assert.match(out, /^1 +2026-11-21 13:00:00\+01:00 +urgent +office +\{"variant":"data","data":\{"n":1\}\}$/m)
      assert.match(out, /^2 .*office! +the broker refused it: /m)
      assert.match((yield* run("list", "--limit", "1")).out, /outpost outbox list --after 1/)
      const { messages } = JSON.parse((yield* run("list", "--set-aside", "--uplink", "office", "--json")).out)
      assert.deepStrictEqual(
        messages.map((message: { id: number }) => message.id),
        [2]
      )
      assert.strictEqual((yield* run("list", "--priority", "loud")).code, 2)
    })
  )

  it.effect("retry: by number, told how many", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run("retry", "7x")).code, 2)
      assert.match((yield* run("retry", "1")).out, /nothing of it was set aside/)
      assert.match((yield* run("retry", "2", "--uplink", "office")).out, /1 message back in line/)
    })
  )

  it.effect(
    "ivy 13: archive lines parse as JSON: export writes the archive as ivy's CSV, or as NDJSON; into a file, whole",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const directory = yield* fs.makeTempDirectoryScoped()
        const { code } = yield* run("export", "--format", "csv", "--out", `${directory}/m.csv`, "--since", "2026-11-22")
        assert.strictEqual(code, 0)
        assert.strictEqual(
          yield* fs.readFileString(`${directory}/m.csv`),
          'timestamp,message_body\n1795348800.0,"{""variant"":""data"",""data"":{""n"":4}}"\n'
        )
        assert.lengthOf((yield* run("export", "--format", "ndjson", "--out", "-")).out.trimEnd().split("\n"), 4)
      }).pipe(Effect.scoped)
  )

  it.effect("ivy 14.2: stop drains within its limit and says what is left; start goes on", () =>
    Effect.gen(function* () {
      const stopped = yield* run("stop", "--limit", "0s")
      assert.strictEqual(stopped.code, 0)
      assert.match(stopped.out, /nothing is sent; go on with: outpost outbox start/)
      assert.match(stopped.out, /office +\d/)
      assert.strictEqual((yield* run("start")).code, 0)
      assert.strictEqual(JSON.parse((yield* run("stats", "--json")).out).stopped, false)
      assert.strictEqual((yield* run("stop", "--limit", "soon")).code, 2)
    })
  )
})
