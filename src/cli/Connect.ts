/** Lets a command's effect use the operations, wherever they are carried out, and says on standard error where that is. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import { CollectorOperations } from "../operations/CollectorOperations.js"
import { ConfigOperations } from "../operations/ConfigOperations.js"
import { IngestOperations } from "../operations/IngestOperations.js"
import { OutboxOperations } from "../operations/OutboxOperations.js"
import { ProcedureOperations } from "../operations/ProcedureOperations.js"
import { RunOperations } from "../operations/RunOperations.js"
import { SiteOperations } from "../operations/SiteOperations.js"
import { TelemetryOperations } from "../operations/TelemetryOperations.js"
import { UpdateOperations } from "../operations/UpdateOperations.js"
import { Globals } from "./Globals.js"
import { type Connection, type ConnectOptions, type LaunchError, Launcher, type Operations } from "./Launcher.js"
import * as Output from "./Output.js"
import type { StandardIo } from "./StandardIo.js"

type Needs = Launcher | Globals | StandardIo | Scope.Scope

/** Finds who carries the command out. */
export const open = (need: ConnectOptions["need"]): Effect.Effect<Connection, LaunchError, Needs> =>
  Effect.gen(function* () {
    const { config, logLevel, site, token, url } = yield* Globals
    const launcher = yield* Launcher
    const connection = yield* launcher.connect({ site, config, logLevel, url, token, need })
    const { where } = connection
    yield* Output.note(
      where._tag === "Server" ? `on the server at ${where.url}` : `in this process on the site ${where.site}`
    )
    // Nothing else of what the launcher opened (a scope, say) may shadow the command's own.
    return { ...connection, operations: onlyOperations(connection.operations) }
  })

const onlyOperations = Context.pick(
  TelemetryOperations,
  RunOperations,
  SiteOperations,
  ConfigOperations,
  BackfillOperations,
  CollectorOperations,
  IngestOperations,
  OutboxOperations,
  ProcedureOperations,
  UpdateOperations
)

const using =
  (need: ConnectOptions["need"]) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | LaunchError, Exclude<R, Operations> | Needs> =>
    Effect.flatMap(open(need), ({ operations }) => Effect.provide(effect, operations))

/** Reads: a running server, or the site itself if there is one. */
export const reading = using("read")

/** Changes something: a running server, or the site itself, made where there is none. */
export const writing = using("write")

/** Asks for what only a running server has. */
export const onServer = using("server")
