/** Runs command lines in this process: the real commands on operations in memory, with recorded streams. */
import { EnsembleRoles } from "../../src/cli/EnsembleRoles.js"
import * as RolesDouble from "./RolesDouble.js"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { ConfigProvider, Context, DateTime, Effect, Fiber, Layer, Stream } from "effect"
import * as ExitCode from "../../src/cli/ExitCode.js"
import {
  type Check,
  type Connection,
  type ConnectOptions,
  type LaunchError,
  Launcher,
  NoServer,
  type Place,
  type ServeOptions
} from "../../src/cli/Launcher.js"
import * as Outpost from "../../src/cli/Outpost.js"
import { StandardIo } from "../../src/cli/StandardIo.js"
import { ConfigVerdict } from "../../src/operations/ConfigOperations.js"
import * as MemoryOperations from "./MemoryOperations.js"

export interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What surrounds a command line; all of it has a default. */
export interface Setting {
  readonly input?: string | Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  /** Both output streams are a terminal of 100 columns. */
  readonly terminal?: boolean
  /** Ctrl-C comes when this is done. */
  readonly interrupt?: Effect.Effect<void>
}

export class CommandLine extends Context.Tag("test/CommandLine")<
  CommandLine,
  {
    readonly run: (args: ReadonlyArray<string>, setting?: Setting) => Effect.Effect<Result>
    /** What the launcher was asked for, newest last. */
    readonly connects: Array<ConnectOptions>
    readonly serves: Array<ServeOptions>
    readonly validated: Array<Place>
    /** Which services of an ensemble were asked for, newest last. */
    readonly roles: Array<RolesDouble.Asked>
    /** What the newest command line has printed so far. */
    last: { out: string; err: string }
    /** How `connect` answers. */
    refuses: LaunchError | undefined
    hasServer: boolean
    verdict: ConfigVerdict
    checks: ReadonlyArray<Check>
    gone: Effect.Effect<void>
    /** What `serve` does once it listens. */
    serving: Effect.Effect<void, LaunchError>
  }
>() {}

const make = Effect.gen(function* () {
  const operations = yield* Effect.context<Layer.Layer.Success<typeof MemoryOperations.layer>>()
  const platform = yield* Layer.build(NodeContext.layer)

  const line: Context.Tag.Service<CommandLine> = {
    connects: [],
    serves: [],
    validated: [],
    refuses: undefined,
    hasServer: true,
    verdict: new ConfigVerdict({ valid: true, error: null, issues: [] }),
    checks: [],
    roles: [],
    last: { out: "", err: "" },
    gone: Effect.void,
    serving: Effect.void,
    run: (args, { environment = {}, input = "", interrupt, terminal = false } = {}) =>
      Effect.gen(function* () {
        const printed = (line.last = { out: "", err: "" })
        const decoder = new TextDecoder()
        const io = StandardIo.of({
          out: (chunk) =>
            Effect.sync(() => void (printed.out += typeof chunk === "string" ? chunk : decoder.decode(chunk))),
          err: (text) => Effect.sync(() => void (printed.err += text)),
          input: Stream.make(typeof input === "string" ? new TextEncoder().encode(input) : input),
          terminal: { input: false, out: terminal, err: terminal },
          columns: Effect.succeed(100),
          rows: Effect.succeed(24)
        })
        const understood = Outpost.read(args)
        const fiber = yield* Outpost.execute(understood).pipe(
          Effect.scoped,
          Effect.provideService(StandardIo, io),
          Effect.provideService(Launcher, launcher),
          Effect.provideService(EnsembleRoles, RolesDouble.make(line.roles)),
          Effect.provide(platform),
          Effect.provide(DateTime.layerCurrentZone(DateTime.zoneUnsafeMakeNamed("Europe/Berlin"))),
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
          Effect.fork
        )
        if (interrupt !== undefined) yield* Effect.zipRight(interrupt, Fiber.interruptFork(fiber))
        const exit = yield* Fiber.await(fiber)
        return { ...printed, code: ExitCode.of(exit, Outpost.isServing(understood)) }
      })
  }

  const launcher = Launcher.of({
    serve: (options) => {
      line.serves.push(options)
      return Effect.zipRight(options.onListening("http://127.0.0.1:4711"), line.serving)
    },
    connect: (options) =>
      Effect.suspend((): Effect.Effect<Connection, LaunchError> => {
        line.connects.push(options)
        if (line.refuses !== undefined) return Effect.fail(line.refuses)
        if (options.need === "server" && !line.hasServer) return Effect.fail(new NoServer({ site: options.site }))
        return Effect.succeed({
          where: line.hasServer
            ? { _tag: "Server", url: "http://127.0.0.1:4711" }
            : { _tag: "InProcess", site: options.site },
          operations,
          gone: line.gone
        })
      }),
    doctor: () => Effect.sync(() => line.checks),
    configSchema: Effect.succeed({ type: "object" }),
    configValidate: (place) => {
      line.validated.push(place)
      return Effect.sync(() => line.verdict)
    },
    configShow: () => Effect.succeed({ http: { port: 6562, token: "********" } }),
    configInit: ({ site }) => Effect.succeed({ path: `${site}/outpost.yaml`, written: site !== "taken" }),
    configImport: ({ site }, text) =>
      Effect.succeed({ path: `${site}/outpost.yaml`, written: site !== "taken", notes: [`${text.length} characters`] }),
    installService: ({ name, print, site }) =>
      Effect.succeed({ path: print ? undefined : `/units/${name}.service`, text: `[Unit]\n# ${site}\n` })
  })
  return CommandLine.of(line)
})

export const layer: Layer.Layer<CommandLine | MemoryOperations.Doubles> = Layer.scoped(CommandLine, make).pipe(
  Layer.provideMerge(MemoryOperations.layer)
)
