/**
 * An ensemble held together by Redis, with the keys, payloads and lifetimes of the field's Python peers: both can take any
 * part in it. The library is loaded, and Redis reached, when the first one asks; the layer itself never fails. All commands
 * share one connection and are pipelined; every reader has a connection of its own. The end of the layer closes all.
 *
 * - Reading waits out lost links and restarts of Redis, for ever and in order (`internal/redisReader.ts`).
 * - Writing fails with `EnsembleUnreachable` as soon as the link is lost or `timeout` passes without any answer. Then it is
 *   not known whether it was done; the next write opens a new connection. Commands are carried out in the order in which
 *   they were sent; a link that is lost leaves the last of them undone.
 * - What a Redis without persistence loses by a restart is not written again here: services announce themselves within
 *   seconds, the lock is taken again, logs begin anew and are read from their new beginning.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { DurationText, setting } from "../site/Setting.js"
import { AssignmentLog } from "./AssignmentLog.js"
import { ControllerLock } from "./ControllerLock.js"
import type { Ensemble } from "./Ensemble.js"
import { EnsembleLog } from "./EnsembleLog.js"
import * as redisClock from "./internal/redisClock.js"
import * as redisCommands from "./internal/redisCommands.js"
import { nameOf } from "./internal/redisLink.js"
import * as redisLock from "./internal/redisLock.js"
import * as redisLogs from "./internal/redisLogs.js"
import * as redisParameters from "./internal/redisParameters.js"
import * as redisRegistry from "./internal/redisRegistry.js"
import { ParameterStore } from "./ParameterStore.js"
import { ReadyLog } from "./ReadyLog.js"
import { RedisAddress } from "./RedisAddress.js"
import { ServiceRegistry } from "./ServiceRegistry.js"
import { TickClock } from "./TickClock.js"
import { UpdateLog } from "./UpdateLog.js"

export class RedisSettings extends Schema.Class<RedisSettings>("outpost/assignment/RedisSettings")({
  url: setting(
    RedisAddress,
    Redacted.make("redis://localhost:6379/0"),
    "redis:// or rediss:// (TLS), with user, password, port and number of the database where needed"
  ),
  timeout: setting(DurationText, Duration.seconds(5), "how long Redis may leave a command without an answer")
}) {}

/** Opens nothing by itself; what is opened later is closed with the scope. */
export const make = (settings: RedisSettings): Effect.Effect<Context.Context<Ensemble>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const redis = yield* redisCommands.make(settings)
    return Context.empty().pipe(
      Context.add(AssignmentLog, redisLogs.assignmentLog(settings, redis)),
      Context.add(ReadyLog, redisLogs.readyLog(settings, redis)),
      Context.add(UpdateLog, redisLogs.updateLog(settings, redis)),
      Context.add(EnsembleLog, redisLogs.ensembleLog(settings, redis)),
      Context.add(ServiceRegistry, yield* redisRegistry.make(redis)),
      Context.add(ParameterStore, redisParameters.make(redis)),
      Context.add(ControllerLock, redisLock.make(redis, nameOf(settings.url))),
      Context.add(TickClock, redisClock.make(redis))
    )
  })

/** The usual one: all of the ensemble, from settings. */
export const layerWith = (settings: RedisSettings): Layer.Layer<Ensemble> => Layer.scopedContext(make(settings))
