/**
 * A station as it stands on a roof: the built launcher, three procedures (a built-in, a module, a command in Python), a real
 * broker, and an office that reads along, changes its config and its software from afar.
 */
import { assert, describe } from "@effect/vitest"
import { Effect, Either } from "effect"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as ArchiveLine from "../../src/outbox/ArchiveLine.js"
import { releaseOf } from "../../src/uplink/ForeignConfig.js"
import { test } from "../support/MosquittoTest.js"
import * as MqttOffice from "../support/MqttOffice.js"
import * as NextVersion from "../support/NextVersion.js"
import { publish } from "../support/ReleaseMaker.js"
import { UpdateStation } from "../support/UpdateStation.js"

const dome = `
export default async ({ azimuth }, { message, signal }) => {
  for (let turn = 1; !signal.aborted; turn++) {
    await message({ variant: "data", data: { azimuth, turn } })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
`

const weather = `
import json, os, sys, time

settings = json.loads(sys.stdin.readline())["settings"]
while True:
    at = int(time.time() * 1000)
    body = {"variant": "data", "data": {"wind": 4.25, "station": settings["station"], "pid": os.getpid(), "measured": at}}
    print(json.dumps({"message": {"body": body, "at": at}}), flush=True)
    time.sleep(0.2)
`

const procedures = (azimuth: number) => ({
  "system-checks": { enabled: false },
  walk: { use: "random-walk", every: "200ms", settings: { message: true } },
  dome: { module: "dome.mjs", settings: { azimuth } },
  weather: { command: ["python3", "weather.py"], settings: { station: "roof" } }
})

/** What stops leaves what waits to the next version: nothing is drained. */
const config = (port: number) => `
general: { config_revision: 1, system_identifier: roof }
remote: { trial: 30s }
uplinks:
  office: { use: thingsboard, max_drain_time: 0s, settings: { host: 127.0.0.1, port: ${port} } }
routes:
  log: { from: logs, level: info }
`

const telemetry = "v1/devices/me/telemetry"
const attributes = "v1/devices/me/attributes"

/** A message of the archive as ThingsBoard is told it, to the byte. */
const payloadOf = ({ body, timestamp }: ArchiveLine.ArchivedLine): string => {
  const ts = Math.floor(Math.round(timestamp * 1e6) / 1000)
  switch (body.variant) {
    case "data":
      return JSON.stringify({ ts, values: body.data })
    case "log":
      return JSON.stringify({
        ts,
        values: { logging: { level: body.level, subject: body.subject, body: body.body } }
      })
    case "config":
      return JSON.stringify({ ts, values: { configuration: { status: body.status, config: body } } })
  }
}

const archived = (site: string): ReadonlyArray<ArchiveLine.ArchivedLine> => {
  const directory = join(site, ".outpost/messages")
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n").slice(1, -1))
    .map((line) => Either.getOrThrow(ArchiveLine.decode(line)))
}

/** The site's log. */
const logged = (site: string): string => {
  const directory = join(site, ".outpost/logs")
  return readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("")
}

/** What does not stand in a text behind what was found before. */
const inOrder = (text: string, lines: ReadonlyArray<RegExp>): ReadonlyArray<RegExp> => {
  let rest = text
  return lines.filter((line) => {
    const found = line.exec(rest)
    if (found !== null) rest = rest.slice(found.index + found[0].length)
    return found === null
  })
}

type Values = Readonly<Record<string, unknown>>

/** What the office has heard, by what it speaks of. */
const ears = ({ on }: MqttOffice.MqttOffice) => {
  const values = () => on(telemetry).map((one) => (one as { readonly values: Values }).values)
  const bearing = (name: string) => values().filter((one) => name in one)
  return {
    walk: () => bearing("random_walk_a_position"),
    dome: (azimuth: number) => bearing("azimuth").filter((one) => one["azimuth"] === azimuth),
    weather: () => bearing("wind"),
    log: (text: string) => bearing("logging").some((one) => JSON.stringify(one).includes(text)),
    /** What became of a revision: its status, and the reason for a refusal. */
    verdict: (revision: number) =>
      bearing("configuration")
        .map(({ configuration }) => (configuration as { readonly config: Verdict }).config)
        .find(({ config, status }) => status !== "startup" && config.general.config_revision === revision)
  }
}

interface Verdict {
  readonly status: string
  readonly config: { readonly general: { readonly config_revision: number }; readonly reason?: string }
}

/** Machines are slow. */
const patience = 90_000

