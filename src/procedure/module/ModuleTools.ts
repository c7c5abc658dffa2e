/** What the plain function of a module is given beside its settings. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberSet from "effect/FiberSet"
import * as LogLevels from "effect/LogLevel"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Self from "../../actor/Self.js"
import type { EventInput } from "../../domain/TelemetryEvent.js"
import { StateDocument } from "../../state/StateDocument.js"
import { Emitter, type Services } from "../Procedure.js"
import type { RunBook } from "../RunBook.js"
import { messageFrom } from "../command/CommandProtocol.js"

export interface ModuleTools {
  /** Aborted when the procedure is to end: what the function still has to do it does now. */
  readonly signal: AbortSignal
  /** Posts an event; true once it is durable, false while the disk refuses. */
  readonly emit: (event: EventInput) => Promise<boolean>
  /** A message for the outside: its body, or `{body, at, priority, expiresAfter}`. Rejects what is no message. */
  readonly message: (message: unknown) => Promise<boolean>
  readonly state: {
    /** What a part holds; undefined before it was set. */
    readonly get: (part: string) => Promise<unknown>
    /** Puts what `change` makes of the present value in its place, atomically; answers it. */
    readonly update: (part: string, change: (value: unknown) => unknown) => Promise<unknown>
    readonly set: (part: string, value: unknown) => Promise<void>
  }
  /** A sign of life, shown in its status. */
  readonly progress: (value?: unknown) => void
  readonly log: {
    readonly debug: (text: string) => void
    readonly info: (text: string) => void
    readonly warn: (text: string) => void
    readonly error: (text: string) => void
  }
}

/** Everything but the signal, for as long as the scope lasts: what is under way then is interrupted. */
export const make = (
  procedure: string,
  book: RunBook
): Effect.Effect<Omit<ModuleTools, "signal">, never, Services | Scope.Scope> =>
  Effect.gen(function* () {
    const emitter = yield* Emitter
    const document = yield* StateDocument
    const self = yield* Self.Self
    const promise = yield* FiberSet.makeRuntimePromise<Services>()
    const fork = yield* FiberSet.makeRuntime<Services>()
    const alive = <A, E>(effect: Effect.Effect<A, E>) => promise(Effect.zipLeft(effect, self.mark))
    const logs = (level: LogLevels.LogLevel) => (text: string) =>
      void fork(Effect.logWithLevel(level, text).pipe(Effect.annotateLogs("procedure", procedure)))
    return {
      emit: (event) => alive(emitter.emit(event)),
      message: (message) =>
        alive(Either.match(messageFrom(message), { onLeft: Effect.fail, onRight: emitter.message })),
      state: {
        get: (part) => promise(Effect.map(document.part(part), Option.getOrUndefined)),
        update: (part, change) =>
          alive(document.update(part, procedure, (value) => change(Option.getOrUndefined(value)))),
        set: (part, value) => alive(document.set({ [part]: value }, procedure))
      },
      progress: (value) => {
        book.progress = value
        void fork(self.mark)
      },
      log: {
        debug: logs(LogLevels.Debug),
        info: logs(LogLevels.Info),
        warn: logs(LogLevels.Warning),
        error: logs(LogLevels.Error)
      }
    }
  })
