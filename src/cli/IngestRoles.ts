/** `ingest controller|ingester|worker|reducer`: one service of an ensemble, as a process of its own. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as CommandSpec from "./CommandSpec.js"
import { EnsembleRoles, type Listening, type Role } from "./EnsembleRoles.js"
import { UsageProblem } from "./Failure.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import * as Output from "./Output.js"

const redis = Flags.text("redis", "URL", "Where the ensemble meets (default REDIS_URL, else redis://localhost:6379/0)")

const listening = {
  host: Flags.text("host", "HOST", "Address to listen on (default 127.0.0.1)"),
  port: Flags.integer("port", { least: 0, most: 65535 }, "Port; 0 picks a free one (default 5000)"),
  open: Flags.flag("open", "Let anyone who reaches the address ask, as dranspose does; else --token is needed")
}

const dumpRoots = Flags.many(
  "dump-root",
  "DIR",
  "Directory below which the parameter dump_prefix may have files written"
)

export const controller = CommandSpec.make(
  "controller",
  {
    summary: "The controller of an ensemble, by itself",
    about: [
      "Takes trigger maps at /api/v1/sequence. One for each Redis database: a second one waits a minute, then ends."
    ],
    examples: [
      ["outpost ingest controller --redis redis://10.0.0.1:6379/0", "on port 5000 of this machine"],
      ["outpost ingest controller --host 0.0.0.0 --open", "for everyone, as dranspose's"],
      ["outpost ingest status --url http://127.0.0.1:5000", "how far its scan is"]
    ]
  },
  { redis, ...listening, dumpRoots },
  (input) =>
    Effect.gen(function* () {
      const roles = yield* EnsembleRoles
      yield* roles.controller({ ...(yield* role(input.redis)), ...(yield* asked(input)), dumpRoots: input.dumpRoots })
    })
)

export const ingester = CommandSpec.make(
  "ingester",
  {
    summary: "An ingester: frames of a detector, joined to events and sent to workers",
    about: [
      "Sources: stins, eiger-legacy, xspress3, pcap, albaem, contrast, lecroy, positioncap, sardana, zeromq, tcp-lines, " +
        "http-post, websocket, file-tail, serial-lines, synthetic, replay. INGESTER_STREAMS, INGESTER_NAME, INGESTER_URL, " +
        "UPSTREAM_URL and DUMP_PATH stand in for what is not given."
    ],
    examples: [
      ["outpost ingest ingester --stream eiger --upstream tcp://10.0.0.7:9999", "a STINS stream"],
      ["outpost ingest ingester --stream pcap --source positioncap --set host=10.0.0.8", "settings of the source"],
      ["outpost ingest ingester --stream eiger --upstream tcp://10.0.0.7:9999 --dump /data/eiger.cbors", "kept, too"]
    ]
  },
  {
    redis,
    stream: Flags.many("stream", "NAME", "A stream it owns"),
    source: Flags.text("source", "NAME", "What sends the frames (default stins)"),
    upstream: Flags.text("upstream", "URL", "Where it sends from"),
    set: Flags.many("set", "KEY=VALUE", "A setting of the source; STREAM.KEY=VALUE for one stream alone"),
    name: Flags.text("name", "NAME", "Name in the ensemble (default <streams>-ingester)"),
    listenUrl: Flags.text("ingester-url", "URL", "What workers are told to connect to (default tcp://localhost:10000)"),
    dump: Flags.text("dump", "FILE", "A file that every scan is appended to"),
    dumpRoots
  },
  (input) =>
    Effect.gen(function* () {
      const roles = yield* EnsembleRoles
      yield* roles.ingester({
        ...(yield* role(input.redis)),
        streams: input.stream,
        source: Option.getOrElse(input.source, () => "stins"),
        settings: yield* Effect.forEach(input.set, keyValue),
        name: input.name,
        url: input.listenUrl,
        upstream: input.upstream,
        dump: input.dump,
        dumpRoots: input.dumpRoots
      })
    })
)

export const worker = CommandSpec.make(
  "worker",
  {
    summary: "A worker: your module, called for each event it is given",
    about: [
      "WORKER_NAME and WORKER_TAGS stand in for what is not given. Docs: modules export process, and more if they like."
    ],
    examples: [
      ["outpost ingest worker --module ./mean.mjs", "joins the ensemble at REDIS_URL"],
      ["outpost ingest worker --module ./fit.mjs --threads 4 --tag gpu --tag generic", "in four threads"]
    ]
  },
  {
    redis,
    module: Flags.text("module", "FILE", "Module that processes events"),
    use: Flags.text("use", "NAME", "A built-in one instead"),
    name: Flags.text("name", "NAME", "Name in the ensemble (default Worker-<host>-<letters>)"),
    tag: Flags.many("tag", "TAG", "Which entries of a map it may be given (default generic)"),
    threads: Flags.integer(
      "threads",
      { least: 0, most: 256 },
      "Threads that run the module (default 1; 0: within the process)"
    )
  },
  (input) =>
    Effect.gen(function* () {
      const roles = yield* EnsembleRoles
      yield* roles.worker({
        ...(yield* role(input.redis)),
        name: input.name,
        tags: input.tag,
        module: input.module,
        use: input.use,
        threads: input.threads
      })
    })
)

export const reducer = CommandSpec.make(
  "reducer",
  {
    summary: "The reducer: your module, called for each result",
    about: ["Serves what the module publishes, as JSON, raw arrays and the read-only part of HDF-REST."],
    examples: [
      ["outpost ingest reducer --module ./sum.mjs --port 5001", "joins the ensemble at REDIS_URL"],
      ["curl localhost:5001/reducer/published", "what it has"]
    ]
  },
  {
    redis,
    ...listening,
    module: Flags.text("module", "FILE", "Module that combines results"),
    use: Flags.text("use", "NAME", "A built-in one instead"),
    listenUrl: Flags.text("reducer-url", "URL", "What workers are told to connect to (default tcp://localhost:10200)")
  },
  (input) =>
    Effect.gen(function* () {
      const roles = yield* EnsembleRoles
      yield* roles.reducer({
        ...(yield* role(input.redis)),
        ...(yield* asked(input)),
        url: input.listenUrl,
        module: input.module,
        use: input.use
      })
    })
)

// ------------------------------------------------------------------------------------------------------------------

/** What every service is told; once it takes part it says so in one line. */
const role = (url: Option.Option<string>): Effect.Effect<Role, never, Globals | Output.Sink> =>
  Effect.gen(function* () {
    const { json, logLevel } = yield* Globals
    const context = yield* Effect.context<Output.Sink>()
    return {
      redis: Option.map(url, (text) => Redacted.make(text)),
      logLevel,
      onReady: (what, address) =>
        Output.line(json ? JSON.stringify({ ready: what, address }) : `${what} ready at ${address}`).pipe(
          Effect.ignore,
          Effect.provide(context)
        )
    }
  })

const asked = (input: Omit<Listening, "token">): Effect.Effect<Listening, never, Globals> =>
  Effect.map(Globals, ({ token }) => ({ host: input.host, port: input.port, open: input.open, token }))

const keyValue = (text: string): Effect.Effect<readonly [string, string], UsageProblem> => {
  const at = text.indexOf("=")
  return at > 0
    ? Effect.succeed([text.slice(0, at), text.slice(at + 1)])
    : Effect.fail(new UsageProblem({ message: `--set ${text}: expected KEY=VALUE` }))
}
