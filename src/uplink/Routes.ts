/**
 * Rules by which events and log lines become messages: which of them, how many, and what is left of the values of a period.
 * Pure but for the clock's reading, which is given. One route keeps a period's values and a minute's count, and no more.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { logBody, type MessageInput } from "../domain/Message.js"
import type { Keep, LogLevel, RouteSettings } from "./RouteSettings.js"

type Value = number | string

/** An event as it stands in the log; its time in milliseconds since the epoch. */
export interface RoutedEvent {
  readonly type: string
  readonly at: number
  readonly data: unknown
}

export interface RoutedLine {
  readonly at: number
  /** As the site's log writes it. */
  readonly level: string
  readonly origin: string
  readonly text: string
  readonly details: string
}

export class Route {
  private readonly matches: (type: string) => boolean
  private readonly period: number | undefined
  private values = new Map<string, Gathered>()
  private periodEnd: number | undefined
  private lastAt = 0
  private minute = Number.NEGATIVE_INFINITY
  private sent = 0
  private droppedCount = 0

  constructor(readonly settings: RouteSettings) {
    this.matches = globOf(settings.type)
    this.period = Option.getOrUndefined(Option.map(settings.every, Duration.toMillis))
  }

  /** What is to be sent because of an event: what a period has come to that it ends, or the event itself. */
  event({ at, data, type }: RoutedEvent): ReadonlyArray<MessageInput> {
    if (!this.matches(type)) return []
    const values = valuesOf(data, this.settings)
    if (values.length === 0) return []
    if (this.period === undefined) return this.limited(at, this.message(at, Object.fromEntries(values)))
    const ended = this.periodEnd !== undefined && at >= this.periodEnd ? this.flush() : []
    this.periodEnd ??= (Math.floor(at / this.period) + 1) * this.period
    this.lastAt = at
    for (const [name, value] of values) this.values.set(name, gather(this.values.get(name), value, this.settings.keep))
    return ended
  }

  line({ at, details, level, origin, text }: RoutedLine): ReadonlyArray<MessageInput> {
    const place = levels.indexOf(levelOf(level))
    if (place < levels.indexOf(this.settings.level)) return []
    const name = words[place] ?? "INFO"
    return this.limited(at, {
      body: logBody(origin, name, text, details),
      at,
      ...this.manner()
    })
  }

  /** The period's message, where its end has come. */
  due(now: number): ReadonlyArray<MessageInput> {
    return this.periodEnd !== undefined && now >= this.periodEnd ? this.flush() : []
  }

  /** How many were dropped since it was asked last. */
  dropped(): number {
    const count = this.droppedCount
    this.droppedCount = 0
    return count
  }

  private flush(): ReadonlyArray<MessageInput> {
    const values = Array.from(
      this.values,
      ([name, gathered]) => [name, outcomeOf(gathered, this.settings.keep)] as const
    )
    const at = this.lastAt
    this.values = new Map()
    this.periodEnd = undefined
    return values.length === 0 ? [] : this.limited(at, this.message(at, Object.fromEntries(values)))
  }

  private message(at: number, data: Readonly<Record<string, Value>>): MessageInput {
    return { body: { variant: "data", data }, at, ...this.manner() }
  }

  private manner() {
    return {
      priority: this.settings.priority,
      expiresAfter: Option.getOrUndefined(Option.map(this.settings.expires_after, Duration.toMillis))
    }
  }

  private limited(at: number, message: MessageInput): ReadonlyArray<MessageInput> {
    const minute = Math.floor(at / 60_000)
    if (minute !== this.minute) {
      this.minute = minute
      this.sent = 0
    }
    if (this.sent < this.settings.max_per_minute) {
      this.sent++
      return [message]
    }
    this.droppedCount++
    return []
  }
}

// -----------------------------------------------------------------------------

const levels: ReadonlyArray<LogLevel> = ["debug", "info", "warning", "error"]
const words = ["DEBUG", "INFO", "WARNING", "ERROR"] as const

const levelOf = (level: string): LogLevel => {
  const name = level.toLowerCase()
  if (name.startsWith("warn")) return "warning"
  if (name === "error" || name === "fatal") return "error"
  return name === "debug" || name === "trace" ? "debug" : "info"
}

/** `*` stands for any text, also for none. */
export const globOf = (pattern: string): ((text: string) => boolean) => {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&"))
  const expression = new RegExp(`^${parts.join(".*")}$`, "s")
  return (text) => expression.test(text)
}

interface Gathered {
  readonly count: number
  readonly sum: number
  readonly value: Value
}

const gather = (before: Gathered | undefined, value: Value, keep: Keep): Gathered => {
  if (before === undefined || typeof value === "string" || typeof before.value === "string") {
    return { count: 1, sum: typeof value === "number" ? value : 0, value }
  }
  const kept = keep === "min" ? Math.min(before.value, value) : keep === "max" ? Math.max(before.value, value) : value
  return { count: before.count + 1, sum: before.sum + value, value: kept }
}

const outcomeOf = ({ count, sum, value }: Gathered, keep: Keep): Value =>
  keep === "mean" && typeof value === "number" ? sum / count : value

/** Numbers, truth values and texts of an event; nested ones by their path. */
const valuesOf = (data: unknown, settings: RouteSettings): ReadonlyArray<readonly [string, Value]> => {
  const found: Array<readonly [string, Value]> = []
  const walk = (value: unknown, path: string, depth: number): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (depth < deepest) {
        for (const [key, inner] of Object.entries(value)) walk(inner, path === "" ? key : `${path}.${key}`, depth + 1)
      }
      return
    }
    const one = typeof value === "boolean" ? Number(value) : value
    if (typeof one !== "string" && !(typeof one === "number" && Number.isFinite(one))) return
    const name = path === "" ? "value" : path
    if (settings.fields.length === 0 || settings.fields.includes(name)) found.push([safe(settings.prefix + name), one])
  }
  walk(data, "", 0)
  return found
}

const deepest = 8

/** Two names belong to the uplinks. */
const safe = (name: string): string => (name === "logging" || name === "configuration" ? `${name}_` : name)
