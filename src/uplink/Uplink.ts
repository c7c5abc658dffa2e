/**
 * The contract of an uplink: how messages reach one kind of far side. The plug-in owns the bytes: how to connect, what a message
 * looks like there, what counts as confirmed, and what comes the other way. The engine owns the queue, the window, order,
 * reconnecting, bandwidth, health and stop.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { QueuedMessage } from "../outbox/Outbox.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import type { Secrets } from "../site/Secrets.js"
import type { Site } from "../site/Site.js"
import * as SettingsProblem from "../source/SettingsProblem.js"
import { UplinkError } from "./UplinkError.js"

/**
 * What became of a message.
 *
 * - `Confirmed`: the far side has it, durably as far as it promises.
 * - `Unsupported`: nothing of this kind can be said there, now or later: done with, and kept in the archive alone.
 * - `Refused`: the far side will not take this one: set aside with the reason, the rest goes on.
 * - `Disconnected`: nothing is known of it: sent again, the same bytes, over the next connection.
 */
export type Outcome =
  | { readonly _tag: "Confirmed" }
  | { readonly _tag: "Unsupported" }
  | { readonly _tag: "Refused"; readonly reason: string }
  | { readonly _tag: "Disconnected" }

export const Confirmed: Outcome = { _tag: "Confirmed" }
export const Unsupported: Outcome = { _tag: "Unsupported" }
export const Disconnected: Outcome = { _tag: "Disconnected" }
export const refused = (reason: string): Outcome => ({ _tag: "Refused", reason })

/** What came from the far side: a config for this station, or something that was meant as one. */
export type Incoming =
  | { readonly _tag: "Configuration"; readonly document: unknown; readonly revision: number | undefined }
  | {
      readonly _tag: "Unreadable"
      readonly text: string
      readonly reason: string
      /** Where it can be told. */
      readonly revision: number | undefined
    }

/**
 * Tells what became of one message of a batch before the others are answered, so that another takes its place in the window.
 * At most once for each, and never something else at the end.
 */
export type Early = (index: number, outcome: Outcome) => void

/** An open connection. */
export interface Link {
  /**
   * Hands over messages in their order and answers what became of each, in that order. The engine may ask again before it has
   * answered, up to the window together. Fails where nothing is known of any but those that were told early.
   */
  readonly send: (
    batch: ReadonlyArray<QueuedMessage>,
    early: Early
  ) => Effect.Effect<ReadonlyArray<Outcome>, UplinkError>
  /** Fails when the connection is lost, also while nothing is sent. `Stream.never` where nothing ever comes. */
  readonly incoming: Stream.Stream<Incoming, UplinkError>
}

/** What an uplink may know of the station and of how it is to be used. */
export interface Facts {
  /** The uplink's name in the config. */
  readonly uplink: string
  /** What the far side knows the station as, unless the uplink's settings say otherwise. */
  readonly station: string
  /** Most messages in flight. */
  readonly window: number
  /** Whether messages must arrive in order: then `send` is never asked twice at a time. */
  readonly ordered: boolean
}

/** What any uplink may ask for of the program. */
export type Services = FileSystem.FileSystem | Outgoing | Path.Path | Secrets | Site

export interface Uplink {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** What settings it takes, for manuals. */
  readonly settings: SchemaAST.AST
  /** What is wrong with settings; none where `prepare` takes them. Reads secrets that they refer to, and nothing else. */
  readonly problems: (
    settings: unknown
  ) => Effect.Effect<ReadonlyArray<SettingsProblem.SettingsProblem>, never, Secrets>
  readonly prepare: (settings: unknown, facts: Facts) => Effect.Effect<PreparedUplink, UplinkError, Services>
}

/** An uplink with its settings decoded. */
export interface PreparedUplink {
  readonly name: string
  /** Whether requests can come in over it. */
  readonly receives: boolean
  /** Most messages of one `send`. */
  readonly largestBatch: number
  /** Connects with the secrets there are now, for as long as the scope lasts. Done when messages can be sent. */
  readonly open: Effect.Effect<Link, UplinkError, Scope.Scope>
}

/** An uplink from what is particular to it. Settings that do not decode are `Misconfigured`, with the field named. */
export const make = <A, I, S extends Secrets = never>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I, S>
  readonly receives: boolean
  /** Default: as many as the window takes. */
  readonly largestBatch?: (settings: A) => number
  readonly open: (settings: A, facts: Facts) => Effect.Effect<Link, UplinkError, Scope.Scope | Services>
}): Uplink => {
  const strictly = Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })
  const decode = (settings: unknown) => Effect.mapError(strictly(settings ?? {}), SettingsProblem.of)
  return {
    name: options.name,
    description: options.description,
    settings: options.settings.ast,
    problems: (settings) => Effect.match(decode(settings), { onFailure: (problems) => problems, onSuccess: () => [] }),
    prepare: Effect.fnUntraced(function* (settings, facts) {
      const services = yield* Effect.context<Services>()
      const decoded = (reason: UplinkError["reason"]) =>
        Effect.mapError(
          decode(settings),
          (problems) => new UplinkError({ uplink: facts.uplink, reason, detail: SettingsProblem.sentence(problems) })
        )
      const first = yield* decoded("Misconfigured")
      return {
        name: options.name,
        receives: options.receives,
        largestBatch: options.largestBatch?.(first) ?? Number.POSITIVE_INFINITY,
        // Secrets may have changed since the last connection; one that is missing just now is waited for.
        open: Effect.mapInputContext(
          Effect.flatMap(decoded("Disconnected"), (current) => options.open(current, facts)),
          (own: Context.Context<Scope.Scope>) => Context.merge(services, own)
        )
      }
    })
  }
}
