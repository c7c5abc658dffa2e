/**
 * When something is due: at an interval aligned to the clock (every hour is at :00), or at the times of a cron expression in
 * a zone. A stable share of the jitter, by the entry's name, spreads entries that are due together.
 *
 * Cron and the change of clocks: a time that does not exist on a day is left out or comes an hour later, and a time that
 * comes twice counts once (`effect/Cron`). Intervals know no zone.
 */
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Hash from "effect/Hash"
import * as Schema from "effect/Schema"

export class TriggerInvalid extends Schema.TaggedError<TriggerInvalid>()("TriggerInvalid", {
  expression: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `'${this.expression}' is no schedule: ${this.reason}`
  }
}

export type Trigger =
  | { readonly _tag: "Every"; readonly every: Duration.Duration; readonly jitter: Duration.Duration }
  | { readonly _tag: "Cron"; readonly cron: Cron.Cron; readonly expression: string; readonly jitter: Duration.Duration }

/** Entries due at the same time begin within a tenth of the interval, at most within this. */
const widest = Duration.seconds(30)

/** Each multiple of the interval since the epoch. */
export const every = (interval: Duration.Duration, jitter?: Duration.Duration): Trigger => ({
  _tag: "Every",
  every: Duration.max(interval, Duration.seconds(1)),
  jitter: jitter ?? Duration.min(widest, Duration.times(interval, 0.1))
})

/** The same without jitter and without a least interval: what is due is due. */
export const exactly = (interval: Duration.Duration): Trigger => ({
  _tag: "Every",
  every: interval,
  jitter: Duration.zero
})

/** Five fields (minute first) or six (second first), in a zone. */
export const cron = (
  expression: string,
  zone: DateTime.TimeZone,
  jitter: Duration.Duration = Duration.zero
): Either.Either<Trigger, TriggerInvalid> =>
  Cron.parse(expression, zone).pipe(
    Either.mapBoth({
      onLeft: ({ message }) => new TriggerInvalid({ expression, reason: message }),
      onRight: (parsed): Trigger => ({ _tag: "Cron", cron: parsed, expression, jitter })
    })
  )

/** A cron expression in settings: one whose time comes. */
export const CronText = Schema.String.pipe(
  Schema.filter((text) => Either.isRight(Cron.parse(text)) || "expected five or six cron fields, such as 5 * * * *"),
  Schema.filter((text) => comes(text) || "names a date that never comes")
)

/** Milliseconds of the first time behind `after` at which it is due, before its jitter. */
export const next = (trigger: Trigger, after: number): number => {
  if (trigger._tag === "Cron") return Cron.next(trigger.cron, new Date(after)).getTime()
  const step = Duration.toMillis(trigger.every)
  return (Math.floor(after / step) + 1) * step
}

/** The entry's own share of the jitter, in milliseconds: the same in every life. */
export const offset = (trigger: Trigger, id: string): number => {
  const most = Math.floor(Duration.toMillis(trigger.jitter))
  return most === 0 ? 0 : (Hash.string(id) >>> 0) % most
}

/** For people: `every 1h`, or the cron expression. */
export const describe = (trigger: Trigger): string =>
  trigger._tag === "Cron" ? trigger.expression : `every ${Duration.format(trigger.every)}`

// -----------------------------------------------------------------------------

const comes = (expression: string): boolean =>
  Either.match(Cron.parse(expression), {
    onLeft: () => false,
    onRight: (parsed) => {
      try {
        return Cron.next(parsed, new Date(0)).getTime() > 0
      } catch {
        return false
      }
    }
  })
