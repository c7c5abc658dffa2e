/** `schedule list|pause|resume`: what runs by itself. */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ScheduleEntry, Scheduler } from "../domain/Collector.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import type { Where } from "./Launcher.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

const list = CommandSpec.make(
  "list",
  {
    summary: "What runs by itself, and when next",
    examples: [
      ["outpost schedule list", "a table"],
      ["outpost schedule list --json | jq '.jobs[] | select(.paused)'", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const { operations, where } = yield* Connect.open("read")
      const collector = Context.get(operations, CollectorOperations)
      const scheduler = yield* collector.scheduler
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({ json: () => encode(scheduler), text: (style) => describe(scheduler, where, zone, style) })
    })
)

const order = (name: "pause" | "resume", doc: CommandSpec.Doc): CommandSpec.CommandSpec =>
  CommandSpec.make(
    name,
    doc,
    {
      id: Flags.optionalArgument("ID", "The schedule, as outpost schedule list shows it"),
      all: Flags.flag("all", "Everything that runs by itself, without touching what is paused by its own")
    },
    ({ all, id }) =>
      Effect.gen(function* () {
        if (all === Option.isSome(id)) {
          return yield* new UsageProblem({
            message: all ? "an ID and --all contradict each other" : "which schedule?",
            hint: `name one, as outpost schedule list shows it, or write: outpost schedule ${name} --all`
          })
        }
        yield* (Option.isSome(id) ? one(id.value, name === "pause") : everything(name === "resume")).pipe(
          Connect.reading
        )
      })
  )

const pause = order("pause", {
  summary: "Keep a schedule from running until it is resumed, also after a restart",
  about: ["A run that is under way is not stopped."],
  examples: [
    ["outpost schedule pause binance_BTC_USDT_3600", "one"],
    ["outpost schedule pause --all", "nothing runs by itself any more"]
  ]
})

const resume = order("resume", {
  summary: "Let a paused schedule run again",
  examples: [
    ["outpost schedule resume binance_BTC_USDT_3600", "one"],
    ["outpost schedule resume --all", "those that are not paused by their own"]
  ]
})

export const schedule = CommandSpec.group(
  "schedule",
  {
    summary: "Schedules: list, pause, resume",
    about: ["Each series of a job has one, from its span, `every` or `cron` in the config."],
    examples: [
      ["outpost schedule list", "what runs when"],
      ["outpost schedule pause --all", "during maintenance"]
    ]
  },
  [list, pause, resume]
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Scheduler)

const one = (id: string, paused: boolean) =>
  Effect.gen(function* () {
    yield* Effect.flatMap(CollectorOperations, (collector) => collector.setSchedulePaused(id, paused))
    yield* Output.answer({
      json: () => JSON.stringify({ id, paused }),
      text: () => [`schedule ${id} ${paused ? "is paused" : "runs again"}`]
    })
  })

const everything = (running: boolean) =>
  Effect.gen(function* () {
    yield* Effect.flatMap(CollectorOperations, (collector) => collector.setScheduler(running))
    yield* Output.answer({
      json: () => JSON.stringify({ running }),
      text: () => [running ? "schedules run again" : "all schedules are paused"]
    })
  })

const describe = (
  { jobs, running }: Scheduler,
  where: Where,
  zone: DateTime.TimeZone,
  style: Output.Style
): ReadonlyArray<string> => [
  ...(jobs.length === 0
    ? ["no schedules; jobs of histo_jobs have one, jobs with `every` or `cron` too"]
    : Output.table([["ID", "WHEN", "NEXT", "LAST", "STATE"], ...jobs.map(row(zone, style))], style)),
  ...(running ? [] : [style.doubtful(standstill[where._tag])])
]

/** Why nothing runs by itself. */
const standstill: { readonly [Tag in Where["_tag"]]: string } = {
  Server: "all are paused together; let them run with: outpost schedule resume --all",
  InProcess: "nothing runs by itself while there is no server; start one with: outpost serve"
}

const row =
  (zone: DateTime.TimeZone, style: Output.Style) =>
  ({ id, last_run, next_run, paused, running, trigger }: ScheduleEntry): ReadonlyArray<string> => {
    const moment = (seconds: number | null) =>
      seconds === null ? "" : Readable.moment(Math.round(seconds) * 1000, zone)
    const state = running ? style.good("running") : paused ? style.doubtful("paused") : "waiting"
    return [id, trigger, moment(next_run), moment(last_run), state]
  }
