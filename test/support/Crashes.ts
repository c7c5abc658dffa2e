/**
 * Writers that hammer a real server until it dies, what was acknowledged to them, and the oracle: after the next start every
 * acknowledged event stands in the log exactly once, with its number, and no number stands there twice or is missing.
 */
import { assert } from "@effect/vitest"
import { Agent, request } from "node:http"
import { type Running, start } from "./OutpostProcess.js"

interface Answer {
  readonly status: number
  readonly body: string
}

/** One event that was posted. `id` is in its data and unique. */
interface Acked {
  readonly id: string
  readonly seq: number
  readonly stored: boolean
}

export interface Round {
  readonly acked: Array<Acked>
  /** Events sent without an answer: they may be there or not. Those that only become current use a number all the same. */
  unanswered: number
  /** Per type, the last event that was to become current and was acknowledged. */
  readonly lastCurrent: Map<string, string>
  /** Per type, an event that was to become current and got no answer. */
  readonly pendingCurrent: Map<string, string>
  /** The run that must be active: known only where no start or stop was left unanswered. */
  activeRun: { readonly id: string | null } | undefined
}

export interface Live {
  readonly process: Running
  readonly url: string
  /** Milliseconds from the start of the process to its first answer on /ready. */
  readonly readyAfter: number
}

const send = (agent: Agent, url: string, path: string, body: string, type = "application/json"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url + path,
      { method: "POST", agent, headers: { "content-type": type, "content-length": Buffer.byteLength(body) } },
      (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
        response.on("end", () =>
          response.complete ? resolve({ status: response.statusCode ?? 0, body: text }) : reject(new Error("cut"))
        )
        response.on("error", reject)
      }
    )
    sent.on("error", reject)
    sent.end(body)
  })

export const live = async (site: string, env: Readonly<Record<string, string>> = {}): Promise<Live> => {
  const begin = performance.now()
  const process = start(["serve", "--idle", "--site", site, "--port", "0"], { env })
  const [, url = ""] = await process.prints(/listening on (http:\/\/\S+)/)
  const answer = await fetch(`${url}/ready`)
  assert.strictEqual(answer.status, 200)
  return { process, url, readyAfter: performance.now() - begin }
}

let unique = 0

/** Writers until the server no longer answers. */
export const hammer = async (
  url: string,
  options: { readonly writers: number; readonly runs: boolean; readonly random: () => number }
): Promise<Round> => {
  const agent = new Agent({ keepAlive: true, maxSockets: options.writers + 1 })
  const round: Round = {
    acked: [],
    unanswered: 0,
    lastCurrent: new Map(),
    pendingCurrent: new Map(),
    activeRun: undefined
  }

  const single = async (type: string) => {
    const id = `e${unique++}`
    const kind = options.random()
    const isCurrent = kind > 0.1
    const stored = kind < 0.9
    const body = JSON.stringify({
      type,
      data: { id, pad: "x".repeat(Math.floor(options.random() * 400)) },
      make_current: isCurrent,
      store_permanently: stored
    })
    try {
      const answer = await send(agent, url, "/event", body)
      assert.strictEqual(answer.status, 200, answer.body)
      const seq = Number(/"seq":(\d+)/.exec(answer.body)?.[1])
      round.acked.push({ id, seq, stored })
      if (isCurrent) round.lastCurrent.set(type, id)
    } catch (error) {
      if (isCurrent) round.pendingCurrent.set(type, id)
      round.unanswered++
      throw error
    }
  }

  const batch = async (type: string) => {
    const ids = Array.from({ length: 20 }, () => `e${unique++}`)
    const body = ids.map((id) => JSON.stringify({ type: `${type}-batch`, data: { id } })).join("\n")
    try {
      const answer = await send(agent, url, "/events", body, "application/x-ndjson")
      assert.strictEqual(answer.status, 200, answer.body)
      const { accepted } = JSON.parse(answer.body) as { accepted: ReadonlyArray<{ line: number; seq: number }> }
      for (const { line, seq } of accepted) round.acked.push({ id: ids[line - 1] ?? "", seq, stored: true })
    } catch (error) {
      round.unanswered += ids.length
      throw error
    }
  }

  const writer = async (type: string) => {
    for (;;) await (options.random() < 0.1 ? batch(type) : single(type))
  }

  const runner = async () => {
    for (let active: string | null = null; ;) {
      round.activeRun = undefined
      const path: string = active === null ? "/run/start" : "/run/stop"
      const answer = await send(agent, url, path, "{}")
      if (answer.status === 404 || answer.status === 409) active = answer.status === 409 ? "?" : null
      else {
        assert.strictEqual(answer.status, 200, answer.body)
        active = active === null ? (JSON.parse(answer.body) as { run_id: string }).run_id : null
        round.activeRun = { id: active }
      }
      await new Promise((resolve) => setTimeout(resolve, options.random() * 120))
    }
  }

  const work = Array.from({ length: options.writers }, (_, k) => writer(`w${k}`))
  const ended = await Promise.allSettled(options.runs ? [...work, runner()] : work)
  for (const end of ended) {
    if (end.status === "rejected" && end.reason instanceof Error && end.reason.name === "AssertionError")
      throw end.reason
  }
  agent.destroy()
  return round
}

