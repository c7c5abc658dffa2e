/** The client gives back every typed error a server's operations can fail with, and says plainly what went wrong otherwise. */
import { NoSuchColumn, NoSuchSeries } from "../../src/dataset/Dataset.js"
import { BackfillBusy, BackfillNotFound, BackfillRefused, NoMatchingJob } from "../../src/domain/Backfill.js"
import { NoMatchingStream, NoRemotes, ScheduleNotFound, UnsupportedStream } from "../../src/domain/Collector.js"
import { EventFilter, EventQuery } from "../../src/domain/EventQuery.js"
import { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../../src/domain/Refusal.js"
import { NoActiveRun, RunAlreadyActive, RunNotFound, RunRefused } from "../../src/domain/Run.js"
import * as Client from "../../src/http/Client.js"
import * as Handlers from "../../src/http/Handlers.js"
import { HttpAddress } from "../../src/http/HttpAddress.js"
import * as Server from "../../src/http/Server.js"
import { HttpSettings } from "../../src/http/Settings.js"
import { BackfillOperations } from "../../src/operations/BackfillOperations.js"
import { CollectorOperations } from "../../src/operations/CollectorOperations.js"
import { ConfigInvalid, ConfigNotAllowed, ConfigOperations } from "../../src/operations/ConfigOperations.js"
import { RunOperations } from "../../src/operations/RunOperations.js"
import { ActorFailed, NoSuchActor, ShutdownUnavailable, SiteOperations } from "../../src/operations/SiteOperations.js"
import { NoCurrentEvent, TelemetryOperations, TelemetryStats } from "../../src/operations/TelemetryOperations.js"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Logger, LogLevel, Redacted, Stream, TestClock, TestServices } from "effect"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as Remote from "../support/Remote.js"
import { EnsembleUnreachable } from "../../src/assignment/EnsembleError.js"
import { MapRefused, NotTaken } from "../../src/ingest/controller/TriggerMap.js"
import { IngestOff, IngestOperations, ParameterNotFound } from "../../src/operations/IngestOperations.js"
import { ProcedureFailed, ProcedureNotFound, ProcedureOperations } from "../../src/operations/ProcedureOperations.js"
import { UpdateOperations } from "../../src/operations/UpdateOperations.js"
import { NoPreviousVersion, NotLaunched, UpdateBusy, UpdateFailed } from "../../src/domain/Update.js"
import { OutboxOperations } from "../../src/operations/OutboxOperations.js"
import { SiteDouble } from "../support/SiteDouble.js"
import { doubles, layer as server } from "../support/TestServer.js"
import { layer as testLayer } from "../support/SharedLayer.js"

/** What every operation of the failing server fails with. */
class Script extends Context.Tag("test/Script")<Script, { error: unknown }>() {}

