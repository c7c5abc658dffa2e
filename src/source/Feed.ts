/**
 * The contract of a live feed: something that is subscribed to and then tells what happens, as it happens. The plug-in owns the
 * bytes: where to connect, what to say there, what a message means. The engine owns the connection, reconnecting, staleness,
 * the state of books, and the files.
 *
 * A channel is written `<name>` or, for a book, `<name>@<depth>`: `trades`, `book`, `book@25`.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { RowLayout } from "../domain/RowLayout.js"
import type { Meaning } from "./FeedMessage.js"
import { SourceError } from "./SourceError.js"

/** What a feed has under the name of a channel. */
export interface ChannelCapability {
  /** `rows` come as they are to be stored; a `book` is kept by the engine and stored as it stands, once per time step. */
  readonly kind: "rows" | "book"
  /** Type of the series that is written: `trades`, `orderbook`. */
  readonly type: string
  /** Absent: that of market data of this type. */
  readonly layout?: (unit: "s" | "ns") => RowLayout
  /** Levels a side that can be asked for; the first is the default. */
  readonly depths?: ReadonlyArray<number>
  /** The venue tells nothing of levels beyond the depth, not even that they are gone: the engine cuts its book to it. */
  readonly cut?: boolean
}

/** What can be asked of a feed, said before any connection is made. */
export interface Capabilities {
  readonly channels: Readonly<Record<string, ChannelCapability>>
  /** Channels that one connection takes; absent means any number. */
  readonly perConnection?: number
}

/** What a person asks for. */
export interface Subscription {
  /** `BTC/USDT` */
  readonly pair: string
  readonly channels: ReadonlyArray<string>
}

/** A channel that can be followed. */
export interface FeedChannel {
  /** As it was asked for. */
  readonly name: string
  readonly capability: ChannelCapability
  /** Of a book: levels a side. */
  readonly depth: number
}

/** What is said on one connection and how it is understood. Made anew for each one, so that it may keep state. */
export interface Dialogue<Message> {
  /** Sent once the connection is open. */
  readonly hello: ReadonlyArray<string>
  /** Asks for a channel from its beginning, after a gap. Absent: only a new connection does that. */
  readonly again?: (channel: string) => ReadonlyArray<string>
  /** The venue's own ping, sent with every heartbeat. */
  readonly ping?: string
  /** Called with every message in its order. */
  readonly read: (message: Message) => ReadonlyArray<Meaning>
}

export interface Conversation<Message> {
  /** ws or wss */
  readonly url: string
  /** The operator of this machine wrote the address down: a private network is no reason to refuse it. */
  readonly trusted: boolean
  readonly open: () => Dialogue<Message>
}

export interface Feed {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  readonly prepare: (settings: unknown) => Effect.Effect<PreparedFeed, SourceError>
}

/** A feed with its settings decoded. */
export interface PreparedFeed {
  readonly name: string
  readonly capabilities: Capabilities
  /** Fails with `Unsupported` for what can't be done, saying what can; connects to nobody. */
  readonly subscribe: (subscription: Subscription) => Effect.Effect<Subscribed, SourceError>
}

/** A subscription that can be served. */
export interface Subscribed extends Conversation<string> {
  readonly channels: ReadonlyArray<FeedChannel>
}

/**
 * A feed from what is particular to it. A message that `messages` does not decode is told as `Malformed`; settings that do not
 * decode are `Misconfigured`, with the field named.
 */
export const make = <A, I, M, MI>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I>
  readonly capabilities: (settings: A) => Capabilities
  /** Every message the venue is known to send. */
  readonly messages: Schema.Schema<M, MI>
  /** The text of a message as `messages` wants it; default JSON. May throw. */
  readonly parse?: (text: string) => unknown
  readonly subscribe: (
    settings: A,
    subscription: { readonly pair: string; readonly channels: ReadonlyArray<FeedChannel> }
  ) => Effect.Effect<Conversation<M>, SourceError>
}): Feed => {
  const { name, parse = JSON.parse } = options
  const decodeSettings = Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })
  const understand = reader(parse, Schema.decodeUnknownEither(options.messages))

  const subscribe = (settings: A, capabilities: Capabilities) => (subscription: Subscription) =>
    Effect.gen(function* () {
      const channels = yield* accept(name, capabilities, subscription.channels)
      const { open, trusted, url } = yield* options.subscribe(settings, { pair: subscription.pair, channels })
      return {
        url,
        trusted,
        channels,
        open: () => {
          const dialogue = open()
          return { ...dialogue, read: understand(dialogue.read) }
        }
      }
    })

  return {
    name,
    description: options.description,
    prepare: (settings) =>
      decodeSettings(settings).pipe(
        Effect.mapBoth({
          onFailure: ({ message }) => new SourceError({ source: name, reason: "Misconfigured", detail: message }),
          onSuccess: (decoded): PreparedFeed => {
            const capabilities = options.capabilities(decoded)
            return { name, capabilities, subscribe: subscribe(decoded, capabilities) }
          }
        })
      )
  }
}

/** Why a feed can't do what was asked of it. */
export const unsupported = (source: string, detail: string): SourceError =>
  new SourceError({ source, reason: "Unsupported", detail })

// ---------------------------------------------------------------------------------------------------------------------

const reader =
  <M>(parse: (text: string) => unknown, decode: (value: unknown) => Either.Either<M, { readonly message: string }>) =>
  (read: (message: M) => ReadonlyArray<Meaning>) =>
  (text: string): ReadonlyArray<Meaning> =>
    Either.try(() => parse(text)).pipe(
      Either.flatMap(decode),
      Either.match({
        onLeft: () => [{ _tag: "Malformed", detail: `not understood: ${text.slice(0, 120)}` }],
        onRight: read
      })
    )

/** The channels by their names, each series once. */
const accept = (
  source: string,
  { channels: known, perConnection = Number.POSITIVE_INFINITY }: Capabilities,
  names: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    if (names.length === 0) return yield* unsupported(source, "no channel was asked for")
    const channels = yield* Effect.forEach(names, (name) => channelOf(source, known, name))
    const types = channels.map(({ capability }) => capability.type)
    const twice = types.find((type, index) => types.indexOf(type) < index)
    if (twice !== undefined) return yield* unsupported(source, `${twice} is asked for twice: ${names.join(", ")}`)
    if (channels.length > perConnection) {
      return yield* unsupported(
        source,
        `takes ${perConnection} channel per connection: start ${names.join(", ")} singly`
      )
    }
    return channels
  })

const channelOf = (
  source: string,
  known: Capabilities["channels"],
  name: string
): Effect.Effect<FeedChannel, SourceError> => {
  const [base = "", depthText, ...rest] = name.split("@")
  const capability = Object.hasOwn(known, base) ? known[base] : undefined
  if (capability === undefined || rest.length > 0) {
    return unsupported(source, `there is no channel '${name}'; there are: ${Object.keys(known).join(", ")}`)
  }
  const { depths = [] } = capability
  const depth = depthText === undefined ? (depths[0] ?? 0) : Number(depthText)
  if (depthText !== undefined && !(depths.includes(depth) && String(depth) === depthText)) {
    const choice = depths.length === 0 ? "it has none" : `it has ${depths.toSorted((a, b) => a - b).join(", ")}`
    return unsupported(source, `channel '${base}' has no depth '${depthText}'; ${choice}`)
  }
  return Effect.succeed({ name, capability, depth })
}
