/** `backfill`: fetches what is missing, to its end. `collect`: only what is new. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import * as BackfillJobs from "./BackfillJobs.js"
import * as BackfillPlanView from "./BackfillPlanView.js"
import * as BackfillRequest from "./BackfillRequest.js"
import * as BackfillWork from "./BackfillWork.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"

const fetch = CommandSpec.make(
  "backfill",
  {
    summary: "Fetch what is missing of the series of the config's jobs, to the end",
    about: [
      "Asks for nothing that is there already, so it can be stopped and started as often as you like. With --resume it goes " +
        "on with every backfill that was interrupted or paused, and then with all jobs.",
      "Where a server runs on the site, the server does the work and Ctrl-C only stops watching. Otherwise it is done in this " +
        "process; Ctrl-C ends it in order, and what is fetched is kept. Exits 1 if a window failed or a series could not go on."
    ],
    examples: [
      ["outpost backfill", "all jobs of the config"],
      ["outpost backfill --resume", "whatever is unfinished, after a crash too"],
      ["outpost backfill --dry-run", "what it would fetch, and how long that takes"],
      ["outpost backfill --series binance/ohlc/BTC-USDT/1h --start 30d", "one series, its last 30 days"],
      ["outpost backfill --job weather --retry-failed --json", "windows that failed too; the outcome for programs"]
    ]
  },
  {
    resume: Flags.flag("resume", "Go on with all that is unfinished, then with all jobs"),
    ...BackfillRequest.flags,
    dryRun: Flags.flag("dry-run", "Say what would be fetched; write nothing and ask no source")
  },
  ({ dryRun, resume, ...asked }) =>
    Effect.gen(function* () {
      const requests = yield* BackfillRequest.make(asked)
      if (dryRun) return yield* preview(requests, resume).pipe(Connect.reading)
      const operations = BackfillOperations
      yield* BackfillWork.run(
        Effect.flatMap(operations, ({ resumeAll, start }) =>
          resume
            ? BackfillRequest.use({ ...requests, adHoc: Option.none() }, resumeAll)
            : Effect.map(BackfillRequest.use(requests, start), (record) => [record])
        )
      )
    })
)

export const backfill = CommandSpec.withCommands(fetch, BackfillJobs.commands)

export const collect = CommandSpec.make(
  "collect",
  {
    summary: "Fetch what is new of the series of the config's jobs, once",
    about: [
      "One round of what the schedules do by themselves: from the newest row of each series to now. Exits 1 if a series " +
        "could not be brought up to date."
    ],
    examples: [
      ["outpost collect", "all jobs"],
      ["outpost collect --source binance --pair BTC/USDT", "one pair"]
    ]
  },
  {
    source: Flags.text("source", "S", "Only this source"),
    pair: Flags.many("pair", "P", "Only this pair")
  },
  ({ pair, source }) =>
    BackfillWork.run(
      Effect.flatMap(BackfillOperations, ({ start }) =>
        BackfillRequest.use(
          {
            ofJobs: {
              collect: true,
              exchange: Option.getOrUndefined(source),
              pairs: pair.length === 0 ? undefined : pair
            },
            adHoc: Option.none()
          },
          start
        )
      ).pipe(Effect.map((record) => [record]))
    )
)

// ------------------------------------------------------------------------------------------------------------------

/** With `resume`, of everything that is unfinished too. */
const preview = (requests: BackfillRequest.Requests, resume: boolean) =>
  Effect.gen(function* () {
    const operations = yield* BackfillOperations
    const records = resume ? yield* operations.list() : []
    const unfinished = records.filter(({ status }) => status === "interrupted" || status === "paused")
    const planned = yield* Effect.forEach(unfinished, ({ request }) => operations.plan(request))
    const jobs = yield* BackfillRequest.use(resume ? { ...requests, adHoc: Option.none() } : requests, operations.plan)
    const plan = BackfillPlanView.make([...planned.flat(), ...jobs])
    yield* Output.answer({
      json: () => BackfillPlanView.encode(plan),
      text: (style) => BackfillPlanView.lines(plan, style)
    })
  })
