/** `sync`: copies the datasets to the remotes. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { SyncResult } from "../domain/Collector.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { CommandFailed } from "./Failure.js"
import * as LiveLines from "./LiveLines.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const sync = CommandSpec.make(
  "sync",
  {
    summary: "Copy the datasets to all remotes of the config, now",
    about: [
      "A remote counts as done only if its copy succeeded and was verified. Exits 1 if one of them failed. While a copy runs " +
        "already, this waits for that one."
    ],
    examples: [
      ["outpost sync", "says how it went for each remote"],
      ["outpost sync --json", "the results for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const collector = yield* CollectorOperations
      const results = yield* Effect.scoped(Effect.zipRight(watching, collector.sync))
      yield* Output.answer({
        json: () => encode({ ok: results.every(({ ok }) => ok), results }),
        text: (style) => results.map(line(style))
      })
      const failed = results.filter(({ ok }) => !ok)
      if (failed.length > 0) {
        return yield* new CommandFailed({
          message: `${failed.length} of ${Readable.plural(results.length, "remote")} failed`,
          hint: "mend what stands beside each of them, then run this again: what is copied is not copied twice"
        })
      }
    }).pipe(Connect.reading)
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ ok: Schema.Boolean, results: Schema.Array(SyncResult) }))

const line =
  (style: Output.Style) =>
  ({ bytes, error, files, finished_at, ok, remote, started_at }: SyncResult): string => {
    if (!ok) return `${style.bad("failed")}  ${remote}: ${error ?? "no reason given"}`
    const facts = [
      ...(files === null ? [] : [Readable.plural(files, "file")]),
      ...(bytes === null ? [] : [Readable.bytes(bytes)]),
      Readable.span(Math.max(0, Math.round((finished_at - started_at) * 1000)))
    ]
    return `${style.good("ok    ")}  ${remote}: ${facts.join(", ")}`
  }

/** Says which remotes are done, and how long it has been going on. */
const watching = Effect.gen(function* () {
  const collector = yield* CollectorOperations
  const { history, remotes } = yield* collector.storage
  const began = yield* Clock.currentTimeMillis
  const done = yield* Ref.make<ReadonlyArray<SyncResult>>([])
  const identity = ({ finished_at, remote }: SyncResult) => `${finished_at} ${remote}`
  const earlier = new Set(history.map(identity))
  yield* collector.storage.pipe(
    Effect.flatMap((now) => Ref.set(done, now.history.filter((result) => !earlier.has(identity(result))).toReversed())),
    Effect.ignore,
    Effect.repeat(Schedule.spaced("2 seconds")),
    Effect.forkScoped
  )
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => Readable.span(Math.max(1000, now - began)))
  const head = (count: number, time: string) =>
    `copying, ${count} of ${Readable.plural(remotes.length, "remote")} done, ${time}`
  const told = yield* Ref.make(0)
  yield* LiveLines.show({
    lines: ({ columns, rows }) =>
      Effect.gen(function* () {
        const results = yield* Ref.get(done)
        const shown = results.map((result) => Output.cut(line(Output.colourless)(result), columns))
        return [
          ...shown.slice(Math.max(0, shown.length - rows + 1)),
          Output.cut(head(results.length, yield* elapsed), columns)
        ]
      }),
    plain: Effect.gen(function* () {
      const results = yield* Ref.get(done)
      const before = yield* Ref.getAndSet(told, results.length)
      return [...results.slice(before).map(line(Output.colourless)), head(results.length, yield* elapsed)]
    })
  })
})
