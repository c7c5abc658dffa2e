/**
 * The library as a program meets it: as it was built, found by the package's `exports`, and on its own, without the bundle. It
 * stands in a package of its own, so that nothing else of the repository is in reach.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cp } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll } from "vitest"

const root = join(import.meta.dirname, "..")
const place = join(root, "node_modules/.cache", `outpost-library-${process.pid}`)

const barrel = [
  ...readFileSync(join(root, "src/index.ts"), "utf8").matchAll(/^export \* as (\w+) from "\.\/(.+)\.js"$/gm)
].map(([, name = "", path = ""]) => ({ name, path }))

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.startsWith("ui/")
)

/** The process goes on meanwhile: a worker that is silent for a minute counts as lost. */
const run = promisify(execFile)

const node = async (script: string) =>
  JSON.parse((await run(process.execPath, ["--input-type=module", "-e", script], { cwd: place })).stdout)

/** What the compiler says of a project. */
const compile = (cwd: string, ...args: ReadonlyArray<string>): Promise<string> =>
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], { cwd }).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout
  )

beforeAll(async () => {
  mkdirSync(place, { recursive: true })
  cpSync(join(root, "package.json"), join(place, "package.json"))
  await cp(join(root, "dist/lib"), join(place, "dist/lib"), { recursive: true })
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

describe("the barrel", () => {
  it("exports namespaces and nothing else", () => {
    const statements = readFileSync(join(root, "src/index.ts"), "utf8").match(/^(export|import)\b.*$/gm) ?? []
    assert.strictEqual(statements.length, barrel.length)
    assert.isAbove(barrel.length, 40)
  })

  it("exports no internal module", () => {
    const header = (path: string) =>
      /^\/\*\*[^]*?\*\//.exec(readFileSync(join(root, "src", `${path}.ts`), "utf8"))?.[0] ?? ""
    assert.deepStrictEqual(
      barrel.filter(({ path }) => path.includes("internal/") || header(path).includes("@internal")),
      []
    )
  })

  it("names a module after its file, and leaves none out of the floors that are public as a whole", () => {
    const renamed = barrel.filter(({ name, path }) => path.split("/").at(-1) !== name).map(({ name }) => name)
    // Of one name in several folders only one can have it.
    assert.deepStrictEqual(renamed, [
      "OutboxEntries",
      "UplinkStatus",
      "UplinkSettings",
      "OutboxSettings",
      "HttpSettings"
    ])
    const whole = sources
      .filter((file) => /^(actor|domain|operations)\/[^/]+\.ts$/.test(file) && file !== "operations/Metrics.ts")
      .map((file) => file.slice(0, -".ts".length))
    const exported = new Set(barrel.map(({ path }) => path))
    assert.deepStrictEqual(
      whole.filter((path) => !exported.has(path)),
      []
    )
  })
})

describe("the compiled library", () => {
  it("gives every namespace, from the barrel and by its own path", async () => {
    const found = await node(`
      const all = await import("outpost")
      const each = {}
      for (const path of ${JSON.stringify(barrel.map(({ path }) => path))}) each[path] = Object.keys(await import("outpost/" + path))
      console.log(JSON.stringify({ all: Object.fromEntries(Object.entries(all).map(([k, v]) => [k, Object.keys(v)])), each }))`)
    assert.sameMembers(
      Object.keys(found.all),
      barrel.map(({ name }) => name)
    )
    for (const { name, path } of barrel) assert.deepStrictEqual(found.all[name], found.each[path], path)
    assert.includeMembers(found.all.Supervisor, ["make"])
    assert.includeMembers(found.all.Embedded, ["Station", "layer"])
  })

  it("has declarations for all of it", () => {
    const missing = barrel.filter(
      ({ path }) => !sources.includes(`${path}.ts`) || !readFileSync(join(place, "dist/lib", `${path}.d.ts`), "utf8")
    )
    assert.deepStrictEqual(missing, [])
  })

  it("lets the programs of the manual compile", async () => {
    const programs = ["docs/embedding.md", "docs/architecture.md"].flatMap((page) =>
      [...readFileSync(join(root, page), "utf8").matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, text = ""]) =>
        text.replaceAll(/"(?:\.\.\/)+(.+)\.js"/g, '"outpost/$1"')
      )
    )
    assert.isAbove(programs.length, 3)
    programs.forEach((text, n) => writeFileSync(join(place, `program-${n}.ts`), text))
    writeFileSync(
      join(place, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        compilerOptions: { noEmit: true, rootDir: ".", noUnusedLocals: false, plugins: [] },
        include: ["*.ts"]
      })
    )
    assert.strictEqual(await compile(place, "-p", place), "")
  })

  it("keeps what is internal to itself", async () => {
    const internal = sources.filter((file) => file.includes("internal/")).map((file) => file.slice(0, -".ts".length))
    const open = await node(`
      const open = []
      for (const path of ${JSON.stringify(internal)}) {
        try { import.meta.resolve("outpost/" + path); open.push(path) } catch (error) { if (error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error }
      }
      console.log(JSON.stringify(open))`)
    assert.isAbove(internal.length, 20)
    assert.deepStrictEqual(open, [])
  })
})
