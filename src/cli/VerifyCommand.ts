/** `verify`: are the data what was stored. `doctor`: is the installation fit to run. */
import * as Effect from "effect/Effect"
import { type Finding, TelemetryOperations, VerifyReport } from "../operations/TelemetryOperations.js"
import * as CommandSpec from "./CommandSpec.js"
import * as Connect from "./Connect.js"
import { CommandFailed } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import { type Check, Launcher } from "./Launcher.js"
import * as Output from "./Output.js"
import * as Readable from "./Readable.js"

export const verify = CommandSpec.make(
  "verify",
  {
    summary: "Read all stored events and compare them with their index",
    about: [
      "Finds flipped bits, half-written lines, numbers that stand twice and files that are gone or were cut, and says " +
        "which events they touch. Exits 0 when all is well or was repaired, 1 when something is left.",
      "Numbers without a line are told for information, where the index was lost and can't tell why: an event that was " +
        "only current has none. Opening the site sets a half-written last line aside; where this command does so, or the " +
        "server did at its start, it says where."
    ],
    examples: [
      ["outpost verify", "only looks"],
      ["outpost verify --repair", "sets torn tails aside, renews the index"]
    ]
  },
  { repair: Flags.flag("repair", "Set torn tails aside and renew the index; data are never removed") },
  ({ repair }) =>
    Effect.gen(function* () {
      const report = yield* Effect.flatMap(TelemetryOperations, (telemetry) => telemetry.verify({ repair })).pipe(
        Connect.reading
      )
      const left = report.findings.filter(({ kind, repaired }) => !repaired && kind !== "gap").length
      yield* Output.answer({
        json: () => Output.encode(VerifyReport)(report),
        text: (style) => [...report.findings.map(finding(style)), summary(report)]
      })
      if (left > 0) {
        return yield* new CommandFailed({
          message: `${Readable.plural(left, "finding")} ${repair ? "could not be repaired" : "in the data"}`,
          hint: repair ? "bring the files back from a copy" : "what can be mended is mended by: outpost verify --repair"
        })
      }
    })
)

export const doctor = CommandSpec.make(
  "doctor",
  {
    summary: "Check the installation: Node, native modules, disk, clock, lock",
    about: ["Changes nothing. Exits 1 if something would keep the site from running."],
    examples: [
      ["outpost doctor", "the site in ./site"],
      ["outpost doctor --site /data/site --json", "for programs"]
    ]
  },
  {},
  () =>
    Effect.gen(function* () {
      const place = yield* Globals
      const checks = yield* Effect.flatMap(Launcher, (launcher) => launcher.doctor(place))
      const failed = checks.filter(({ state }) => state === "failed").length
      yield* Output.answer({
        json: () => JSON.stringify({ ok: failed === 0, checks }),
        text: (style) => checks.flatMap(check(style))
      })
      if (failed > 0) {
        return yield* new CommandFailed({
          message: `${Readable.plural(failed, "check")} failed`,
          hint: "do what stands below each of them, then run this again"
        })
      }
    })
)

// ------------------------------------------------------------------------------------------------------------------

const finding =
  (style: Output.Style) =>
  ({ firstSeq, kind, lastSeq, message, offset, path, repaired }: Finding): string => {
    const place = offset === undefined ? path : `${path} at byte ${offset}`
    const events = firstSeq === undefined ? "" : ` (events ${firstSeq} to ${lastSeq ?? firstSeq})`
    const state = repaired ? style.doubtful("repaired") : kind === "gap" ? style.doubtful(kind) : style.bad(kind)
    return `${state}  ${place}: ${message}${events}`
  }

const summary = ({ bytes, events, files, findings, seconds }: VerifyReport): string => {
  const read = `${Readable.plural(files, "file")}, ${Readable.plural(events, "event")}, ${Readable.bytes(bytes)}`
  const gaps = findings.filter(({ kind }) => kind === "gap").length
  const damage = findings.length - gaps
  const found = damage === 0 ? "all is well" : Readable.plural(damage, "finding")
  const informed = gaps === 0 ? "" : `, ${Readable.plural(gaps, "gap")} in the numbers`
  return `${read} read in ${Readable.span(seconds * 1000)}: ${found}${informed}`
}

const check =
  (style: Output.Style) =>
  ({ advice, detail, name, state }: Check): ReadonlyArray<string> => {
    const mark = { ok: style.good("ok     "), warning: style.doubtful("warning"), failed: style.bad("failed ") }[state]
    return [`${mark}  ${name}: ${detail}`, ...(advice === undefined ? [] : [`         ${advice}`])]
  }
