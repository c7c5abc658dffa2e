/**
 * A child whose lives end when a test says so, and which notes what becomes of it.
 *
 * `log` gets `a+` when a life of `a` has acquired its resource and `a-` when that has been released. `live` counts the
 * lives that hold it now: it must never pass 1.
 */
import { Deferred, Effect, FiberId, TestClock } from "effect"
import * as ChildSpec from "../../src/actor/ChildSpec.js"
import { none } from "../../src/actor/Backoff.js"

export interface ScriptedChild {
  readonly id: string
  readonly log: Array<string>
  lives: number
  live: number
  mostLive: number
  /** Ends the present life with this exit. */
  readonly end: (exit: Effect.Effect<unknown, unknown>) => Effect.Effect<void>
  readonly run: ChildSpec.Options["run"]
  readonly spec: (options?: Partial<ChildSpec.Options>) => ChildSpec.ChildSpec
}

export interface Settings {
  readonly log?: Array<string>
  /** How long the release of its resource takes. */
  readonly teardown?: string
}

export const make = (id: string, settings: Settings = {}): ScriptedChild => {
  const log = settings.log ?? []
  let script = Deferred.unsafeMake<unknown, unknown>(FiberId.none)
  const open = Effect.sync(() => {
    log.push(`${id}+`)
    child.lives++
    child.live++
    child.mostLive = Math.max(child.mostLive, child.live)
    script = Deferred.unsafeMake<unknown, unknown>(FiberId.none)
  })
  const close = Effect.sync(() => {
    log.push(`${id}-`)
    child.live--
  })
  const teardown =
    settings.teardown === undefined ? close : Effect.zipRight(Effect.sleep(settings.teardown as "1 second"), close)
  const run = Effect.acquireRelease(open, () => teardown).pipe(Effect.flatMap(() => Deferred.await(script)))
  const child: ScriptedChild = {
    id,
    log,
    lives: 0,
    live: 0,
    mostLive: 0,
    end: (exit) => Effect.zipRight(Deferred.complete(script, exit), settle),
    run,
    // What a test asks of a spec here is never more than it is given.
    spec: (options = {}) => ChildSpec.make({ id, run, backoff: none, ...options }) as ChildSpec.ChildSpec
  }
  return child
}

/** Lets every fiber that can go on go on. */
export const settle: Effect.Effect<void> = Effect.repeatN(Effect.yieldNow(), 40)

/** Lets time pass, and everything that follows from it happen. */
export const pass = (duration: string): Effect.Effect<void> =>
  Effect.zipRight(TestClock.adjust(duration as "1 second"), settle)
