/** `outbox uplinks`: how the uplinks are doing. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UplinkStatus } from "../domain/Uplink.js"
import { OutboxOperations } from "../operations/OutboxOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const uplinks = CommandSpec.make(
  "uplinks",
  {
    summary: "How each uplink is doing: connected since when, what waits, its last error",
    examples: [
      ["outpost outbox uplinks", "those of ./site"],
      ["outpost outbox uplinks --json | jq '.uplinks[] | select(.state != \"connected\")'", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const found = yield* Effect.flatMap(OutboxOperations, (outbox) => outbox.uplinks)
      const zone = yield* DateTime.CurrentTimeZone
      yield* Output.answer({
        json: () => encode({ uplinks: found }),
        text: (style) =>
          found.length === 0
            ? ["no uplink is configured; docs/uplinks.md says how"]
            : Output.table([header, ...found.map(row(zone, style))], style)
      })
    }).pipe(Connect.onServer)
)

// ------------------------------------------------------------------------------------------------------------------

const encode = Output.encode(Schema.Struct({ uplinks: Schema.Array(UplinkStatus) }))

const header = ["UPLINK", "USES", "STATE", "SINCE", "WAITING", "DELIVERED", "LAST ERROR"]

const row =
  (zone: DateTime.TimeZone, style: Output.Style) =>
  ({ connected_since, delivered, last_error, name, state, use, waiting }: UplinkStatus): ReadonlyArray<string> => [
    name,
    use,
    state === "connected" ? style.good(state) : state === "stopped" ? state : style.doubtful(state),
    connected_since === null ? "" : Readable.moment(Math.round(connected_since * 1000), zone),
    Readable.count(waiting),
    Readable.count(delivered),
    last_error === null || state === "connected" ? "" : last_error.message
  ]
