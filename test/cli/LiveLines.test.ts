import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Ref, Scope, Stream, TestClock } from "effect"
import * as Globals from "../../src/cli/Globals.js"
import * as LiveLines from "../../src/cli/LiveLines.js"
import { StandardIo } from "../../src/cli/StandardIo.js"

/** What a terminal shows after some output: cursor up, wipe below, new lines. */
const screen = (output: string): ReadonlyArray<string> => {
  let lines: Array<string> = [""]
  let row = 0
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
  for (const token of output.match(/\u001b\[\d*[AJ]|\r|\n|[^\u001b\r\n]+/g) ?? []) {
    if (token === "\n") {
      row++
      lines[row] ??= ""
    } else if (token.endsWith("A")) row -= Number(token.slice(2, -1))
    else if (token.endsWith("[J")) lines = [...lines.slice(0, row), ""]
    else if (token !== "\r") lines[row] += token
  }
  return lines.filter((line) => line !== "")
}

const shown = (options: { terminal: boolean; quiet?: true; environment?: Record<string, string> }) =>
  Effect.gen(function* () {
    let err = ""
    const writes: Array<number> = []
    const io = StandardIo.of({
      out: () => Effect.void,
      err: (text) =>
        Effect.map(TestClock.currentTimeMillis, (now) => {
          err += text
          writes.push(now)
        }),
      input: Stream.empty,
      terminal: { input: false, out: options.terminal, err: options.terminal },
      columns: Effect.succeed(40),
      rows: Effect.succeed(10)
    })
    const count = yield* Ref.make(0)
    const sizes: Array<LiveLines.Size> = []
    const scope = yield* Scope.make()
    yield* LiveLines.show({
      lines: (size) =>
        Effect.map(
          Ref.updateAndGet(count, (n) => n + 1),
          (n) => {
            sizes.push(size)
            return Array.from({ length: 1 + (n % 3) }, (_, line) => `drawing ${n} line ${line}`)
          }
        ),
      plain: Effect.map(
        Ref.updateAndGet(count, (n) => n + 1),
        (n) => [`at ${n}`]
      )
    }).pipe(
      Scope.extend(scope),
      Effect.provideService(StandardIo, io),
      Effect.provideServiceEffect(Globals.Globals, Globals.decode(options.quiet === true ? { "--quiet": true } : {})),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(options.environment ?? {}))))
    )
    yield* TestClock.adjust("11 seconds")
    const before = err
    yield* Scope.close(scope, Exit.void)
    return { before, after: err, writes, sizes, draws: yield* Ref.get(count) }
  })

describe("on a terminal", () => {
  it.effect("only the newest drawing stands there, and nothing at the end", () =>
    Effect.gen(function* () {
      const { after, before, draws, sizes } = yield* shown({ terminal: true })
      assert.deepStrictEqual(
        screen(before),
        Array.from({ length: 1 + (draws % 3) }, (_, line) => `drawing ${draws} line ${line}`)
      )
      assert.deepStrictEqual(screen(after), [])
      assert.deepStrictEqual(sizes[0], { columns: 39, rows: 9 })
    })
  )

  it.effect("it is drawn five to ten times a second", () =>
    Effect.gen(function* () {
      const { draws } = yield* shown({ terminal: true })
      assert.isAtLeast(draws / 11, 5)
      assert.isAtMost(draws / 11, 10)
    })
  )
})

describe("elsewhere", () => {
  it.effect("a plain line comes every few seconds", () =>
    Effect.gen(function* () {
      const { after, writes } = yield* shown({ terminal: false })
      assert.strictEqual(after, "at 1\nat 2\n")
      assert.deepStrictEqual(writes, [5000, 10_000])
    })
  )

  it.effect("so it does with NO_COLOR; --quiet says nothing", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* shown({ terminal: true, environment: { NO_COLOR: "1" } })).after, "at 1\nat 2\n")
      assert.strictEqual((yield* shown({ terminal: true, quiet: true })).after, "")
      assert.strictEqual((yield* shown({ terminal: false, quiet: true })).after, "")
    })
  )
})
