/**
 * The contract of a procedure: something that drives an instrument or looks after the site. The engine owns when it runs, what
 * follows a failure, and its end; the procedure owns what one run does.
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Self } from "../actor/Self.js"
import type { MessageInput, MessageRefused } from "../domain/Message.js"
import type { InvalidInput, TooLarge, UnreadableBody } from "../domain/Refusal.js"
import type { EventInput } from "../domain/TelemetryEvent.js"
import type { Outgoing } from "../outgoing/Outgoing.js"
import * as SettingsProblem from "../source/SettingsProblem.js"
import type { StateDocument } from "../state/StateDocument.js"

/**
 * One run did not succeed. `Misconfigured` is not tried again; anything else is, with a back-off. `TimeLimit` and `Memory` are
 * limits of the entry that were passed.
 */
export class ProcedureError extends Schema.TaggedError<ProcedureError>()("ProcedureError", {
  procedure: Schema.String,
  reason: Schema.Literal("Disconnected", "Malformed", "Misconfigured", "Failed", "TimeLimit", "Memory"),
  detail: Schema.String
}) {
  override get message() {
    return `${this.procedure}: ${this.detail}`
  }
}

/** Where what a procedure has to say goes. Nothing of it fails for want of a disk: a measurement goes on without one. */
export class Emitter extends Context.Tag("outpost/procedure/Emitter")<
  Emitter,
  {
    /**
     * To the run while one is active, else to the site. Durable once it returns true. While the disk refuses events it
     * answers false, and the procedure goes on.
     */
    readonly emit: (event: EventInput) => Effect.Effect<boolean>
    /** The same for an event as JSON text, which is kept as it is written. Fails where the text is no event. */
    readonly post: (text: string) => Effect.Effect<boolean, InvalidInput | TooLarge | UnreadableBody>
    /** For the outside: archived and queued once it returns true; false where the queue or the disk takes no more. */
    readonly message: (input: MessageInput) => Effect.Effect<boolean, MessageRefused>
    /** What the engine has to tell of a procedure, for the `system` stream. Never waits. */
    readonly record: (type: string, data: unknown) => Effect.Effect<void>
  }
>() {}

/** What every run may ask for. */
export type Services = Emitter | StateDocument | Outgoing | CommandExecutor.CommandExecutor | Self

/** What a run does; the scope that `prepare` was given lasts over all runs of a life. */
export type Run = Effect.Effect<void, ProcedureError, Services>

/** Marks a procedure, whichever copy of this library made it. */
export const TypeId: unique symbol = Symbol.for("outpost/procedure/Procedure")

export interface Procedure {
  readonly _tag: "Procedure"
  readonly [TypeId]: typeof TypeId
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** What an entry without `every` and `cron` means: a run each minute, or one run that does not end. */
  readonly pace: "each-minute" | "endless"
  /** Begins a life: checks the settings of the entry, acquires what all runs share, answers one run. */
  readonly prepare: (settings: unknown) => Effect.Effect<Run, ProcedureError, Scope.Scope | Services>
}

/** A procedure from what is particular to it. Settings that do not decode are `Misconfigured`, with the field named. */
export const make = <A, I>(options: {
  readonly name: string
  readonly description: string
  readonly pace?: Procedure["pace"]
  readonly settings: Schema.Schema<A, I>
  readonly prepare: (settings: A) => Effect.Effect<Run, ProcedureError, Scope.Scope | Services>
}): Procedure => {
  const decode = Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })
  return {
    _tag: "Procedure",
    [TypeId]: TypeId,
    name: options.name,
    description: options.description,
    pace: options.pace ?? "each-minute",
    prepare: (settings) =>
      decode(settings).pipe(
        Effect.mapError((error) => {
          // One line: who looks on sees the first of an error only.
          const detail = SettingsProblem.sentence(SettingsProblem.of(error))
          return new ProcedureError({ procedure: options.name, reason: "Misconfigured", detail })
        }),
        Effect.flatMap(options.prepare)
      )
  }
}

/** Recognised by its mark: a module may have brought a copy of this library of its own. */
export const isProcedure = (value: unknown): value is Procedure => Predicate.hasProperty(value, TypeId)