describe("a station: what three procedures say arrives as it was archived; config and software change from afar", () => {
  test(
    "ivy 12: full update 1.2.3 -> 4.5.6: same revision ignored, update stops the old one within 180 s, log lines in order, pointer switched, new version runs with 4 processes",
    (broker) =>
      Effect.gen(function* () {
        const office = yield* MqttOffice.make(broker.port)
        const station = yield* Effect.acquireRelease(
          Effect.sync(
            () =>
              new UpdateStation(NextVersion.home("station"), {
                trial: "24s",
                more: config(broker.port),
                procedures: procedures(90)
              })
          ),
          (made) => Effect.promise(() => made.close())
        )
        const { dome: turns, log, verdict, walk, weather: winds } = ears(office)
        const until = (what: string, holds: () => boolean) =>
          Effect.promise(() => station.until(what, holds, patience, 50))
        const tell = (general: object, more: object = {}) =>
          office.say(attributes, { configuration: { general, ...more } })
        const since = Effect.promise(async () => {
          const { procedures: all } = (await station.ask("GET", "/procedures")).body as {
            readonly procedures: ReadonlyArray<{ readonly name: string; readonly since: number }>
          }
          return Object.fromEntries(all.map((one) => [one.name, one.since]))
        })
        /** Every message archived until now has arrived, to the byte. */
        const complete = Effect.suspend(() => {
          const expected = archived(station.site).map(payloadOf)
          const missing = () => {
            const heard = new Set(office.heard.filter(({ topic }) => topic === telemetry).map(({ payload }) => payload))
            return expected.filter((payload) => !heard.has(payload))
          }
          return Effect.zipRight(
            until("all archived messages heard", () => missing().length === 0),
            Effect.succeed(expected.length)
          )
        })
        writeFileSync(join(station.site, "dome.mjs"), dome)
        writeFileSync(join(station.site, "weather.py"), weather)

        station.start()
        yield* Effect.promise(() => station.listens())
        yield* until("all three heard", () => [walk(), turns(90), winds()].every((heard) => heard.length >= 3))
        assert.deepInclude(winds()[0], { wind: 4.25, station: "roof" })
        assert.deepStrictEqual(turns(90)[0], { azimuth: 90, turn: 1 })
        assert.isAbove(yield* complete, 9)
        // A message keeps the time at which it was measured.
        for (const { ts, values } of office.on(telemetry) as ReadonlyArray<{ readonly ts: number; values: Values }>)
          if ("measured" in values) assert.strictEqual(ts, values["measured"])

        const before = yield* since
        yield* tell(
          { config_revision: 2, software_version: releaseOf(NextVersion.built) },
          { procedures: procedures(180) }
        )
        yield* until("revision 2 answered", () => verdict(2) !== undefined)
        assert.strictEqual(verdict(2)?.status, "accepted")
        yield* until("the dome turned", () => turns(180).length >= 2)
        assert.deepStrictEqual(turns(180)[0], { azimuth: 180, turn: 1 })
        const after = yield* since
        assert.deepStrictEqual({ ...after, dome: 0 }, { ...before, dome: 0 })
        assert.notStrictEqual(after["dome"], before["dome"])
        assert.lengthOf(new Set(winds().map(({ pid }) => pid)), 1)

        yield* tell(
          { config_revision: 3, software_version: releaseOf(NextVersion.built) },
          { procedures: { ...procedures(270), walk: { use: "random-walk", every: "often" } } }
        )
        yield* until("revision 3 answered", () => verdict(3) !== undefined)
        assert.strictEqual(verdict(3)?.status, "rejected")
        assert.match(verdict(3)?.config.reason ?? "", /^procedures\.walk\.every: expected a duration/)
        const heard = winds().length
        yield* until("the station goes on", () => winds().length >= heard + 3)
        assert.lengthOf(turns(270), 0)
        assert.deepStrictEqual(yield* since, after)

        yield* tell({ config_revision: 2, software_version: "9.0.0" })
        yield* until("the same revision is passed over", () =>
          logged(station.site).includes("the same revision number")
        )
        assert.deepStrictEqual(station.steps(), [])

        publish(station.offers, { version: "9.0.0", archive: NextVersion.archive(station.base, "9.0.0") })
        yield* tell({ config_revision: 4, software_version: "9.0.0" })
        yield* until("the new version proved", () => station.steps().includes("healthy"))
        yield* until("revision 4 answered", () => verdict(4) !== undefined)
        assert.strictEqual(verdict(4)?.status, "accepted")
        yield* until("told in the log", () => log("version 9.0.0 has proved itself"))
        const course = ["begun", "fetched", "unpacked", "installed", "tested", "switching", "switched", "started"]
        assert.deepStrictEqual(station.steps().slice(0, course.length), course)
        assert.deepStrictEqual(inOrder(logged(station.site), [/revision 4 asks for version/, /has proved itself/]), [])
        assert.strictEqual(station.current(), "9.0.0")
        const { body } = yield* Effect.promise(() => station.ask("GET", "/update"))
        assert.deepInclude(body, { running: "9.0.0", current: "9.0.0", launched: true })
        const pids = () => [...new Set(winds().map(({ pid }) => pid))]
        yield* until("the Python script runs under it", () => pids().length === 2)
        const all = yield* complete
        assert.isAbove(all, heard)
        assert.strictEqual(yield* Effect.promise(() => station.stop()), 0)
      }),
    300_000
  )
})
