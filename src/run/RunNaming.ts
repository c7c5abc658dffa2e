/**
 * Names and directories of runs, by the rules of the telemetry server of panoptes-utils where they are safe: a run id is one
 * path segment, a relative directory stays inside the site, absolute and `~` ones are taken where they are allowed.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { homedir } from "node:os"
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path"
import { InvalidInput } from "../domain/Refusal.js"
import { runIdProblem, RunRefused } from "../domain/Run.js"
import { build, members } from "../telemetry/ObjectText.js"

/** Directories of a site that are not for runs. */
const reserved = new Set([".outpost", "secrets"])

/** A directory of this name would stand where the site's own files do, also on a disk that does not tell A from a. */
const isTaken = (name: string): boolean => {
  const folded = name.toLowerCase()
  return reserved.has(folded) || folded === "outpost.yaml" || folded.endsWith(".ndjson")
}

/** The next numeric id: highest plus one, zero-padded to the width of the longest number there is, at least 3. */
export const derive = (directories: ReadonlyArray<string>): string => {
  const numbers = directories.filter((name) => /^\p{Nd}+$/u.test(name)).map((name) => BigInt(asciiDigits(name)))
  const highest = numbers.reduce((a, b) => (b > a ? b : a), 0n)
  const width = numbers.reduce((a, b) => Math.max(a, String(b).length), 3)
  return numbers.length === 0 ? "001" : String(highest + 1n).padStart(width, "0")
}

/** The decimal digits of any script count. Each script has its ten in a row, some rows follow one another. */
const asciiDigits = (name: string): string =>
  name.replace(/[^0-9]/gu, (digit) => {
    const point = digit.codePointAt(0) ?? 0
    let zero = point
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
    return String((point - zero) % 10)
  })

/** The id in a meta value (JSON text): false, 0, "" and null count as absent. */
const idInMeta = (value: string | undefined): Effect.Effect<string | undefined, InvalidInput> => {
  if (value === undefined || /^(false|null|""|-?0(\.0*)?([eE].*)?|\{\}|\[\])$/.test(value))
    return Effect.succeed(undefined)
  if (value.startsWith('"')) return Effect.succeed(String(JSON.parse(value)))
  if (value === "true") return Effect.succeed("True")
  if (/^[-0-9]/.test(value)) return Effect.succeed(value)
  return Effect.fail(
    new InvalidInput({
      problems: [
        {
          type: "string_type",
          loc: ["body", "meta", "run_id"],
          msg: "Input should be a valid string",
          input: JSON.parse(value)
        }
      ]
    })
  )
}

/** The id of a run that is to start, and its meta with `run_id` set to it (in its place, or last). */
export const name = Effect.fnUntraced(function* (
  request: { readonly runId?: string | undefined; readonly metaJson?: string | undefined },
  directories: Effect.Effect<ReadonlyArray<string>>
) {
  const meta = members(request.metaJson ?? "{}")
  if (meta === undefined) {
    return yield* new InvalidInput({
      problems: [
        { type: "dict_type", loc: ["body", "meta"], msg: "Input should be a valid dictionary", input: request.metaJson }
      ]
    })
  }
  const given =
    request.runId === undefined || request.runId === "" ? yield* idInMeta(meta.get("run_id")) : request.runId
  const runId = given ?? derive(yield* directories)
  const problem = runIdProblem(runId) ?? (isTaken(runId) ? "is a name the site itself uses" : undefined)
  if (problem !== undefined) return yield* new RunRefused({ field: "run_id", value: runId, reason: problem })
  return { runId, metaJson: build(new Map(meta).set("run_id", JSON.stringify(runId))) }
})

/** Where a run's events go. */
export const directory = (
  siteDirectory: string,
  runId: string,
  runDir: string | undefined,
  allowAbsolute: boolean
): Effect.Effect<string, RunRefused> => {
  if (runDir === undefined) return Effect.succeed(join(siteDirectory, runId))
  const refuse = (reason: string) => Effect.fail(new RunRefused({ field: "run_dir", value: runDir, reason }))
  if (runDir.includes("\u0000")) return refuse("contains a control character")
  const path = runDir.startsWith("~/") || runDir === "~" ? join(homedir(), runDir.slice(1)) : runDir
  if (path.startsWith("~")) return refuse("names another user's home")
  if (isAbsolute(path)) {
    if (!allowAbsolute) return refuse("lies outside the site, which runs.allow_absolute does not allow")
    return isTaken(firstSegment(siteDirectory, path)) ? refuse("is a name the site itself uses") : Effect.succeed(path)
  }
  const target = path === "" ? siteDirectory : join(siteDirectory, path)
  const first = firstSegment(siteDirectory, target)
  if (first === ".." || path.split("/").includes("..")) return refuse("climbs out of the site directory")
  return isTaken(first) ? refuse("is a name the site itself uses") : Effect.succeed(target)
}

/** The first step from the site to a path, through symbolic links: `..` where it leads out. */
const firstSegment = (siteDirectory: string, path: string): string =>
  relative(realOf(siteDirectory), realOf(resolve(path))).split("/")[0] ?? ""

/** The path without symbolic links, as far as it exists. */
const realOf = (path: string): string => {
  try {
    return fs.realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realOf(dirname(path)), basename(path))
  }
}
