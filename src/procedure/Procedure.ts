/**
 * The contract of a procedure: something that drives an instrument or looks after the site, once per start. The engine owns
 * when it runs, what follows a failure, and its end; the procedure owns what one run does.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { EventInput } from "../domain/TelemetryEvent.js"

/** One run did not succeed. `Misconfigured` is not tried again; anything else is, with a back-off. */
export class ProcedureError extends Schema.TaggedError<ProcedureError>()("ProcedureError", {
  procedure: Schema.String,
  reason: Schema.Literal("Disconnected", "Malformed", "Misconfigured"),
  detail: Schema.String
}) {
  override get message() {
    return `${this.procedure}: ${this.detail}`
  }
}

/** Where a procedure's events go: the run while one is active, else the site. */
export class Emitter extends Context.Tag("outpost/procedure/Emitter")<
  Emitter,
  {
    /** Durable once it returns true. While the disk refuses events it answers false, and the procedure goes on. */
    readonly emit: (event: EventInput) => Effect.Effect<boolean>
  }
>() {}

/** What a run does; the scope that `prepare` was given lasts over all runs of a life. */
export type Run = Effect.Effect<void, ProcedureError, Emitter>

export interface Procedure {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** Begins a life: checks the settings of the entry, acquires what all runs share, answers one run. */
  readonly prepare: (settings: unknown) => Effect.Effect<Run, ProcedureError, Scope.Scope>
}

/** A procedure from what is particular to it. Settings that do not decode are `Misconfigured`, with the field named. */
export const make = <A, I>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I>
  readonly prepare: (settings: A) => Effect.Effect<Run, ProcedureError, Scope.Scope>
}): Procedure => {
  const decode = Schema.decodeUnknown(options.settings, { errors: "all", onExcessProperty: "error" })
  return {
    name: options.name,
    description: options.description,
    prepare: (settings) =>
      decode(settings).pipe(
        Effect.mapError(
          ({ message }) => new ProcedureError({ procedure: options.name, reason: "Misconfigured", detail: message })
        ),
        Effect.flatMap(options.prepare)
      )
  }
}
