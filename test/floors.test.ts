import { assert, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

/** Folders by floor, lowest first. Imports only point down; folders on one floor do not import each other. */
const floors: ReadonlyArray<ReadonlyArray<string>> = [
  ["domain", "actor"],
  ["journal", "database", "site", "outgoing"],
  ["telemetry", "outbox", "dataset", "state", "health"],
  ["run", "source", "assignment", "ledger", "schedule", "cluster"],
  ["ingest", "backfill", "procedure", "uplink", "update"],
  ["operations", "plugins"],
  ["http", "cli", "ui"],
  ["app"]
]

/** The one crossing: the web app shares the declaration of the API and its typed client. */
const crossings = new Set(["ui -> http/Api.ts", "ui -> http/Client.ts"])

const src = join(import.meta.dirname, "../src")
const folderOf = (file: string) => (file.includes("/") ? (file.split("/")[0] ?? "") : "")
const floorOf = (folder: string) =>
  folder === "" ? floors.length : floors.findIndex((names) => names.includes(folder))

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file))

const importsOf = (file: string): ReadonlyArray<string> => {
  const text = readFileSync(join(src, file), "utf8")
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)].map((match) => match[1] ?? "")
  return found.map((target) => normalize(join(dirname(file), target)).replace(/\.js$/, ".ts"))
}

it("every folder has its floor", () => {
  assert.deepStrictEqual(
    files.filter((file) => floorOf(folderOf(file)) < 0),
    []
  )
})

it("imports only point down", () => {
  const climbs = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => folderOf(target) !== folderOf(file) && floorOf(folderOf(target)) >= floorOf(folderOf(file)))
      .filter((target) => !crossings.has(`${folderOf(file)} -> ${target}`))
      .map((target) => `${file} -> ${target}`)
  )
  assert.deepStrictEqual(climbs, [])
})

it("actor/ imports only effect; one file starts processes", () => {
  const foreign = files
    .filter((file) => folderOf(file) === "actor")
    .flatMap((file) =>
      [...readFileSync(join(src, file), "utf8").matchAll(/from\s+["']([^."'][^"']*)["']/g)].map(
        (match) => `${file} -> ${match[1]}`
      )
    )
    .filter(
      (line) =>
        !/-> effect(\/|$)/.test(line) &&
        !/^actor\/(OsProcess|internal\/\w*[pP]rocess\w*|internal\/\w*[gG]uard\w*)\.ts -> node:/.test(line)
    )
  assert.deepStrictEqual(foreign, [])
})

it("what the browser shares imports nothing of Node", () => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(join(src, file), "utf8")
    for (const match of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+["']([^"']+)["']/gms)) {
      if (match[1] !== undefined) continue
      assert.isFalse(
        (match[2] ?? "").startsWith("node:") || /platform-node|better-sqlite3/.test(match[2] ?? ""),
        `${file} -> ${match[2]}`
      )
    }
    for (const match of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+["'](\.{1,2}\/[^"']+)["']/gms)) {
      if (match[1] === undefined) visit(normalize(join(dirname(file), match[2] ?? "")).replace(/\.js$/, ".ts"))
    }
  }
  for (const root of [
    "http/Api.ts",
    "http/Client.ts",
    "operations/TelemetryOperations.ts",
    "operations/RunOperations.ts",
    "operations/SiteOperations.ts",
    "operations/ConfigOperations.ts"
  ])
    visit(root)
  assert.isAbove(seen.size, 8)
})

it("effects run, and fibers are let go, only where the program begins", () => {
  const found = files
    .filter((file) => file !== "main.ts" && folderOf(file) !== "ui")
    .flatMap((file) =>
      readFileSync(join(src, file), "utf8")
        .split("\n")
        .flatMap((line, index) =>
          /Effect\.run(Promise|Sync|Fork|Callback)|forkDaemon|Date\.now\(|new Date\(\)|setTimeout\(|setInterval\(|process\.env/.test(
            line
          ) && !/^\s*(\*|\/\/)/.test(line)
            ? [`${file}:${index + 1}: ${line.trim()}`]
            : []
        )
    )
  assert.deepStrictEqual(found, [])
})
