/**
 * Services of an ensemble as a user starts them: processes of the built bin that meet at one Redis. A service that a test does
 * not end itself is ended with the scope, and has to end well.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit, type Scope } from "effect"
import { request } from "node:http"
import { join } from "node:path"
import { isAlive } from "./Footprint.js"
import { type Running, start } from "./OutpostProcess.js"
import { PeerRedis } from "./peer/PeerRedis.js"
import type { Reduced } from "./peer/PeerReducer.js"
import type { PeerMap } from "./peer/PeerController.js"
import type { Assigned } from "./ScanMap.js"

export const modules = join(import.meta.dirname, "modules")

export interface Service {
  readonly pid: number
  /** What it said that it listens at. */
  readonly address: string
  readonly said: () => string
  /** `SIGTERM`, and waits for its end. */
  readonly stop: Effect.Effect<void>
  /** `SIGKILL`. */
  readonly kill: Effect.Effect<void>
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

export interface Progress {
  readonly last_assigned: number
  readonly completed_events: number
  readonly total_events: number
  readonly finished: boolean
  readonly processed: number
  readonly reassigned: number
  readonly lost: number
}

/** `outpost ingest <role> ...`, once it has said that it takes part. */
export const service = (
  redis: string,
  role: "controller" | "ingester" | "worker" | "reducer",
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* Effect.acquireRelease(
      Effect.sync(() => start(["ingest", role, "--redis", redis, ...args], { env })),
      (one, exit) => ended(role, one, exit)
    )
    const [, address = ""] = yield* Effect.promise(() => running.prints(/ready at (\S.*)/))
    const { child } = running
    const signal = (name: NodeJS.Signals) => Effect.sync(() => void child.kill(name))
    const until = Effect.asVoid(Effect.promise(() => running.ended))
    return {
      pid: child.pid ?? 0,
      address,
      said: () => running.printed.err,
      stop: Effect.zipRight(signal("SIGTERM"), until),
      kill: Effect.zipRight(signal("SIGKILL"), until),
      pause: signal("SIGSTOP"),
      resume: signal("SIGCONT")
    }
  })

export const controller = (redis: string, port = 0) => service(redis, "controller", ["--port", String(port)])

export const ingester = (
  redis: string,
  name: string,
  upstreams: Readonly<Record<string, string>>,
  { args = [], port = 0 }: { readonly port?: number; readonly args?: ReadonlyArray<string> } = {}
) =>
  service(redis, "ingester", [
    "--name",
    name,
    "--ingester-url",
    `tcp://127.0.0.1:${port}`,
    ...Object.entries(upstreams).flatMap(([stream, url]) => ["--stream", stream, "--set", `${stream}.url=${url}`]),
    ...args
  ])

export const worker = (
  redis: string,
  name: string,
  options: { readonly tags?: ReadonlyArray<string>; readonly slow?: number } = {}
) =>
  service(
    redis,
    "worker",
    [
      "--name",
      name,
      "--module",
      join(modules, "tellFrames.mjs"),
      ...(options.tags ?? []).flatMap((tag) => ["--tag", tag])
    ],
    { SLOW: String(options.slow ?? 0) }
  )

export const reducer = (redis: string) =>
  service(redis, "reducer", [
    "--port",
    "0",
    "--reducer-url",
    "tcp://127.0.0.1:0",
    "--module",
    join(modules, "keepResults.mjs")
  ])

/** What the reducer of this address publishes: the results of its scan. */
export const resultsOf = ({ address }: Service): Effect.Effect<ReadonlyArray<Reduced>> =>
  Effect.map(json(`${address}/reducer/published`), (values) => (values as { results: ReadonlyArray<Reduced> }).results)

export const progressOf = ({ address }: Service): Effect.Effect<Progress> =>
  Effect.map(json(`${address}/api/v1/progress`), (value) => value as Progress)

export const ensembleOf = ({ address }: Service) =>
  Effect.map(
    json(`${address}/api/v1/config`),
    (value) =>
      value as {
        readonly ingesters: ReadonlyArray<Member & { connected_workers: Record<string, { name: string }> }>
        readonly workers: ReadonlyArray<Member & { ingesters: ReadonlyArray<Member> }>
        readonly reducer: Member | null
        readonly parameters_hash: string
      }
  )

export interface Member {
  readonly name: string
  readonly service_uuid: string
  readonly mapping_uuid: string | null
  readonly parameters_hash: string | null
}

/** Begins a scan; answers its name. */
export const begin = ({ address }: Service, map: PeerMap): Effect.Effect<string> =>
  Effect.map(
    json(`${address}/api/v1/sequence`, { method: "POST", body: JSON.stringify(map) }),
    (mapping) => mapping as string
  )

