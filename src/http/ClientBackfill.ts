/** `BackfillOperations` over HTTP, by the typed client of `Api.ts`. Runs in a browser. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { BackfillEvent, BackfillNotFound } from "../domain/Backfill.js"
import { Overloaded } from "../domain/Refusal.js"
import { BackfillOperations } from "../operations/BackfillOperations.js"
import type { Remote } from "../operations/Unreachable.js"
import * as CollectorParams from "./CollectorParams.js"
import { follow } from "./internal/clientTail.js"
import * as Transport from "./internal/clientTransport.js"
import { declared, segment, typed } from "./internal/typedClient.js"

/** The operations of the server at an address. */
export const layer = (
  options: Transport.ClientOptions
): Layer.Layer<BackfillOperations, never, HttpClient.HttpClient> =>
  Layer.effect(
    BackfillOperations,
    Effect.gen(function* () {
      const transport = yield* Transport.make(options)
      const { backfill, jobs } = yield* typed(transport)
      const only = declared(transport)

      /** An id that can't stand in a path is no backfill's. */
      const withId = <A, E>(id: string, use: (path: { readonly id: string }) => Effect.Effect<A, E>) => {
        const name = segment(id)
        return name === undefined ? Effect.fail(new BackfillNotFound({ id })) : use({ id: name })
      }

      const tail = <E, I>(path: string, errors: Schema.Schema<E, I>): Stream.Stream<BackfillEvent, E | Remote> =>
        follow(
          transport.url,
          () =>
            transport
              .bytes(HttpClientRequest.get(path), Schema.Union(errors, Overloaded))
              .pipe(Stream.mapError((error) => (error instanceof Overloaded ? transport.unexpected(error) : error))),
          undefined
        ).pipe(
          Stream.filterMap(({ data }) => Option.fromNullable(data)),
          Stream.mapEffect((text) => Effect.mapError(decodeEvent(text), transport.unexpected))
        )

      return {
        start: (request) => only(jobs.start({ payload: request }), "NoMatchingJob", "BackfillRefused", "StorageFailed"),
        plan: (request) =>
          Effect.map(
            only(jobs.plan({ payload: request }), "NoMatchingJob", "BackfillRefused", "StorageFailed"),
            ({ series }) => series
          ),
        resumeAll: (request) =>
          Effect.map(
            only(jobs.resumeAll({ payload: request }), "NoMatchingJob", "BackfillRefused", "StorageFailed"),
            ({ backfills }) => backfills
          ),
        list: (options) =>
          Effect.map(
            only(backfill.list({ urlParams: { collect: options?.collect === true ? "true" : undefined } })),
            (records) => Object.values(records)
          ),
        get: (id) => withId(id, (path) => only(backfill.get({ path }), "BackfillNotFound")),
        cancel: (id) =>
          Effect.map(
            withId(id, (path) => only(jobs.cancel({ path }), "BackfillNotFound", "StorageFailed")),
            ({ status }) => status === "cancelling"
          ),
        pause: (id) =>
          withId(id, (path) => only(jobs.pause({ path }), "BackfillNotFound", "BackfillBusy", "StorageFailed")),
        resume: (id) =>
          withId(id, (path) =>
            only(jobs.resume({ path }), "BackfillNotFound", "NoMatchingJob", "BackfillRefused", "StorageFailed")
          ),
        retryFailed: (id) =>
          withId(id, (path) =>
            only(jobs.retryFailed({ path }), "BackfillNotFound", "NoMatchingJob", "BackfillRefused", "StorageFailed")
          ),
        chunks: (query) =>
          withId(query.id, (path) =>
            only(jobs.chunks({ path, urlParams: CollectorParams.ofChunks(query) }), "BackfillNotFound", "StorageFailed")
          ),
        coverage: (query) =>
          Effect.map(
            only(
              backfill.coverage({ urlParams: CollectorParams.ofCoverage(query) }),
              "NoMatchingJob",
              "BackfillRefused",
              "StorageFailed"
            ),
            ({ coverage }) => coverage
          ),
        follow: (id) => {
          const name = segment(id)
          return name === undefined
            ? Stream.fail(new BackfillNotFound({ id }))
            : Stream.takeUntil(tail(`/api/jobs/${name}/events`, BackfillNotFound), isLast)
        },
        events: tail("/api/events", Schema.Never)
      }
    })
  )

// ------------------------------------------------------------------------------------------------------------------

const decodeEvent = Schema.decode(Schema.parseJson(BackfillEvent))

/** A server ends the stream behind it; a stream that ends before it was cut off. */
const isLast = ({ event, record }: BackfillEvent): boolean =>
  event === "status" && record !== undefined && record.status !== "running" && record.status !== "cancelling"
