/**
 * Any provider that answers with rows over HTTP, described in config alone: an address with placeholders for the range, how an
 * answer goes on, and which fields become columns. Its address comes from the config, so it is checked like every such one.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { TimeRange } from "../../domain/TimeRange.js"
import type { Outgoing, OutgoingRequest, OutgoingResponse } from "../../outgoing/Outgoing.js"
import * as Redaction from "../../site/Redaction.js"
import * as History from "../../source/History.js"
import { SourceError } from "../../source/SourceError.js"
import { isSuccess, refused, send } from "./internal/answer.js"
import * as documents from "./internal/documents.js"
import { millisOf } from "./internal/fields.js"
import { HttpSettings } from "./internal/httpSettings.js"
import { layoutOf, readerOf } from "./internal/mapping.js"
import { begin, following, type Position } from "./internal/paging.js"
import { expand, mentions, type Values } from "./internal/template.js"

const name = "http"

export const HttpHistory = History.make({
  name,
  description: "Any provider that answers with JSON, JSON lines or CSV over HTTP, described in the config",
  settings: HttpSettings,
  capabilities: ({ rate, types, url }) => ({
    types,
    generic: true,
    server: serverOf(url),
    ...(rate === null ? {} : { rate: { perSecond: rate.per_second, burst: rate.burst } })
  }),
  plan: (settings, request) =>
    Effect.as(known(settings, request), {
      layout: layoutOf(settings),
      ...windowOf(settings),
      settle: Duration.toMillis(settings.settle)
    }),
  pages: (settings, request, window) =>
    Stream.unwrap(
      Effect.map(Effect.zipRight(known(settings, request), discretion(settings)), (redact) =>
        walk(settings, request, window, redact).pipe(Stream.mapError((error) => silenced(error, redact)))
      )
    )
})

// ------------------------------------------------------------------------------------------------------------------

/** Scheme and host, which have no placeholders. */
const serverOf = (url: string): string => url.split(/[/?#]/, 3).join("/").toLowerCase()

const known = ({ types }: HttpSettings, { type }: History.SeriesRequest): Effect.Effect<void, SourceError> =>
  types.length === 0 || types.includes(type)
    ? Effect.void
    : Effect.fail(
        new SourceError({ source: name, reason: "Unsupported", detail: `has no ${type}; it has ${types.join(", ")}` })
      )

/** Whole steps of the grid, at least one. */
const windowOf = ({ align, window }: HttpSettings): { readonly window: number; readonly grid: number } => {
  const grid = Math.max(1, Duration.toMillis(align))
  return { grid, window: Math.max(grid, Math.floor(Duration.toMillis(window) / grid) * grid) }
}

type Redact = (text: string) => string

/** Hides the secrets of the settings: a provider may send them back in what it says of a bad request. */
const discretion = ({ headers, query }: HttpSettings): Effect.Effect<Redact> =>
  Effect.gen(function* () {
    const { add, redact } = yield* Redaction.make
    const texts = [...Object.values(query), ...Object.values(headers)]
    yield* Effect.forEach(
      texts.filter((text) => typeof text !== "string"),
      add,
      { discard: true }
    )
    return redact
  })

const silenced = ({ detail, reason, retryAfter, source, status }: SourceError, redact: Redact): SourceError =>
  new SourceError({
    source,
    reason,
    detail: redact(detail),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter })
  })

/** The beginning of what was said, without secrets: what is quoted of it may end in the middle of one. */
const quotable = (response: OutgoingResponse, redact: Redact): OutgoingResponse => ({
  ...response,
  body: Buffer.from(redact(response.body.subarray(0, 8192).toString("utf8")))
})

const walk = (
  settings: HttpSettings,
  request: History.SeriesRequest,
  window: TimeRange,
  redact: Redact
): Stream.Stream<History.Page, SourceError, Outgoing> => {
  const reader = readerOf(settings)
  return Stream.paginateEffect(
    begin(settings.paging, window),
    Effect.fnUntraced(function* (position) {
      const response = yield* send(name, requestOf(settings, request, window, position))
      const { body, headers, status } = response
      const nothing: History.Page = { rows: [], bytes: body.byteLength }
      if (settings.empty_status.includes(status)) return [nothing, Option.none<Position>()] as const
      if (!isSuccess(response)) return yield* refused(name, quotable(response, redact), undefined)
      const document = documents.open(settings, body)
      if (typeof document === "string") return yield* malformed(`the answer ${document}`)
      const mapped = document.items.map(reader)
      const next = following(settings.paging, position, {
        json: document.json,
        link: headers["link"],
        url: settings.url,
        body,
        items: document.items,
        times: mapped.map((row) => (row === undefined ? undefined : millisOf(row.time)))
      })
      if (typeof next === "string") return yield* malformed(next)
      const fresh = mapped.filter(
        (_, n) => position.seen.size === 0 || !position.seen.has(JSON.stringify(document.items[n]))
      )
      const rows = fresh.flatMap((row) => (row === undefined ? [] : [row.row]))
      const page: History.Page = { rows, bytes: body.byteLength, malformed: fresh.length - rows.length }
      return [page, Option.fromNullable(next)] as const
    })
  )
}

const malformed = (detail: string) => new SourceError({ source: name, reason: "Malformed", detail })

const requestOf = (
  settings: HttpSettings,
  { pair, span, type }: History.SeriesRequest,
  window: TimeRange,
  position: Position
): OutgoingRequest => {
  const values: Values = {
    start: position.start,
    end: window.end,
    pair,
    type,
    span: Option.getOrUndefined(span),
    cursor: position.cursor,
    page: position.page,
    offset: position.offset
  }
  const plain = (text: string | Redacted.Redacted) => (typeof text === "string" ? text : Redacted.value(text))
  const filled = (text: string | Redacted.Redacted, escape: (value: string) => string) =>
    typeof text === "string" ? expand(text, values, escape) : Redacted.value(text)
  const url = new URL(position.url ?? expand(settings.url, values, encodeURIComponent))
  if (position.url === undefined)
    for (const [key, text] of Object.entries(settings.query))
      if (position.cursor !== undefined || !mentions(plain(text), "cursor"))
        url.searchParams.set(
          key,
          filled(text, (value) => value)
        )
  return {
    url: url.href,
    method: settings.method,
    // All of them: none is meant for another host than the one it was written for.
    headers: Object.fromEntries(
      Object.entries(settings.headers).map(([key, text]) => [key, Redacted.make(filled(text, (value) => value))])
    ),
    timeout: settings.timeout,
    maxBytes: settings.max_bytes,
    ...Option.match(settings.body, {
      onNone: () => ({}),
      onSome: (body) => ({ body: Buffer.from(expand(body, values, (value) => JSON.stringify(value).slice(1, -1))) })
    })
  }
}
