/**
 * When the runs of a procedure begin: at the instants of a trigger, or once. One run at a time, and never two for one instant,
 * though a timer may end early and a clock may be set back a little. What comes due while a run is under way is left out, or
 * made up for once behind it; what came due while nobody was there, too.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Self from "../actor/Self.js"
import * as Aligned from "../schedule/Aligned.js"
import * as Trigger from "../schedule/Trigger.js"
import type { RunBook } from "./RunBook.js"

export interface RunPlan {
  /** None for a run that does not end. */
  readonly trigger: Option.Option<Trigger.Trigger>
  readonly overlap: "skip" | "queue"
  readonly missed: "skip" | "run-once"
  /** While it waits it says so at least this often: waiting is no silence. */
  readonly signOfLife: Duration.Duration
}

export interface Told {
  /** Durable enough that a restart knows of it; called after each run that succeeded. */
  readonly succeeded: (at: number) => Effect.Effect<void>
  /** Starts that came due while the run before was under way. */
  readonly overrun: (starts: number) => Effect.Effect<void>
}

/** Ends with the run that does not end, or with the first that fails. */
export const follow = <E, R>(
  plan: RunPlan,
  book: RunBook,
  told: Told,
  run: Effect.Effect<void, E, R>
): Effect.Effect<void, E, R | Self.Self> =>
  Effect.flatMap(Effect.clock, (clock) => {
    const now = () => clock.unsafeCurrentTimeMillis()
    const noted = Effect.suspend(() => {
      const at = now()
      book.begin(at)
      return run.pipe(
        Effect.onExit((exit) => Effect.sync(() => note(book, exit, now()))),
        Effect.zipRight(told.succeeded(at))
      )
    })
    if (Option.isNone(plan.trigger)) return noted
    const trigger = plan.trigger.value

    const wait = (after: number) =>
      Effect.suspend(() => {
        const due = Trigger.next(trigger, after)
        book.nextAt = due
        return Effect.as(Aligned.sleepUntil(due, { every: plan.signOfLife, effect: Self.mark }), due)
      })

    /** One run and the wait for the next. Instants behind `due` are missed by it; none by one that was made up for. */
    const round = (due: number | undefined): Effect.Effect<number | undefined, E, R | Self.Self> =>
      noted.pipe(
        Effect.zipRight(Self.mark),
        Effect.flatMap(() => {
          const ended = now()
          const missed = due === undefined ? 0 : instantsBetween(trigger, due, ended)
          if (missed === 0) return wait(behind(due, ended))
          book.overruns += missed
          const next = plan.overlap === "queue" ? Effect.succeed(ended) : wait(behind(due, ended))
          return Effect.zipRight(told.overrun(missed), next)
        })
      )

    const first: Effect.Effect<number | undefined, never, Self.Self> = Effect.suspend(() =>
      isOwed(plan, trigger, book.succeededAt, now()) ? Effect.succeed(undefined) : wait(now())
    )
    return Effect.flatMap(first, (due) => Effect.iterate(due, { while: () => true, body: round })).pipe(Effect.asVoid)
  })

// -----------------------------------------------------------------------------

const note = (book: RunBook, exit: Exit.Exit<void, unknown>, now: number): void => {
  if (exit._tag === "Success") return book.end(now, "succeeded")
  if (Cause.isInterruptedOnly(exit.cause)) return book.end(now, "interrupted")
  book.end(now, "failed", Cause.prettyErrors(exit.cause)[0]?.message)
}

/** Whether a run is due at the beginning of a life: at the first of all, and where one was missed. */
const isOwed = (plan: RunPlan, trigger: Trigger.Trigger, succeededAt: number | undefined, now: number): boolean => {
  if (plan.missed === "skip") return false
  if (succeededAt === undefined) return trigger._tag === "Every"
  return Trigger.next(trigger, succeededAt) <= now || succeededAt > now
}

/** More than this need not be counted. */
const most = 1_000

const instantsBetween = (trigger: Trigger.Trigger, after: number, until: number): number => {
  if (trigger._tag === "Every") {
    const step = Duration.toMillis(trigger.every)
    return Math.max(0, Math.floor(until / step) - Math.floor(after / step))
  }
  let count = 0
  for (let at = Trigger.next(trigger, after); at <= until && count < most; at = Trigger.next(trigger, at)) count++
  return count
}

/** A clock that was set back by less than this repeats no instant; one set back further is believed. */
const tolerance = 60_000

const behind = (due: number | undefined, now: number): number =>
  due !== undefined && due > now && due - now <= tolerance ? due : now
