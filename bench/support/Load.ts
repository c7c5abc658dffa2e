/** HTTP load by wrk (Debian package `wrk`), one thread, keep-alive. */
import { execFile } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

export interface LoadResult {
  readonly requestsPerSecond: number
  readonly requests: number
  readonly p50: number
  readonly p99: number
  readonly errors: number
}

const milliseconds = (text: string | undefined): number => {
  const match = /([\d.]+)(us|ms|s|m)/.exec(text ?? "")
  const scale = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? "ms"] ?? 1
  return Number(match?.[1] ?? NaN) * scale
}

export const post = async (
  url: string,
  options: {
    readonly connections: number
    readonly seconds: number
    readonly body: string
    readonly contentType?: string
  }
): Promise<LoadResult> => {
  const script = join(mkdtempSync(join(tmpdir(), "outpost-wrk-")), "post.lua")
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.headers["content-type"] = "${options.contentType ?? "application/json"}"\nwrk.body = [==[${options.body}]==]\n`
  )
  const { stdout } = await promisify(execFile)(
    "wrk",
    ["-t1", `-c${options.connections}`, `-d${options.seconds}s`, "--latency", "-s", script, url],
    { maxBuffer: 1 << 24 }
  )
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? NaN),
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? NaN),
    p50: milliseconds(/50%\s+(\S+)/.exec(stdout)?.[1]),
    p99: milliseconds(/99%\s+(\S+)/.exec(stdout)?.[1]),
    errors: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  }
}

/** A body of about 300 bytes, as a weather station sends it. */
export const eventBody =
  '{"type":"weather","data":{"temperature":12.5,"humidity":81.25,"pressure":1013.2,"wind":{"speed":3.4,"gust":7.9,"direction":271},"sky":"clear","note":"the quick brown fox jumps over the lazy dog and runs away"},"meta":{"station":"roof-3","firmware":"2.4.1","operator":"night shift"}}'
