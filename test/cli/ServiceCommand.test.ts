import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CommandLine, layer } from "../support/CommandLine.js"

describe("install-service", () => {
  it.effect("says where the unit is and how it is started", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const machine = yield* line.run(["install-service", "--site", "/data/site"])
      assert.deepStrictEqual(
        [machine.code, machine.out],
        [0, "wrote /units/outpost.service\nstart it with: systemctl daemon-reload && systemctl enable --now outpost\n"]
      )
      const own = yield* line.run(["install-service", "--user", "--name", "roof"])
      assert.include(own.out, "systemctl --user enable --now roof")
      assert.deepStrictEqual(line.connects, [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("only prints it for -, also as JSON", () =>
    Effect.gen(function* () {
      const line = yield* CommandLine
      const printed = yield* line.run(["install-service", "--out", "-", "--site", "/data/site"])
      assert.strictEqual(printed.out, "[Unit]\n# /data/site\n")
      const json = yield* line.run(["install-service", "--out", "-", "--site", "/data/site", "--json"])
      assert.deepStrictEqual(JSON.parse(json.out), { unit: "[Unit]\n# /data/site\n" })
    }).pipe(Effect.provide(layer))
  )
})
