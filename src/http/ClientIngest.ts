/** `IngestOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { EnsembleUnreachable } from "../assignment/EnsembleError.js"
import { EnsembleLogLine } from "../assignment/EnsembleLog.js"
import { Overloaded } from "../domain/Refusal.js"
import { ParameterRefused } from "../ingest/controller/ParameterRefused.js"
import { IngestOff, IngestOperations, ParameterNotFound } from "../operations/IngestOperations.js"
import { ScanProgress } from "../operations/IngestServices.js"
import * as IngestParams from "./IngestParams.js"
import { follow } from "./internal/clientTail.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, segment, typed } from "./internal/typedClient.js"

/** The operations of the server at an address. */
export const layer = (options: Transport.ClientOptions): Layer.Layer<IngestOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    IngestOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { controller, reducer } = yield* typed(transport)
      const only = declared(transport)
      const off = ["IngestOff", "EnsembleUnreachable"] as const

      /** Texts as they are sent. */
      const tail = <E extends { readonly _tag: string }, I>(path: string, errors: Schema.Schema<E | Overloaded, I>) =>
        follow(
          transport.url,
          () =>
            transport
              .bytes(HttpClientRequest.get(path), errors)
              .pipe(Stream.mapError((error) => (error instanceof Overloaded ? transport.unexpected(error) : error))),
          undefined
        ).pipe(Stream.filterMap(({ data }) => Option.fromNullable(data)))

      /** A name that can't stand in a path is no parameter's. */
      const named = <A, E>(name: string, use: (path: { readonly name: string }) => Effect.Effect<A, E>) => {
        const part = segment(name)
        return part === undefined ? Effect.fail(new ParameterNotFound({ name })) : use({ name: part })
      }

      return {
        ensemble: only(controller.ensemble(), ...off),
        services: only(controller.services()),
        begin: ({ map, ...params }) =>
          only(
            controller.begin({ payload: map, urlParams: IngestParams.ofWrap(params) }),
            "MapRefused",
            "NotTaken",
            ...off
          ),
        map: Effect.map(only(controller.sequence(), ...off), IngestParams.mapOf),
        stop: Effect.asVoid(only(controller.stop(), ...off)),
        progress: only(controller.progress(), ...off),
        follow: tail("/api/v1/progress/tail", Schema.Union(IngestOff, EnsembleUnreachable, Overloaded)).pipe(
          Stream.mapEffect((text) => Effect.mapError(decodeProgress(text), transport.unexpected))
        ),
        status: only(controller.status(), ...off),
        load: (query) => only(controller.load({ urlParams: IngestParams.ofLoad(query) }), ...off),
        setParameter: (name, value) =>
          transport
            .text(
              HttpClientRequest.post(`/api/v1/parameter/${encodeURIComponent(name)}`).pipe(
                HttpClientRequest.bodyUint8Array(value, "application/x.bytes")
              ),
              Schema.Union(ParameterRefused, IngestOff, EnsembleUnreachable)
            )
            .pipe(Effect.flatMap((text) => Effect.mapError(decodeHash(text), transport.unexpected))),
        parameter: (name) => named(name, (path) => only(controller.parameter({ path }), "ParameterNotFound", ...off)),
        parameters: only(controller.parameters(), ...off),
        logs: (level) => only(controller.logs({ urlParams: { level } }), ...off),
        followLogs: transport
          .bytes(HttpClientRequest.get("/api/v1/log_stream"), Schema.Union(IngestOff, EnsembleUnreachable, Overloaded))
          .pipe(
            Stream.mapError((error) =>
              error instanceof Overloaded || error instanceof EnsembleUnreachable ? transport.unexpected(error) : error
            ),
            Stream.decodeText(),
            Stream.splitLines,
            Stream.mapEffect((text) => Effect.mapError(decodeLogLine(text), transport.unexpected))
          ),
        published: only(reducer.published(), "IngestOff"),
        followPublished: ({ largest } = {}) =>
          tail(
            `/reducer/published/tail${largest === undefined ? "" : `?largest=${largest}`}`,
            Schema.Union(IngestOff, Overloaded)
          ).pipe(Stream.mapEffect((text) => Effect.mapError(decodePublished(text), transport.unexpected)))
      }
    })
  )

// -----------------------------------------------------------------------------

const decodeProgress = Schema.decode(Schema.parseJson(ScanProgress))
const decodePublished = Schema.decode(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
const decodeLogLine = Schema.decode(Schema.parseJson(EnsembleLogLine))
const decodeHash = Schema.decode(Schema.parseJson(Schema.String))
