/**
 * The operations of a server elsewhere, as layers of the same Tags its own process has. Every typed error comes back as it was;
 * a server that can't be reached is `ServerUnreachable`, one that refuses us is `NotAllowed`. Needs an `HttpClient` and
 * nothing of Node: the web app uses it as it is.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigOperations } from "../operations/ConfigOperations.js"
import type { RunOperations } from "../operations/RunOperations.js"
import type { SiteOperations } from "../operations/SiteOperations.js"
import type { TelemetryOperations } from "../operations/TelemetryOperations.js"
import * as ClientRun from "./ClientRun.js"
import * as ClientSite from "./ClientSite.js"
import * as ClientTelemetry from "./ClientTelemetry.js"
import * as Transport from "./internal/clientTransport.js"

export type ClientOptions = Transport.ClientOptions

/** Every endpoint of `Api.ts` as a typed function, for what no operation covers. */
export const make = (options: ClientOptions) => Effect.flatMap(Transport.make(options), ClientSite.typed)

export const layerTelemetry: (
  options: ClientOptions
) => Layer.Layer<TelemetryOperations, never, HttpClient.HttpClient> = ClientTelemetry.layer

export const layerRun: (options: ClientOptions) => Layer.Layer<RunOperations, never, HttpClient.HttpClient> =
  ClientRun.layer

export const layerSite: (options: ClientOptions) => Layer.Layer<SiteOperations, never, HttpClient.HttpClient> =
  ClientSite.layerSite

export const layerConfig: (options: ClientOptions) => Layer.Layer<ConfigOperations, never, HttpClient.HttpClient> =
  ClientSite.layerConfig

/** All of them. */
export const layer = (
  options: ClientOptions
): Layer.Layer<ConfigOperations | RunOperations | SiteOperations | TelemetryOperations, never, HttpClient.HttpClient> =>
  Layer.mergeAll(layerConfig(options), layerRun(options), layerSite(options), layerTelemetry(options))
