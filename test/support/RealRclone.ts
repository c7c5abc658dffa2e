/** The real rclone with remotes on this machine; where it is not installed a test says so, or fails if it must not. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Rclone from "../../src/backfill/sync/Rclone.js"

export const installed = spawnSync("rclone", ["version"]).status === 0

/** Runs a test where rclone is there; otherwise skips it loudly, or fails where services are required. */
export const withRclone = <A, E, R>(test: Effect.Effect<A, E, R>): Effect.Effect<A | void, E, R> =>
  Effect.suspend(() => {
    if (installed) return test
    if (process.env["OUTPOST_REQUIRE_SERVICES"] === "1") assert.fail("rclone is required and not installed")
    return Effect.sync(() => console.warn("SKIPPED: rclone is not installed (apt-get install rclone)"))
  })

/** With a config of its own: `backup:` is a directory of this machine. */
export const make = (directory: string) => {
  const target = join(directory, "backup")
  mkdirSync(target, { recursive: true })
  const config = join(directory, "rclone.conf")
  writeFileSync(
    config,
    `[backup]\ntype = alias\nremote = ${target}\n\n[nowhere]\ntype = http\nurl = http://127.0.0.1:1/\n`
  )
  const env = { PATH: process.env["PATH"] ?? "", HOME: directory, RCLONE_CONFIG: config }
  return { rclone: Rclone.make({ env }), env, target }
}

/** As on a machine where it is not installed. */
export const absent = Rclone.make({ env: { PATH: "/nonexistent" } })

/** Files by their paths, below a directory. */
export const write = (root: string, files: Readonly<Record<string, string>>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}