const failing = Layer.effectContext(
  Effect.sync(() => {
    const script: { error: unknown } = { error: undefined }
    // The script decides at run time what the types only allow: that is the point of the test.
    const fail = Effect.suspend(() => Effect.fail(script.error)) as Effect.Effect<never>
    const stream = Stream.fromEffect(fail)
    const stats = new TelemetryStats({
      seq: { site: 0, run: 0, system: 0 },
      eventsAccepted: 0,
      bytesWritten: 0,
      syncs: 0,
      pendingEvents: 0
    })
    return Context.make(Script, script).pipe(
      Context.add(TelemetryOperations, {
        post: () => fail,
        postLines: () => fail,
        postArray: () => fail,
        current: fail,
        currentOf: () => fail,
        query: () => fail,
        events: () => stream,
        tail: () => stream,
        export: () => stream,
        verify: () => fail,
        stats: Effect.succeed(stats)
      }),
      Context.add(RunOperations, { start: () => fail, stop: fail, active: fail, get: () => fail, list: fail }),
      Context.add(SiteOperations, {
        status: fail,
        ready: fail,
        tree: fail,
        treeChanges: stream,
        stopActor: () => fail,
        startActor: () => fail,
        restartActor: () => fail,
        logs: () => fail,
        followLogs: () => stream,
        metrics: fail,
        shutdown: fail
      }),
      Context.add(ConfigOperations, { show: fail, put: () => fail, validate: () => fail, schema: fail }),
      Context.add(BackfillOperations, {
        start: () => fail,
        plan: () => fail,
        resumeAll: () => fail,
        list: () => fail,
        get: () => fail,
        cancel: () => fail,
        pause: () => fail,
        resume: () => fail,
        retryFailed: () => fail,
        chunks: () => fail,
        coverage: () => fail,
        follow: () => stream,
        events: stream
      }),
      Context.add(CollectorOperations, {
        scheduler: fail,
        setScheduler: () => fail,
        setSchedulePaused: () => fail,
        streams: fail,
        startStream: () => fail,
        stopStream: () => fail,
        inventory: () => fail,
        data: () => fail,
        metrics: fail,
        storage: fail,
        sync: fail
      }),
      Context.add(OutboxOperations, {
        list: () => fail,
        receipts: () => fail,
        stats: fail,
        uplinks: fail,
        retry: () => fail,
        export: () => fail,
        stop: () => fail,
        start: fail
      }),
      Context.add(UpdateOperations, { check: () => fail, apply: () => fail, rollback: fail, status: fail }),
      Context.add(ProcedureOperations, {
        list: fail,
        get: () => fail,
        stop: () => fail,
        start: () => fail,
        restart: () => fail,
        state: fail,
        stateHistory: () => fail
      }),
      Context.add(IngestOperations, {
        ensemble: fail,
        services: fail,
        begin: () => fail,
        map: fail,
        stop: fail,
        progress: fail,
        follow: stream,
        status: fail,
        load: () => fail,
        setParameter: () => fail,
        parameter: () => fail,
        parameters: fail,
        logs: () => fail,
        followLogs: stream,
        published: fail,
        followPublished: () => stream
      })
    )
  })
)

const failingServer = Server.layer({ settings: new HttpSettings({ port: 0 }) }).pipe(
  Layer.provide(Handlers.layer()),
  Layer.provideMerge(failing),
  Layer.provide(Logger.minimumLogLevel(LogLevel.None))
)

const invalid = new InvalidInput({
  problems: [
    { type: "missing", loc: ["body", "ä", 3], msg: "Field required", input: { a: [null, "\u2028"] } },
    { type: "json_invalid", loc: ["body", 7], msg: "JSON decode error", input: {}, ctx: { error: "Extra data" } }
  ]
})
const storage = new StorageFailed({ operation: "append", path: "/site/ü\n.ndjson", reason: 'ENOSPC "full"' })
const overloaded = new Overloaded({ what: "the journal", retryAfter: 1.5 })
const tooLarge = new TooLarge({ what: "event", limit: 12 })
const runNotFound = new RunNotFound({ run_id: "r'1" })
const filter = new EventFilter({ run: "r'1" })

