/** `TelemetryOperations` over HTTP. The text of events is passed on as it came. Runs in a browser. */
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Cursor from "../domain/Cursor.js"
import { BatchResult, EventPage, EventQuery, type TailItem } from "../domain/EventQuery.js"
import { InvalidInput, Overloaded, StorageFailed, TooLarge, UnreadableBody } from "../domain/Refusal.js"
import { RunNotFound } from "../domain/Run.js"
import { EventAck, EventLine } from "../domain/TelemetryEvent.js"
import { SiteStatus } from "../operations/SiteOperations.js"
import { NoCurrentEvent, TelemetryOperations, VerifyReport } from "../operations/TelemetryOperations.js"
import { ServerUnreachable } from "../operations/Unreachable.js"
import * as EventParams from "./EventParams.js"
import { follow } from "./internal/clientTail.js"
import * as Transport from "./internal/clientTransport.js"
import { nextCursorHeader } from "./WireHeaders.js"

const PostErrors = Schema.Union(InvalidInput, UnreadableBody, TooLarge, StorageFailed, Overloaded)
const ReadErrors = Schema.Union(StorageFailed, RunNotFound)

/** The operations of the server at an address. */
export const layer = (
  options: Transport.ClientOptions
): Layer.Layer<TelemetryOperations, never, HttpClient.HttpClient> =>
  Layer.effect(TelemetryOperations, Effect.map(Transport.make(options), make))

// ------------------------------------------------------------------------------------------------------------------

const pageLimit = 1_000

const make = (transport: Transport.Transport): TelemetryOperations["Type"] => {
  const { bytes, send, text, unexpected } = transport
  const decode =
    <A, I>(schema: Schema.Schema<A, I>) =>
    (body: string): Effect.Effect<A, ServerUnreachable> =>
      Effect.mapError(Schema.decode(Schema.parseJson(schema))(body), unexpected)

  const post = (path: string, body: HttpBody.HttpBody) =>
    text(HttpClientRequest.setBody(HttpClientRequest.post(path), body), PostErrors)

  const currentOf: TelemetryOperations["Type"]["currentOf"] = (type) =>
    // Such a type can't be a segment of a path: neither encoded nor as it is would it arrive.
    /\/|^\.{0,2}$/.test(type)
      ? Effect.flatMap(text(HttpClientRequest.get("/current"), Schema.Never), (view) =>
          Effect.flatMap(decode(CurrentView)(view), ({ current }) => {
            const found = Object.hasOwn(current, type) ? current[type] : undefined
            return found === undefined
              ? Effect.fail(new NoCurrentEvent({ type }))
              : Effect.succeed(EventAck.make(JSON.stringify(found)))
          })
        )
      : Effect.map(text(HttpClientRequest.get(`/current/${encodeURIComponent(type)}`), NoCurrentEvent), (body) =>
          EventAck.make(body)
        )

  const query: TelemetryOperations["Type"]["query"] = (query) => {
    const request = HttpClientRequest.get("/events").pipe(
      HttpClientRequest.setUrlParams(EventParams.ofQuery(query)),
      HttpClientRequest.accept("application/x-ndjson")
    )
    return Effect.flatMap(send(request, ReadErrors), (response) =>
      Effect.map(Effect.mapError(response.text, unexpected), (body) => {
        const next = Option.flatMap(Option.fromNullable(response.headers[nextCursorHeader]), Cursor.parse)
        return new EventPage({
          lines: body.split("\n").flatMap((line) => (line === "" ? [] : [EventLine.make(line)])),
          ...(Option.isSome(next) ? { next: next.value } : {})
        })
      })
    )
  }

  return {
    post: (body) =>
      Effect.map(
        post("/event", typeof body === "string" ? HttpBody.text(body, json) : HttpBody.uint8Array(body, json)),
        (ack) => EventAck.make(ack)
      ),
    postArray: (body) => Effect.flatMap(post("/events", HttpBody.uint8Array(body, json)), decode(BatchResult)),
    postLines: (body) =>
      Effect.suspend(() => {
        if (body instanceof Uint8Array)
          return Effect.flatMap(post("/events", HttpBody.uint8Array(body, ndjson)), decode(BatchResult))
        let broken: UnreadableBody | TooLarge | undefined
        const watched = Stream.tapError(body, (error) => Effect.sync(() => void (broken = error)))
        return post("/events", HttpBody.stream(watched, ndjson)).pipe(
          Effect.mapError((error) => (error._tag === "ServerUnreachable" && broken !== undefined ? broken : error)),
          Effect.flatMap(decode(BatchResult))
        )
      }),
    current: text(HttpClientRequest.get("/current"), Schema.Never),
    currentOf,
    query,
    events: (filter, { descending = false, limit = Number.POSITIVE_INFINITY } = {}) =>
      Stream.paginateChunkEffect(beginning(limit), ({ cursor, left }) => {
        const most = Math.max(1, Math.min(pageLimit, left))
        const asked = new EventQuery({ filter, limit: most, descending, ...(cursor === undefined ? {} : { cursor }) })
        return Effect.map(query(asked), ({ lines, next }) => {
          const rest = left - lines.length
          const more = next === undefined || rest <= 0 ? Option.none() : Option.some({ cursor: next, left: rest })
          return [Chunk.fromIterable(lines), more] as const
        })
      }).pipe((all) => (limit === Number.POSITIVE_INFINITY ? all : Stream.take(all, limit))),
    tail: (filter, from) =>
      follow(
        transport.url,
        (position) =>
          bytes(
            HttpClientRequest.get("/events/tail").pipe(
              HttpClientRequest.setUrlParams(EventParams.ofFilter(filter)),
              position === undefined ? (same) => same : HttpClientRequest.setUrlParam("cursor", position)
            ),
            Schema.Union(ReadErrors, Overloaded)
          ).pipe(Stream.catchTag("Overloaded", (error) => Stream.fail(unexpected(error)))),
        from === undefined ? undefined : Cursor.format(from)
      ).pipe(
        Stream.filterMap(({ data, id }): Option.Option<TailItem> =>
          data === undefined
            ? Option.none()
            : Option.some({
                line: EventLine.make(data),
                cursor: Option.getOrElse(Cursor.parse(id ?? ""), () => Cursor.start)
              })
        )
      ),
    export: (format, filter) =>
      bytes(
        HttpClientRequest.get("/events/export").pipe(
          HttpClientRequest.setUrlParams(EventParams.ofFilter(filter)),
          HttpClientRequest.setUrlParam("format", format)
        ),
        ReadErrors
      ),
    verify: ({ repair }) =>
      Effect.flatMap(
        text(HttpClientRequest.post(repair ? "/verify?repair=true" : "/verify"), StorageFailed),
        decode(VerifyReport)
      ),
    stats: Effect.map(
      Effect.flatMap(text(HttpClientRequest.get("/status"), Schema.Never), decode(SiteStatus)),
      ({ telemetry }) => telemetry
    )
  }
}

const beginning = (left: number): { readonly cursor: Cursor.Cursor | undefined; readonly left: number } => ({
  cursor: undefined,
  left
})

const json = "application/json"
const ndjson = "application/x-ndjson"

const CurrentView = Schema.Struct({ current: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
