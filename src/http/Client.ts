/**
 * The operations of a server elsewhere, as layers of the same Tags its own process has. Every typed error comes back as it was;
 * a server that can't be reached is `ServerUnreachable`, one that refuses us is `NotAllowed`. Needs an `HttpClient` and
 * nothing of Node: the web app uses it as it is.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
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
import * as ClientBackfill from "./ClientBackfill.js"
import * as ClientCollector from "./ClientCollector.js"
import * as ClientIngest from "./ClientIngest.js"
import * as ClientOutbox from "./ClientOutbox.js"
import * as ClientProcedure from "./ClientProcedure.js"
import * as ClientRun from "./ClientRun.js"
import * as ClientSite from "./ClientSite.js"
import * as ClientTelemetry from "./ClientTelemetry.js"
import * as ClientUpdate from "./ClientUpdate.js"
import * as Transport from "./internal/clientTransport.js"
import { typed } from "./internal/typedClient.js"

export type ClientOptions = Transport.ClientOptions

/** Every endpoint of `Api.ts` as a typed function, for what no operation covers. */
export const make = (options: ClientOptions) => Effect.flatMap(Transport.make(options), typed)

export const layerTelemetry: (
  options: ClientOptions
) => Layer.Layer<TelemetryOperations, never, HttpClient.HttpClient> = ClientTelemetry.layer

export const layerRun: (options: ClientOptions) => Layer.Layer<RunOperations, never, HttpClient.HttpClient> =
  ClientRun.layer

export const layerSite: (options: ClientOptions) => Layer.Layer<SiteOperations, never, HttpClient.HttpClient> =
  ClientSite.layerSite

export const layerConfig: (options: ClientOptions) => Layer.Layer<ConfigOperations, never, HttpClient.HttpClient> =
  ClientSite.layerConfig

export const layerBackfill: (options: ClientOptions) => Layer.Layer<BackfillOperations, never, HttpClient.HttpClient> =
  ClientBackfill.layer

export const layerCollector: (
  options: ClientOptions
) => Layer.Layer<CollectorOperations, never, HttpClient.HttpClient> = ClientCollector.layer

export const layerIngest: (options: ClientOptions) => Layer.Layer<IngestOperations, never, HttpClient.HttpClient> =
  ClientIngest.layer

export const layerOutbox: (options: ClientOptions) => Layer.Layer<OutboxOperations, never, HttpClient.HttpClient> =
  ClientOutbox.layer

export const layerProcedure: (
  options: ClientOptions
) => Layer.Layer<ProcedureOperations, never, HttpClient.HttpClient> = ClientProcedure.layer

export const layerUpdate: (options: ClientOptions) => Layer.Layer<UpdateOperations, never, HttpClient.HttpClient> =
  ClientUpdate.layer

type Operations =
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

/** All of them. */
export const layer = (options: ClientOptions): Layer.Layer<Operations, never, HttpClient.HttpClient> =>
  Layer.mergeAll(
    layerBackfill(options),
    layerCollector(options),
    layerConfig(options),
    layerIngest(options),
    layerOutbox(options),
    layerProcedure(options),
    layerRun(options),
    layerSite(options),
    layerTelemetry(options),
    layerUpdate(options)
  )