const notFound = new BackfillNotFound({ id: "ü%" })
const noJob = new NoMatchingJob({
  known: ["binance BTC/USDT", "ü".repeat(300), ...Array(2_000).fill("kraken XBT/EUR")]
})
const refused = new BackfillRefused({ field: "start", value: "x\n", reason: "expected a date" })
const starting = [noJob, refused, storage]
const backfill = <A, E>(use: (backfills: BackfillOperations["Type"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(BackfillOperations, use)
const collector = <A, E>(use: (collector: CollectorOperations["Type"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(CollectorOperations, use)
const trades = { exchange: "binance", pair: "BTC/USDT", channels: ["trades"] }

type Operations =
  | TelemetryOperations
  | RunOperations
  | SiteOperations
  | ConfigOperations
  | BackfillOperations
  | CollectorOperations
  | IngestOperations
  | OutboxOperations
  | ProcedureOperations
  | UpdateOperations

const procedure = <A, E>(use: (operations: ProcedureOperations["Type"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(ProcedureOperations, use)

const cases: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, Operations>, ReadonlyArray<unknown>]> = [
  ["backfill start", backfill(({ start }) => start({})), starting],
  ["backfill plan", backfill(({ plan }) => plan({ exchange: null })), starting],
  ["backfill resume all", backfill(({ resumeAll }) => resumeAll({ limit: 3 })), starting],
  ["backfill get", backfill(({ get }) => get("ü%")), [notFound]],
  ["backfill cancel", backfill(({ cancel }) => cancel("ü%")), [notFound, storage]],
  [
    "backfill pause",
    backfill(({ pause }) => pause("ü%")),
    [notFound, new BackfillBusy({ id: "ü%", status: "done", action: "paused" }), storage]
  ],
  ["backfill resume", backfill(({ resume }) => resume("ü%")), [notFound, ...starting]],
  ["backfill retry", backfill(({ retryFailed }) => retryFailed("ü%")), [notFound, ...starting]],
  ["backfill chunks", backfill(({ chunks }) => chunks({ id: "ü%" })), [notFound, storage]],
  ["backfill coverage", backfill(({ coverage }) => coverage({})), starting],
  ["backfill follow", backfill(({ follow }) => Stream.runDrain(follow("ü%"))), [notFound]],
  ["collector switch on", collector(({ setScheduler }) => setScheduler(true)), [storage]],
  ["collector switch off", collector(({ setScheduler }) => setScheduler(false)), [storage]],
  [
    "collector pause",
    collector(({ setSchedulePaused }) => setSchedulePaused("a/ü", true)),
    [new ScheduleNotFound({ id: "a/ü" }), storage]
  ],
  [
    "collector unpause",
    collector(({ setSchedulePaused }) => setSchedulePaused("a/ü", false)),
    [new ScheduleNotFound({ id: "a/ü" }), storage]
  ],
  [
    "collector start stream",
    collector(({ startStream }) => startStream(trades)),
    [
      new NoMatchingStream({ exchange: "binance", pair: "BTC/USDT" }),
      new UnsupportedStream({ key: "k", reason: "it has none" })
    ]
  ],
  ["collector inventory", collector(({ inventory }) => inventory()), [storage]],
  [
    "collector data",
    collector(({ data }) => data({ series: "a/b/c", format: "csv" })),
    [
      new NoSuchSeries({ series: "a/b/c" }),
      new NoSuchColumn({ series: "a/b/c", column: "ü", columns: ["TS"] }),
      storage
    ]
  ],
  ["collector sync", collector(({ sync }) => sync), [new NoRemotes(), storage]],
  [
    "post",
    Effect.flatMap(TelemetryOperations, ({ post }) => post("{}")),
    [invalid, new UnreadableBody(), tooLarge, storage, overloaded]
  ],
  [
    "postLines",
    Effect.flatMap(TelemetryOperations, ({ postLines }) => postLines(Stream.make(new Uint8Array([10])))),
    [invalid, new UnreadableBody(), new TooLarge({ what: "batch", limit: 9 }), storage, overloaded]
  ],
  [
    "postArray",
    Effect.flatMap(TelemetryOperations, ({ postArray }) => postArray(new Uint8Array([10]))),
    [invalid, new UnreadableBody(), tooLarge, storage, overloaded]
  ],
  [
    "currentOf",
    Effect.flatMap(TelemetryOperations, ({ currentOf }) => currentOf("it's")),
    [new NoCurrentEvent({ type: "it's \u{1f600}" })]
  ],
  [
    "query",
    Effect.flatMap(TelemetryOperations, ({ query }) => query(new EventQuery({ filter }))),
    [storage, runNotFound]
  ],
  [
    "events",
    Effect.flatMap(TelemetryOperations, ({ events }) => Stream.runDrain(events(filter))),
    [storage, runNotFound]
  ],
  ["tail", Effect.flatMap(TelemetryOperations, ({ tail }) => Stream.runDrain(tail(filter))), [storage, runNotFound]],
  [
    "export",
    Effect.flatMap(TelemetryOperations, (telemetry) => Stream.runDrain(telemetry.export("csv", new EventFilter({})))),
    [storage, runNotFound]
  ],
  ["verify", Effect.flatMap(TelemetryOperations, ({ verify }) => verify({ repair: true })), [storage]],
  [
    "run start",
    Effect.flatMap(RunOperations, ({ start }) => start({})),
    [
      new RunAlreadyActive({ active: "ü" }),
      new RunRefused({ field: "run_dir", value: "../x", reason: "climbs" }),
      invalid,
      new TooLarge({ what: "body", limit: 5 }),
      storage,
      overloaded
    ]
  ],
  ["run stop", Effect.flatMap(RunOperations, ({ stop }) => stop), [new NoActiveRun(), storage, overloaded]],
  ["run get", Effect.flatMap(RunOperations, ({ get }) => get("x")), [runNotFound]],
  [
    "actor stop",
    Effect.flatMap(SiteOperations, ({ stopActor }) => stopActor("x")),
    [new NoSuchActor({ path: "x" }), new ActorFailed({ path: "x", reason: "no" })]
  ],
  [
    "actor start",
    Effect.flatMap(SiteOperations, ({ startActor }) => startActor("x")),
    [new NoSuchActor({ path: "x" })]
  ],
  [
    "actor restart",
    Effect.flatMap(SiteOperations, ({ restartActor }) => restartActor("x")),
    [new NoSuchActor({ path: "x" })]
  ],
  [
    "ingest begin",
    Effect.flatMap(IngestOperations, ({ begin }) => begin({ map: { parts: {}, sequence: [] } })),
    [
      new MapRefused({ reason: "streams", detail: "streams {'ü'} not available" }),
      new NotTaken({ mapping: "m", missing: ["w1"] }),
      new EnsembleUnreachable({ operation: "begin", address: "redis://h", reason: "closed" }),
      new IngestOff({ part: "controller" })
    ]
  ],
  [
    "ingest parameter",
    Effect.flatMap(IngestOperations, ({ parameter }) => parameter("gain")),
    [new ParameterNotFound({ name: "gain" }), new IngestOff({ part: "controller" })]
  ],
  [
    "ingest parameter set",
    Effect.flatMap(IngestOperations, ({ setParameter }) => setParameter("gain", new Uint8Array([7]))),
    [new IngestOff({ part: "controller" })]
  ],
  ["procedure get", procedure(({ get }) => get("ü%")), [new ProcedureNotFound({ name: "ü%" })]],
  ...(["stop", "start", "restart"] as const).map(
    (action) =>
      [
        `procedure ${action}`,
        procedure((operations) => operations[action]("a")),
        [new ProcedureNotFound({ name: "a" }), new ProcedureFailed({ name: "a", reason: "no" })]
      ] as const
  ),
  ["state history", procedure(({ stateHistory }) => stateHistory({ part: "a", before: 3, limit: 1 })), [storage]],
  ["outbox list", Effect.flatMap(OutboxOperations, ({ list }) => list({})), [storage]],
  ["outbox receipts", Effect.flatMap(OutboxOperations, ({ receipts }) => receipts({})), [storage]],
  ["outbox stats", Effect.flatMap(OutboxOperations, ({ stats }) => stats), [storage]],
  ["outbox retry", Effect.flatMap(OutboxOperations, ({ retry }) => retry({})), [storage]],
  ["outbox export", Effect.flatMap(OutboxOperations, (outbox) => outbox.export("csv", {})), [storage]],
  ["outbox uplinks", Effect.flatMap(OutboxOperations, (outbox) => outbox.uplinks), [storage]],
  ["outbox stop", Effect.flatMap(OutboxOperations, ({ stop }) => stop(Duration.zero)), [storage]],
  ["outbox start", Effect.flatMap(OutboxOperations, ({ start }) => start), [storage]],
  [
    "update apply",
    Effect.flatMap(UpdateOperations, ({ apply }) => apply("1.2.3")),
    [
      new UpdateFailed({ reason: "Expired", detail: "long ago" }),
      new UpdateBusy({ version: "1.2.2" }),
      new NotLaunched(),
      storage
    ]
  ],
  ["update rollback", Effect.flatMap(UpdateOperations, ({ rollback }) => rollback), [new NoPreviousVersion(), storage]],
  ["shutdown", Effect.flatMap(SiteOperations, ({ shutdown }) => shutdown), [new ShutdownUnavailable()]],
  [
    "config put",
    Effect.flatMap(ConfigOperations, ({ put }) => put({})),
    [
      new ConfigInvalid({ issues: [{ path: "a.b", message: "wrong", value: 3, line: 1, column: 2, remedy: "do" }] }),
      new ConfigNotAllowed({ issues: [{ path: "plugins", message: "no" }] }),
      storage
    ]
  ]
]

testLayer(Layer.provideMerge(Remote.layer(), failingServer), { excludeTestServices: true })("typed errors", (it) => {
  for (const [name, call, errors] of cases) {
    it.effect(`of ${name} come back as they were`, () =>
      Effect.gen(function* () {
        const script = yield* Script
        for (const error of errors) {
          script.error = error
          const seen = yield* Effect.flip(call)
          assert.deepStrictEqual(seen, error)
          assert.strictEqual((seen as Error).constructor, (error as Error).constructor)
        }
      })
    )
  }

  it.effect("a defect is none of them: the server failed to answer", () =>
    Effect.gen(function* () {
      const script = yield* Script
      script.error = { not: "an error of ours" }
      const telemetry = yield* TelemetryOperations
      const error = yield* Effect.flip(telemetry.post("{}"))
      assert.strictEqual(error._tag, "ServerUnreachable")
      assert.include(error.message, "500 Internal Server Error")
    })
  )
})

testLayer(Layer.provideMerge(Remote.layer(), server()), { excludeTestServices: true })("answers", (it) => {
  it.effect("of the site come back whole", () =>
    Effect.gen(function* () {
      const here = yield* Effect.provide(SiteOperations, doubles)
      const there = yield* SiteOperations
      assert.deepStrictEqual(yield* there.status, yield* here.status)
      assert.deepStrictEqual(yield* there.tree, yield* here.tree)
      assert.deepStrictEqual(yield* there.ready, yield* here.ready)
      assert.deepStrictEqual(yield* there.logs({ tail: 1 }), yield* here.logs({}))
      assert.strictEqual(yield* there.metrics, yield* here.metrics)
      const first = <A, E>(stream: Stream.Stream<A, E>) => Effect.timeout(Stream.runHead(stream), "10 seconds")
      assert.deepStrictEqual(yield* first(there.treeChanges), yield* first(here.treeChanges))
      assert.deepStrictEqual(yield* first(there.followLogs({})), yield* first(here.followLogs({})))
      yield* there.restartActor("procedures/clock")
      yield* there.shutdown
      const double = yield* SiteDouble
      assert.deepStrictEqual([double.orders, double.shutdowns], [["restart procedures/clock"], 1])
      double.ready = false
      assert.deepStrictEqual(yield* there.ready, {
        ready: false,
        runActive: false,
        version: "1.2.3",
        reasons: ["the disk is full"]
      })
    })
  )

  it.effect("of the config come back whole", () =>
    Effect.gen(function* () {
      const config = yield* ConfigOperations
      const shown = yield* config.show
      assert.deepStrictEqual(shown, { settings: {}, http: { token: "********" } })
      assert.deepStrictEqual(yield* config.put({ settings: { a: [1, null] } }), {
        ...shown,
        settings: { a: [1, null] }
      })
      assert.deepStrictEqual((yield* config.validate({ settings: 1 })).issues, [
        { path: "settings", message: "expected an object" }
      ])
      assert.deepStrictEqual(yield* config.schema, { type: "object" })
    })
  )
})

describe("a server that is no help", () => {
  const ask = (options: Client.ClientOptions) =>
    Effect.flatMap(TelemetryOperations, ({ post }) => Effect.flip(post("{}"))).pipe(
      Effect.provide(Layer.provide(Client.layerTelemetry(options), FetchHttpClient.layer))
    )

  const other = (answer: http.RequestListener) =>
    Effect.acquireRelease(
      Effect.async<http.Server>((resume) => {
        const other = http.createServer(answer)
        other.listen(0, "127.0.0.1", () => resume(Effect.succeed(other)))
      }),
      (other) => Effect.sync(() => void (other.closeAllConnections(), other.close()))
    ).pipe(Effect.map((other) => `http://127.0.0.1:${(other.address() as AddressInfo).port}`))

  it.live("is not there", () =>
    Effect.gen(function* () {
      const error = yield* ask({ url: "http://127.0.0.1:9/" })
      assert.deepStrictEqual([error._tag, "url" in error && error.url], ["ServerUnreachable", "http://127.0.0.1:9"])
    })
  )

  it.live("does not know us", () =>
    Effect.gen(function* () {
      const { url } = yield* HttpAddress
      for (const token of [undefined, Redacted.make("wrong")]) {
        const error = yield* ask({ url, token })
        assert.deepStrictEqual([error._tag, error.message], ["NotAllowed", "Invalid or missing token"])
      }
      const known = yield* ask({ url, token: Redacted.make("right") })
      assert.strictEqual(known._tag, "InvalidInput")
    }).pipe(Effect.provide(server({ token: "right" })))
  )

  it.scopedLive("is something else", () =>
    Effect.gen(function* () {
      const url = yield* other((_, response) => response.writeHead(404).end("<html>nothing</html>"))
      const error = yield* ask({ url })
      assert.strictEqual(error._tag, "ServerUnreachable")
      assert.include(error.message, "404 <html>nothing</html>")
    })
  )

  it.scoped("hangs: given up once it says nothing about its health either", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const url = yield* other(({ url }) => void asked.push(url))
      const fiber = yield* Effect.fork(ask({ url }))
      const until = (count: number) =>
        TestServices.provideLive(
          Effect.repeat(Effect.sleep("5 millis"), { until: () => asked.length >= count, times: 2_000 })
        )
      yield* until(1)
      yield* TestClock.adjust("8 seconds")
      yield* until(2)
      yield* TestClock.adjust("8 seconds")
      const error = yield* fiber
      assert.deepStrictEqual(asked, ["/event", "/health"])
      assert.include(error.message, "no answer for 16s")
    })
  )

  it.scoped("takes its time, and is waited for as long as it is well", () =>
    Effect.gen(function* () {
      const waiting: Array<http.ServerResponse> = []
      let healthy = 0
      const url = yield* other((request, response) => {
        if (request.url !== "/health") return void waiting.push(response)
        healthy++
        response.end("{}")
      })
      const fiber = yield* Effect.fork(ask({ url }))
      const step = TestServices.provideLive(Effect.sleep("2 millis"))
      yield* Effect.repeat(Effect.zipRight(step, TestClock.adjust("1 second")), {
        until: () => healthy >= 3 && waiting.length === 1,
        times: 20_000
      })
      for (const response of waiting) response.writeHead(422).end(`{"detail":[]}`)
      assert.strictEqual((yield* fiber)._tag, "InvalidInput")
    })
  )
})
