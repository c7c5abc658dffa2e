/** When a procedure runs, in words: what the keys of its entry mean together. */

/** The keys of an entry that say when it runs; what is absent is the default. */
export interface Timing {
  readonly every?: string | undefined
  readonly cron?: string | undefined
  readonly timezone?: string | undefined
  readonly overlap?: string | undefined
  readonly missed?: string | undefined
  readonly restart?: string | undefined
}

/** One sentence for each thing that is settled. */
export const scheduleWords = (timing: Timing): ReadonlyArray<string> => {
  const { cron, every } = timing
  if (every === undefined && cron === undefined) return [endless[timing.restart ?? "always"] ?? "Runs once."]
  const times =
    every === undefined
      ? `Runs ${cronWords(cron ?? "")}${timing.timezone === undefined ? "" : `, time of ${timing.timezone}`}.`
      : `Runs ${intervalWords(every)}, in step with the clock.`
  return [
    times,
    timing.overlap === "queue"
      ? "A start that comes due during a run follows it."
      : "A start that comes due during a run is left out.",
    timing.missed === "skip"
      ? "Starts missed while the site was down are left out."
      : "Starts missed while the site was down are made up for once."
  ]
}

/** `1m30s` as `every 1 minute 30 seconds`. */
export const intervalWords = (every: string): string => {
  const pieces = Array.from(every.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi), ([, amount = "", unit = ""]) => ({
    amount: Number(amount),
    unit: units[unit.toLowerCase()] ?? unit
  }))
  const [first] = pieces
  if (first === undefined) return `every ${every}`
  if (pieces.length === 1 && first.amount === 1) return `every ${first.unit}`
  return `every ${pieces.map(({ amount, unit }) => `${amount} ${unit}${amount === 1 ? "" : "s"}`).join(" ")}`
}

/** The expressions in common use in words; others as they are written. */
export const cronWords = (expression: string): string => {
  const fields = expression.trim().split(/\s+/)
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields.length === 6 ? fields.slice(1) : fields
  const plain = fields.length === 5 || (fields.length === 6 && fields[0] === "0")
  if (!plain || month !== "*" || (day !== "*" && weekday !== "*")) return `at the times of ${expression}`
  const often = /^\*\/(\d+)$/
  if (day === "*" && weekday === "*") {
    if (minute === "*" && hour === "*") return "every minute"
    if (often.test(minute) && hour === "*") return `every ${often.exec(minute)?.[1]} minutes`
    if (whole.test(minute) && hour === "*") return `every hour at minute ${minute}`
    if (whole.test(minute) && often.test(hour)) return `every ${often.exec(hour)?.[1]} hours at minute ${minute}`
  }
  if (!whole.test(minute) || !whole.test(hour)) return `at the times of ${expression}`
  const at = `at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`
  if (day === "*" && weekday === "*") return `every day ${at}`
  if (day === "*") {
    const name = /^[0-7]$/.test(weekday) ? weekdays[Number(weekday) % 7] : undefined
    return name === undefined ? `at the times of ${expression}` : `every ${name} ${at}`
  }
  return whole.test(day) ? `on day ${day} of every month ${at}` : `at the times of ${expression}`
}

// ------------------------------------------------------------------------------------------------------------------

const whole = /^\d{1,2}$/

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const

const endless: { readonly [restart: string]: string | undefined } = {
  always: "Runs without end; when it ends, another life begins.",
  "on-failure": "Runs once at the start of the site; another life begins only after a failure.",
  never: "Runs once at the start of the site, and is not started again."
}

const units: { readonly [unit: string]: string | undefined } = Object.fromEntries(
  (
    [
      ["millisecond", "ms", "milli", "millis", "millisecond", "milliseconds"],
      ["second", "s", "sec", "secs", "second", "seconds"],
      ["minute", "m", "min", "mins", "minute", "minutes"],
      ["hour", "h", "hour", "hours"],
      ["day", "d", "day", "days"],
      ["week", "w", "week", "weeks"]
    ] as const
  ).flatMap(([name, ...spellings]) => spellings.map((spelling) => [spelling, name]))
)
