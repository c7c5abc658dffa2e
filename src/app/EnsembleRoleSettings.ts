/** The settings of a service that runs by itself: its options on the command line, and the variables of dranspose. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { randomInt } from "node:crypto"
import * as os from "node:os"
import * as Cli from "../cli/EnsembleRoles.js"
import { IngesterSettings, ReducerSettings, ServiceName, StreamSettings, WorkerSettings } from "../ingest/Settings.js"
import * as Environment from "./EnsembleEnvironment.js"

/** What is asked of an ingester, from its options and the variables that stand in for them. */
export const ingesterOf = Effect.fnUntraced(function* (options: Cli.IngesterRole) {
  const streams =
    options.streams.length > 0
      ? options.streams
      : yield* Effect.flatMap(
          Environment.list("INGESTER_STREAMS"),
          Option.match({
            onNone: () =>
              new Cli.RoleRefused({ message: "which stream does it own?", hint: "name it: --stream eiger" }),
            onSome: Effect.succeed
          })
        )
  const upstream = yield* given(options.upstream, "UPSTREAM_URL")
  const settingsOf = (stream: string) => ({
    ...Option.match(upstream, { onNone: () => ({}), onSome: (url) => addressOf(options.source, url) }),
    ...settingsFor(stream, streams, options.settings)
  })
  const url = yield* given(options.url, "INGESTER_URL")
  yield* Effect.forEach(streams, named("stream"))
  const name = Option.getOrElse(yield* given(options.name, "INGESTER_NAME"), () => `${streams.join("_")}-ingester`)
  return {
    name: yield* named("name")(name),
    settings: new IngesterSettings({
      ...Option.match(url, { onNone: () => ({}), onSome: (one) => ({ url: one }) }),
      streams: Object.fromEntries(
        streams.map((stream) => [stream, new StreamSettings({ source: options.source, settings: settingsOf(stream) })])
      ),
      dump_path: yield* given(options.dump, "DUMP_PATH")
    })
  }
})

/** What is asked of a worker, from its options and the variables that stand in for them. */
export const workerOf = Effect.fnUntraced(function* (options: Cli.WorkerRole) {
  yield* oneOf(options)
  const letters = Array.from({ length: 10 }, () => String.fromCharCode(97 + randomInt(26))).join("")
  const tags = options.tags.length > 0 ? Option.some(options.tags) : yield* Environment.list("WORKER_TAGS")
  const name = Option.getOrElse(yield* given(options.name, "WORKER_NAME"), () => `Worker-${os.hostname()}-${letters}`)
  return {
    name: yield* named("name")(name),
    settings: new WorkerSettings({
      tags: Option.getOrElse(tags, () => ["generic"]),
      module: options.module,
      use: options.use,
      threads: Option.getOrElse(options.threads, () => 1)
    })
  }
})

/** What is asked of the reducer, from its options and the variables that stand in for them. */
export const reducerOf = Effect.fnUntraced(function* (options: Cli.ReducerRole) {
  yield* oneOf(options)
  const url = yield* given(options.url, "REDUCER_URL")
  return new ReducerSettings({
    ...Option.match(url, { onNone: () => ({}), onSome: (one) => ({ url: one }) }),
    module: options.module,
    use: options.use
  })
})

// -----------------------------------------------------------------------------

/** A file or a built-in one. */
const oneOf = ({ module, use }: Pick<Cli.ReducerRole, "module" | "use">) =>
  Option.isSome(module) && Option.isSome(use)
    ? new Cli.RoleRefused({ message: "--module and --use name two modules", hint: "give one of them" })
    : Effect.void

/** The settings of all streams, and behind them those of this one alone, which its name and a dot stand before. */
const settingsFor = (stream: string, streams: ReadonlyArray<string>, settings: Cli.IngesterRole["settings"]) => {
  const isOwn = (key: string, owner: string) => key.startsWith(`${owner}.`)
  const common = settings.filter(([key]) => !streams.some((owner) => isOwn(key, owner)))
  const own = settings.filter(([key]) => isOwn(key, stream))
  return Object.fromEntries([
    ...common.map(([key, value]) => [key, plain(value)] as const),
    ...own.map(([key, value]) => [key.slice(stream.length + 1), plain(value)] as const)
  ])
}

/** Sources of lines are told a host and a port, the others an address. */
const addressOf = (source: string, url: string) => {
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(url) ?? []
  return ["positioncap", "tcp-lines"].includes(source) && host !== undefined ? { host, port: Number(port) } : { url }
}

/** A name that the whole ensemble can say: it stands in keys of Redis and in identities of connections. */
const named = (option: string) => (name: string) =>
  Schema.is(ServiceName)(name)
    ? Effect.succeed(name)
    : new Cli.RoleRefused({
        message: `--${option}: '${name}' can't be a name`,
        hint: "names are of printable ASCII characters, without ':' and blanks"
      })

/** An option of the command line, else the variable that stands in for it. */
const given = (option: Option.Option<string>, variable: string) =>
  Option.isSome(option) ? Effect.succeed(option) : Environment.text(variable)

/** Numbers and switches of a source's settings are written as such. */
const plain = (text: string): unknown =>
  text === "true" ? true : text === "false" ? false : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
