// Builds everything that is shipped, side by side, into a fresh folder that then takes the place of `dist`:
//   dist/main.js, dist/chunks     the bin, bundled and code-split (a command that takes a second to say hello is not used)
//   dist/workers/<name>.js        one per src/**/<name>.worker.ts
//   dist/lib                      the library with its type declarations
//   dist/ui                       the web app
// Type errors and a web app that does not build are printed; they fail the build under --strict and in `npm run prepare`.
// A build that fails leaves `dist` alone.
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const strict = process.argv.includes("--strict") || process.env["npm_lifecycle_event"] === "prepare"
const out = join(root, "node_modules", ".cache", `outpost-build-${process.pid}`)
const inRoot = (...names) => join(root, ...names)

/** Packages with native code or loaded only by some sites: found in node_modules when first needed. */
const external = [
  "better-sqlite3",
  "@duckdb/node-api",
  "systeminformation",
  "undici",
  "ws",
  "apache-arrow",
  "ccxt",
  "zeromq",
  "@redis/client",
  "cbor-x",
  "tar",
  "mqtt"
]

const run = (name, args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    const chunks = []
    child.stdout.on("data", (chunk) => chunks.push(chunk))
    child.stderr.on("data", (chunk) => chunks.push(chunk))
    child.on("close", (code) => resolve({ name, ok: code === 0, text: Buffer.concat(chunks).toString().trim() }))
  })

const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"))

const buildLibrary = async () => {
  const compiler = inRoot("node_modules/typescript/bin/tsc")
  const result = await run("library", [compiler, "-p", "tsconfig.json", "--outDir", join(out, "lib")])
  const file = join(out, "lib/cli/Version.js")
  if (existsSync(file)) {
    writeFileSync(file, `const OUTPOST_VERSION = ${JSON.stringify(version)};\n${readFileSync(file, "utf8")}`)
  }
  return result
}

const buildBundle = async (esbuild) => {
  const workers = readdirSync(inRoot("src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".worker.ts"))
    .map((file) => [`workers/${basename(file, ".worker.ts")}`, inRoot("src", file)])
  try {
    const { warnings } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries([
        ["main", inRoot("src/main.ts")],
        ["launcher", inRoot("src/launcher.ts")],
        ...workers
      ]),
      outdir: out,
      chunkNames: "chunks/[name]-[hash]",
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      // Less to read at each start; names stay as they are, for stack traces.
      minifyWhitespace: true,
      minifySyntax: true,
      sourcemap: true,
      sourcesContent: false,
      external,
      define: { OUTPOST_VERSION: JSON.stringify(version) },
      // CommonJS dependencies call `require`, which a module does not have.
      banner: {
        js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);'
      },
      logLevel: "silent"
    })
    return { name: "bundle", ok: true, text: (await esbuild.formatMessages(warnings, { kind: "warning" })).join("") }
  } catch (failure) {
    if (!Array.isArray(failure.errors)) throw failure
    return {
      name: "bundle",
      ok: false,
      text: (await esbuild.formatMessages(failure.errors, { kind: "error" })).join("")
    }
  }
}

const buildUi = () =>
  existsSync(inRoot("src/ui/vite.config.ts"))
    ? run("web app", [
        inRoot("node_modules/vite/bin/vite.js"),
        "build",
        "--config=src/ui/vite.config.ts",
        `--outDir=${join(out, "ui")}`,
        "--logLevel=warn"
      ])
    : { name: "web app", ok: true, text: "" }

/** `dist` is replaced as a whole, so nothing of an earlier build stays behind. */
const swap = () => {
  const old = `${out}-old`
  if (existsSync(inRoot("dist"))) renameSync(inRoot("dist"), old)
  renameSync(out, inRoot("dist"))
  rmSync(old, { recursive: true, force: true })
}

const fail = (message) => {
  rmSync(out, { recursive: true, force: true })
  console.error(message)
  process.exit(1)
}

const started = performance.now()
const esbuild = await import("esbuild").catch(() => undefined)
if (esbuild === undefined || !existsSync(inRoot("node_modules/typescript/bin/tsc"))) {
  if (existsSync(inRoot("dist/main.js"))) process.exit(0)
  fail("build: the build tools are not installed. Run `npm ci` (without --omit=dev) and try again.")
}
mkdirSync(out, { recursive: true })
const results = await Promise.all([buildLibrary(), buildBundle(esbuild), buildUi()])
for (const { name, ok, text } of results) if (text !== "") console.error(`${name}${ok ? "" : " failed"}:\n${text}\n`)
const failed = results.filter(({ name, ok }) => !ok && (strict || name === "bundle")).map(({ name }) => name)
if (failed.length > 0) fail(`build: ${failed.join(" and ")} failed; dist is unchanged`)
swap()
const doubtful = results.every(({ ok }) => ok) ? "" : ", with the errors above"
console.error(`build: dist is ready${doubtful} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
