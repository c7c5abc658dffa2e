/** `outbox list`: what waits to be sent. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Options from "@effect/cli/Options"
import { Priority } from "../domain/Message.js"
import { type OutboxEntry, OutboxPage } from "../domain/Outbox.js"
import { OutboxOperations } from "../operations/OutboxOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"
import { StandardIo } from "./StandardIo.js"

export const list = CommandSpec.make(
  "list",
  {
    summary: "The messages that wait to be sent, by number",
    about: ["A hundred unless --limit says otherwise; `next` of --json is where --after goes on."],
    examples: [
      ["outpost outbox list", "the oldest hundred"],
      ["outpost outbox list --set-aside --uplink office", "what this uplink can't send, and why"],
      ["outpost outbox list --json --after 4711 | jq '.messages[].body'", "for programs"]
    ]
  },
  {
    uplink: Flags.text("uplink", "NAME", "Only what this uplink has not delivered"),
    priority: Flags.choice("priority", Priority.literals, "Only messages of this priority").pipe(Options.optional),
    setAside: Flags.flag("set-aside", "Only what can't be sent"),
    after: Flags.integer("after", { least: 0 }, "Only higher numbers"),
    limit: Flags.integer("limit", { least: 1, most: 1_000 }, "How many")
  },
  ({ after, limit, priority, setAside, uplink }) =>
    Effect.gen(function* () {
      const outbox = yield* OutboxOperations
      const page = yield* outbox.list({
        uplink: Option.getOrUndefined(uplink),
        priority: Option.getOrUndefined(priority),
        setAside,
        after: Option.getOrUndefined(after),
        limit: Option.getOrUndefined(limit)
      })
      const zone = yield* DateTime.CurrentTimeZone
      const columns = yield* (yield* StandardIo).columns
      yield* Output.answer({ json: () => encode(page), text: (style) => describe(page, zone, columns, style) })
    }).pipe(Connect.reading)
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(OutboxPage)

const describe = (
  { messages, next }: OutboxPage,
  zone: DateTime.TimeZone,
  columns: number,
  style: Output.Style
): ReadonlyArray<string> =>
  messages.length === 0
    ? ["nothing waits to be sent"]
    : [
        ...Output.table([["ID", "TIME", "PRIORITY", "FOR", "MESSAGE"], ...messages.map(row(zone, style))], style).map(
          (line) => Output.cut(line, columns)
        ),
        ...(next === null ? [] : [style.dim(`there are more: outpost outbox list --after ${next}`)])
      ]

const row =
  (zone: DateTime.TimeZone, style: Output.Style) =>
  ({ at, body, id, priority, set_aside, waiting_for }: OutboxEntry): ReadonlyArray<string> => [
    String(id),
    Readable.moment(Math.round(at * 1000), zone),
    priority,
    [...waiting_for, ...set_aside.map(({ uplink }) => style.bad(`${uplink}!`))].join(", "),
    set_aside.map(({ reason }) => `${reason}: `).join("") + JSON.stringify(body)
  ]
