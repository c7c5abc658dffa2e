/**
 * What a child knows of itself: the handle that its supervisor puts in its context, one per life.
 *
 * With it a child says that it is ready, that it makes progress, and how full its mailbox is. All of it is cheap enough
 * for inner loops and none of it can fail. A part that also runs outside a supervisor (a command, a test) is given
 * {@link layerDetached}.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { MailboxGauge } from "./NodeStatus.js"

export class Self extends Context.Tag("outpost/actor/Self")<
  Self,
  {
    /** This node's path in the supervision tree. */
    readonly path: string
    /** "I have done something that counts." Stores a clock reading and no more; publishes nothing. */
    readonly mark: Effect.Effect<void>
    /** "I am ready." The first call of a life counts, later ones do nothing. */
    readonly ready: Effect.Effect<void>
    /** Shows a mailbox in this node's status until the scope closes; `read` is called once per look. */
    readonly showMailbox: (read: () => MailboxGauge) => Effect.Effect<void, never, Scope.Scope>
  }
>() {}

/** {@link Self.mark} of the child that runs this. */
export const mark: Effect.Effect<void, never, Self> = Effect.flatMap(Self, (self) => self.mark)

/** {@link Self.ready} of the child that runs this. */
export const ready: Effect.Effect<void, never, Self> = Effect.flatMap(Self, (self) => self.ready)

/** For code that runs without a supervisor: every report goes nowhere. */
export const layerDetached: Layer.Layer<Self> = Layer.succeed(
  Self,
  Self.of({ path: "", mark: Effect.void, ready: Effect.void, showMailbox: () => Effect.void })
)
