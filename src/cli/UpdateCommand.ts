/** `update check|apply|rollback|status|keygen|sign`: the versions of a station. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UpdateOffer, UpdateStatus } from "../domain/Update.js"
import { UpdateOperations } from "../operations/UpdateOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { CommandFailed } from "./Failure.js"
import * as Flags from "./Flags.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"
import { follow } from "./UpdateFollow.js"
import { keygen, sign } from "./UpdateKeys.js"

const wanted = Flags.optionalArgument("VERSION", "The version, such as 1.2.3; default: the newest")

const check = CommandSpec.make(
  "check",
  {
    summary: "What the source of releases offers, and whether it would be taken",
    about: ["Changes nothing. Exits 1 where the release would be refused."],
    examples: [
      ["outpost update check", "the newest"],
      ["outpost update check 1.2.3 --json", "one version, for programs"]
    ]
  },
  { version: wanted },
  ({ version }) =>
    Effect.gen(function* () {
      const updates = yield* UpdateOperations
      const offer = yield* updates.check(Option.getOrUndefined(version))
      yield* Output.answer({
        json: () => Output.encode(UpdateOffer)(offer),
        text: (style) => [
          `${style.bold(offer.version)}, ${Readable.bytes(offer.size)}, made ${offer.created}, valid until ${offer.expires}`
        ]
      })
      if (offer.refused !== null)
        return yield* new CommandFailed({ message: `${offer.version} would be refused: ${offer.refused.detail}` })
    }).pipe(Connect.reading)
)

const apply = CommandSpec.make(
  "apply",
  {
    summary: "Take a release: fetch, verify, install, test, switch to it",
    about: [
      "Follows it until the station switches. The new version is then on trial (`update.trial` of the config): where it does " +
        "not prove itself, the old one returns by itself. On a site without a server it counts from the next start by the launcher."
    ],
    examples: [
      ["outpost update apply", "the newest"],
      ["outpost update apply 1.2.3", "this one"]
    ]
  },
  { version: wanted },
  ({ version }) =>
    Effect.gen(function* () {
      const updates = yield* UpdateOperations
      const attempt = yield* updates.apply(Option.getOrUndefined(version))
      const end = yield* follow(attempt)
      yield* Output.answer({
        json: () => JSON.stringify({ to: attempt.to, phase: end }),
        text: () => [said[end](attempt.to)]
      })
    }).pipe(Connect.writing)
)

const said = {
  trial: (version: string) => `switched to ${version}; it is on trial: see outpost update status`,
  restarting: (version: string) => `the station restarts into ${version}: see outpost update status`
} as const

const rollback = CommandSpec.make(
  "rollback",
  {
    summary: "Return to the version before this one",
    about: ["During a trial its config returns as well. There is no way back from a return: apply the release again."],
    examples: [["outpost update rollback", "the server restarts for it"]]
  },
  {},
  () =>
    Effect.gen(function* () {
      const updates = yield* UpdateOperations
      const { to } = yield* updates.rollback
      yield* Output.answer({ json: () => JSON.stringify({ to }), text: () => [`returns to ${named(to)}`] })
    }).pipe(Connect.writing)
)

const status = CommandSpec.make(
  "status",
  {
    summary: "The versions of the station, and how an update goes or went",
    examples: [
      ["outpost update status", "for people"],
      ["outpost update status --json | jq .last", "how the last one ended"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const updates = yield* UpdateOperations
      const found = yield* updates.status
      yield* Output.answer({
        json: () => Output.encode(UpdateStatus)(found),
        text: (style) => Output.pairs(describe(found), style)
      })
    }).pipe(Connect.reading)
)

const named = (version: string | null): string => version ?? "the version installed by hand"

const describe = (found: UpdateStatus): ReadonlyArray<readonly [string, string]> => {
  const { attempt, current, fetched, installed, last, phase, previous, running, source, trial } = found
  const progress = fetched === null ? "" : `, ${Readable.bytes(fetched.bytes)} of ${Readable.bytes(fetched.size)}`
  return [
    ["running", running],
    ["current", named(current)],
    ["installed", installed.length === 0 ? "none by an update" : installed.join(", ")],
    ...(previous === null ? [] : [["before", named(previous.version)] as const]),
    ["source", source ?? "none: see update.source of the config"],
    ["update", attempt === null ? "none under way" : `to ${attempt.to}, by ${attempt.by}: ${phase}${progress}`],
    ...(trial === null ? [] : [["trial", onTrial(trial)] as const]),
    ...(last === null ? [] : [["last", `to ${last.to}: ${last.outcome} at ${last.ended}`] as const]),
    ...(last?.detail == null ? [] : [["", `${last.reason}: ${last.detail}`] as const])
  ]
}

const onTrial = ({ complaints, most_starts, starts, until }: NonNullable<UpdateStatus["trial"]>): string =>
  [`until ${until}`, `start ${starts} of at most ${most_starts}`, ...complaints].join("; ")

export const update = CommandSpec.group(
  "update",
  {
    summary: "Releases of the software: check, apply, go back, sign",
    examples: [
      ["outpost update check", "is there a newer one"],
      ["outpost update apply", "take it"],
      ["outpost update status", "how it goes"]
    ]
  },
  [check, apply, rollback, status, keygen, sign]
)
