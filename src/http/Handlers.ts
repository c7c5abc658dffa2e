/** All handlers of `Api.ts`, on whatever layers of the operations they are given. */
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Layer from "effect/Layer"
import type { BackfillOperations } from "../operations/BackfillOperations.js"
import type { CollectorOperations } from "../operations/CollectorOperations.js"
import type { ConfigOperations } from "../operations/ConfigOperations.js"
import type { IngestOperations } from "../operations/IngestOperations.js"
import type { OutboxOperations } from "../operations/OutboxOperations.js"
import type { ProcedureOperations } from "../operations/ProcedureOperations.js"
import type { RunOperations } from "../operations/RunOperations.js"
import type { SiteOperations } from "../operations/SiteOperations.js"
import type { TelemetryOperations } from "../operations/TelemetryOperations.js"
import type { UpdateOperations } from "../operations/UpdateOperations.js"
import { Api } from "./Api.js"
import * as BackfillHandlers from "./BackfillHandlers.js"
import * as CollectorHandlers from "./CollectorHandlers.js"
import * as ConfigHandlers from "./ConfigHandlers.js"
import * as EventHandlers from "./EventHandlers.js"
import * as HealthHandlers from "./HealthHandlers.js"
import * as IngestHandlers from "./IngestHandlers.js"
import * as JobsHandlers from "./JobsHandlers.js"
import * as LiveViews from "./LiveViews.js"
import * as OutboxHandlers from "./OutboxHandlers.js"
import * as ProcedureHandlers from "./ProcedureHandlers.js"
import * as ReducerHandlers from "./ReducerHandlers.js"
import * as RunHandlers from "./RunHandlers.js"
import * as SiteHandlers from "./SiteHandlers.js"
import * as SseHub from "./SseHub.js"
import * as UpdateHandlers from "./UpdateHandlers.js"

/** What a server's handlers stand on. */
export type Operations =
  | BackfillOperations
  | CollectorOperations
  | ConfigOperations
  | IngestOperations
  | OutboxOperations
  | ProcedureOperations
  | RunOperations
  | SiteOperations
  | TelemetryOperations
  | UpdateOperations

/** The handlers and the live views they share; `liveClients` is how many may follow at the same time. */
export const layer = (
  options: { readonly liveClients?: number } = {}
): Layer.Layer<HttpApi.Api | LiveViews.LiveViews, never, Operations> => {
  const views = LiveViews.layer(options.liveClients === undefined ? {} : { clients: options.liveClients })
  const groups = Layer.mergeAll(
    BackfillHandlers.layer,
    CollectorHandlers.layer,
    ConfigHandlers.layer,
    EventHandlers.layer,
    HealthHandlers.layer,
    IngestHandlers.layer,
    JobsHandlers.layer,
    OutboxHandlers.layer,
    ProcedureHandlers.layer,
    ReducerHandlers.layer,
    RunHandlers.layer,
    SiteHandlers.layer,
    UpdateHandlers.layer
  )
  return HttpApiBuilder.api(Api).pipe(Layer.provide(groups), Layer.provide(SseHub.layer), Layer.provideMerge(views))
}