export const post = ({ address }: Service, path: string, body = ""): Effect.Effect<unknown> =>
  json(`${address}${path}`, { method: "POST", body })

/** What stands in the log of this scan, in its order. */
const standingIn = (redis: PeerRedis, mapping: string) =>
  Effect.map(
    Effect.promise(() => redis.entries(`dranspose:assigned:${mapping}`)),
    (entries) =>
      entries.flatMap(({ data }) => JSON.parse(data) as ReadonlyArray<{ event_number: number; assignments: Assigned }>)
  )

/** As the controller of this scan has handed them out. */
export const assignedIn = (redis: PeerRedis, mapping: string): Effect.Effect<ReadonlyArray<Assigned>> =>
  Effect.map(standingIn(redis, mapping), (all) => {
    assert.deepStrictEqual(
      all.map(({ event_number }) => event_number),
      all.map((_, event) => event)
    )
    return all.map(({ assignments }) => assignments)
  })

/** By event, those that still stand in a Redis that has lost some; what stands there twice stands there alike. */
export const stillAssignedIn = (redis: PeerRedis, mapping: string): Effect.Effect<ReadonlyMap<number, Assigned>> =>
  Effect.map(standingIn(redis, mapping), (all) => {
    const found = new Map<number, Assigned>()
    for (const { assignments, event_number } of all) {
      assert.deepStrictEqual(found.get(event_number) ?? assignments, assignments, `event ${event_number}`)
      found.set(event_number, assignments)
    }
    return found
  })

/** Asks again and again until this holds. */
export const until = <A>(
  what: string,
  ask: Effect.Effect<A>,
  holds: (answer: A) => boolean,
  seconds = 120
): Effect.Effect<A> => {
  let last: A | undefined
  return ask.pipe(
    Effect.tap((answer) => {
      last = answer
      return holds(answer) ? Effect.void : Effect.sleep("50 millis")
    }),
    Effect.repeat({ until: holds }),
    Effect.timeout(`${seconds} seconds`),
    Effect.orDieWith(
      () => new Error(`in ${seconds} s not: ${what}; the last was ${JSON.stringify(last)?.slice(0, 2000)}`)
    )
  )
}

/** The scan is over; the sum of what became of its events holds. */
export const finished = (leader: Service, seconds = 120): Effect.Effect<Progress> =>
  Effect.tap(
    until("the scan has ended", progressOf(leader), (progress) => progress.finished, seconds),
    ({ lost, processed, reassigned, total_events }) =>
      Effect.sync(() => assert.strictEqual(processed + reassigned + lost, total_events))
  )

export const connectedRedis = (url: string): Effect.Effect<PeerRedis, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => PeerRedis.connect(url)),
    (redis) => Effect.sync(() => redis.close())
  )

/** A peer for as long as the scope lasts. */
export const peer = <P extends { start: () => Promise<P>; close: () => Promise<void> | void }>(
  make: () => P
): Effect.Effect<P, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => make().start()),
    (one) => Effect.promise(async () => one.close())
  )

// ---------------------------------------------------------------------------------------------------------------------

/** Over a connection of its own, which is closed behind the answer. */
const json = (
  url: string,
  { body = "", method = "GET" }: { readonly method?: string; readonly body?: string } = {}
): Effect.Effect<unknown> =>
  Effect.async((resume) => {
    const failed = (cause: unknown) => resume(Effect.die(new Error(`${method} ${url}`, { cause })))
    const headers = method === "POST" ? { "content-type": "application/json" } : {}
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      answer.on("error", failed)
      answer.on("end", () => {
        if (answer.statusCode === 200) resume(Effect.succeed(JSON.parse(text) as unknown))
        else failed(`${answer.statusCode} ${text}`)
      })
    })
    asked.on("error", failed)
    asked.end(body)
  })

/** Ends it whichever way; one that has not been killed has to end well and soon. */
const ended = (role: string, { child, ended, printed }: Running, exit: Exit.Exit<unknown, unknown>) =>
  Effect.gen(function* () {
    const pid = child.pid ?? 0
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGCONT")
      child.kill("SIGTERM")
    }
    const end = yield* Effect.timeoutOption(
      Effect.promise(() => ended),
      "1 minute"
    )
    child.kill("SIGKILL")
    if (Exit.isFailure(exit)) return yield* Effect.sync(() => console.error(`--- ${role} ${pid} said:\n${printed.err}`))
    assert.isTrue(end._tag === "Some", `${role} did not end:\n${printed.err}`)
    if (end._tag === "Some") assert.include([0, 130, "SIGKILL"], end.value.code, printed.err)
    assert.isFalse(isAlive(pid), `${role} ${pid} lives`)
  })
