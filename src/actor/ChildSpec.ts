/**
 * A child spec: everything a supervisor has to know of a child, as a value. OTP's child spec, with a back-off, a
 * readiness and a notion of progress added.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Backoff from "./Backoff.js"
import { withGiven } from "./internal/capture.js"
import type { NodeKind } from "./NodeStatus.js"
import type { RestartIntensity } from "./RestartIntensity.js"
import type { Self } from "./Self.js"

/**
 * When a life that ended by itself is followed by another: `permanent` always, `transient` unless it ended with
 * success, `temporary` never. A failure that calls itself `Misconfigured` or `Unsupported` is never tried again.
 */
export type Restart = "permanent" | "transient" | "temporary"

/** What a child may ask of its context besides `R`: a scope that lasts as long as its life, and its own handle. */
export type Given = Scope.Scope | Self

/** How long a child may be silent, and what follows. Silence is counted from readiness or from the last `Self.mark`. */
export interface Progress {
  readonly within: Duration.DurationInput
  /** `false`: the node is `degraded` until the next mark. `true`: the life ends, as a crash of reason `silence`. */
  readonly restart: boolean
}

export interface Options {
  /** Its name among its siblings, and its step in the node's path: not empty, and without `/`. */
  readonly id: string
  /** One life. Its scope holds its resources: all of them are released before the next life begins. */
  readonly run: Effect.Effect<unknown, unknown, unknown>
  readonly restart?: Restart | undefined
  /** The waits between lives. Where the schedule ends, the restart intensity counts as spent. */
  readonly backoff?: Schedule.Schedule<unknown> | undefined
  /** A life that was ready for so long puts the back-off at its beginning again. */
  readonly healthyAfter?: Duration.DurationInput | undefined
  /** The time to tear down, after a stop as after a crash. Past it the life is abandoned: reported `failed`, reason `abandoned`, and left behind. */
  readonly shutdown?: Duration.DurationInput | undefined
  /**
   * When the child counts as ready: `"at-once"`, when it says so itself (`"signalled"`, by `Self.ready`), or when this
   * effect succeeds. Its failure is a failure of the start.
   */
  readonly ready?: "at-once" | "signalled" | Effect.Effect<unknown, unknown, unknown> | undefined
  /** How long a start waits for readiness. */
  readonly readyWithin?: Duration.DurationInput | undefined
  readonly progress?: Progress | undefined
  /** A first life that is never ready: `"fail"` the starter with `StartFailed`, or `"retry"` it like a crash. */
  readonly onStartFailure?: "fail" | "retry" | undefined
  /** Overrides the supervisor's. */
  readonly intensity?: RestartIntensity | undefined
  /** What follows when the restart intensity is spent. */
  readonly onIntensity?: "escalate" | "quarantine" | undefined
  readonly kind?: NodeKind | undefined
}

/** A child spec with every default in place. Made by {@link make}. */
export interface ChildSpec<out R = never> {
  readonly id: string
  readonly run: Effect.Effect<unknown, unknown, R | Given>
  readonly restart: Restart
  readonly backoff: Schedule.Schedule<unknown>
  readonly healthyAfter: Duration.Duration
  readonly shutdown: Duration.Duration
  readonly ready: "at-once" | "signalled" | Effect.Effect<unknown, unknown, R | Given>
  readonly readyWithin: Duration.Duration
  readonly progress: { readonly within: Duration.Duration; readonly restart: boolean } | undefined
  readonly onStartFailure: "fail" | "retry"
  readonly intensity: RestartIntensity | undefined
  readonly onIntensity: "escalate" | "quarantine"
  readonly kind: NodeKind
}

/** What a spec needs of its supervisor's context. */
export type Context<Spec> = Spec extends ChildSpec<infer R> ? R : never

/** What `run` and `ready` need beside what every life is given. */
export type Needs<O extends Options> = Exclude<NeedsOf<O["run"]> | NeedsOf<O["ready"]>, Given>

type NeedsOf<T> = T extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

/** A child spec from what is particular to it. */
export const make = <const O extends Options>(options: O): ChildSpec<Needs<O>> => ({
  id: options.id,
  run: withGiven<Needs<O>>(options.run),
  restart: options.restart ?? "permanent",
  backoff: options.backoff ?? Backoff.defaultSchedule,
  healthyAfter: Duration.decode(options.healthyAfter ?? "1 minute"),
  shutdown: Duration.decode(options.shutdown ?? "10 seconds"),
  ready:
    typeof options.ready === "string" ? options.ready : options.ready ? withGiven<Needs<O>>(options.ready) : "at-once",
  readyWithin: Duration.decode(options.readyWithin ?? "30 seconds"),
  progress: options.progress && {
    within: Duration.decode(options.progress.within),
    restart: options.progress.restart
  },
  onStartFailure: options.onStartFailure ?? "fail",
  intensity: options.intensity,
  onIntensity: options.onIntensity ?? "escalate",
  kind: options.kind ?? "worker"
})