const lineOf = (text: string) => JSON.parse(text) as { seq: number; data: { id?: string } }

/** All lines of a stream behind a number. */
const readStream = async (url: string, stream: string, after: number) => {
  const lines: Array<{ seq: number; id: string }> = []
  for (let cursor = `${stream}.${after}`; ;) {
    const answer = await fetch(`${url}/events?stream=${stream}&limit=10000&cursor=${cursor}`, {
      headers: { accept: "application/x-ndjson" }
    })
    assert.strictEqual(answer.status, 200)
    const page = (await answer.text()).split("\n").filter((line) => line !== "")
    for (const line of page) {
      const { data, seq } = lineOf(line)
      lines.push({ seq, id: data.id ?? "" })
    }
    const last = lines[lines.length - 1]
    if (page.length === 0 || last === undefined) return lines
    cursor = `${stream}.${last.seq}`
  }
}

/** What is known of a site over all its crashes. */
export class Ledger {
  private readonly behind = { site: 0, run: 0 }

  /** Checks everything a round was told against what the server has now. */
  async check(url: string, round: Round, runs: boolean): Promise<void> {
    const found = new Map<string, Array<{ stream: string; seq: number }>>()
    let holes = 0
    for (const stream of ["site", "run"] as const) {
      const lines = await readStream(url, stream, this.behind[stream])
      const currentOnly = new Set(round.acked.filter((event) => !event.stored).map((event) => event.seq))
      let last = this.behind[stream]
      for (const { id, seq } of lines) {
        assert.isAbove(seq, last, `${stream}: ${seq} stands behind ${last}`)
        for (let missing = last + 1; missing < seq; missing++) if (!currentOnly.has(missing)) holes++
        found.set(id, [...(found.get(id) ?? []), { stream, seq }])
        last = seq
      }
      this.behind[stream] = Math.max(last, 0)
    }
    assert.isAtMost(holes, round.unanswered, "numbers that no line bears and nobody was told of")
    for (const { id, seq, stored } of round.acked) {
      if (!stored) continue
      const places = found.get(id) ?? []
      assert.strictEqual(places.length, 1, `acknowledged ${id} with number ${seq}, found ${JSON.stringify(places)}`)
      assert.strictEqual(places[0]?.seq, seq, id)
    }
    if (!runs) await this.checkCurrent(url, round)
    else if (round.activeRun !== undefined) {
      const answer = await fetch(`${url}/run`)
      const id = answer.status === 200 ? ((await answer.json()) as { run_id: string }).run_id : null
      assert.strictEqual(id, round.activeRun.id)
    }
  }

  private async checkCurrent(url: string, round: Round): Promise<void> {
    const { current } = (await (await fetch(`${url}/current`)).json()) as {
      current: Record<string, { data: { id: string } }>
    }
    for (const [type, id] of round.lastCurrent) {
      const now = current[type]?.data.id
      assert.isTrue(
        now === id || (now !== undefined && now === round.pendingCurrent.get(type)),
        `${type} is ${now}, acknowledged was ${id}`
      )
    }
  }
}

/** Repeatable numbers between 0 and 1 (mulberry32). */
export const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

/** What was asked for: a number of rounds, or `full` for the published counts (npm run test:faults). */
const asked = process.env["OUTPOST_FAULT_ROUNDS"] || undefined

/** How many rounds: a few in the ordinary run of tests. */
export const rounds = (few: number, full: number): number =>
  asked === undefined ? few : asked === "full" ? full : Number(asked)

/** Which of many like cases: one in so many in the ordinary run of tests, otherwise all. */
export const sample = <A>(cases: ReadonlyArray<A>, oneIn: number): ReadonlyArray<A> =>
  asked === undefined ? cases.filter((_, index) => index % oneIn === 0) : cases
