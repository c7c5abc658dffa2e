// Writes the tables of docs/config.md from the schema of the config document, between the two markers of the page.
//   npx tsx scripts/docs-config.mjs            writes
//   npx tsx scripts/docs-config.mjs --check    exits 1 where the page is not what it would write
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { ConfigDocument } from "../src/app/ConfigDocument.ts"
import { Secrets } from "../src/site/Secrets.ts"
import { replaceBetween } from "./docs-page.mjs"
import { cell, description, structOf, typeOf, written } from "./docs-schema.mjs"

/** When a changed value counts, by section or key; anything else: at once. */
const atNextStart = new Set([
  "general.timezone",
  "http.limits.event_bytes",
  "http.limits.batch_bytes",
  "telemetry",
  "runs",
  "logs.console",
  "logs.retention_days",
  "settings.data_path",
  "outgoing"
])

/** What is accepted and checked but has no effect in this version. `unused` below proves it. */
const notYet = new Set(["procedures.<name>.singleton"])

/** Smallest documents that show the defaults inside of records and lists. */
const sample = {
  storage: {
    remotes: [{ remote: "x" }],
    s3: [{ endpoint: "https://s3.example", bucket: "abc", access_key_id: "${env:A}", secret_access_key: "${env:B}" }]
  },
  histo_jobs: [{ exchange: "binance", pairs: ["A/B"], span: 60 }],
  stream_jobs: [{ exchange: "binance", pairs: ["A/B"], channels: ["trades"] }]
}

const secrets = { reveal: (text) => Effect.succeed(Redacted.make(text)), allowEnvironment: () => Effect.void }
const Lenient = Schema.Struct({ ...ConfigDocument.fields, procedures: Schema.Unknown, jobs: Schema.Unknown })
const shownBy = (schema, document) =>
  Schema.decodeUnknown(schema)(document).pipe(
    Effect.flatMap(Schema.encode(schema)),
    Effect.provideService(Secrets, { ...secrets, allowing: () => secrets }),
    Effect.runSync
  )
const procedureSchema = ConfigDocument.fields.procedures.from.value
const jobSchema = ConfigDocument.fields.jobs.from.value
const defaults = {
  ...shownBy(Lenient, { ...sample, procedures: {}, jobs: {} }),
  procedures: { "<name>": { ...shownBy(procedureSchema, {}) } },
  jobs: { "<name>": { ...shownBy(jobSchema, { source: "x" }) } }
}

const at = (value, path) => path.reduce((here, key) => here?.[key], value)

const within = (set, name) => [...set].some((entry) => name === entry || name.startsWith(`${entry}.`))
const counts = (name) => (within(notYet, name) ? "not yet" : within(atNextStart, name) ? "next start" : "at once")

const rows = (struct, name, path) =>
  struct.propertySignatures.flatMap((field) => {
    const key = String(field.name)
    const full = `${name}.${key}`
    const inner = structOf(field.type)
    if (inner !== undefined && inner.propertySignatures.length > 0) return rows(inner, full, [...path, key])
    const list = field.type._tag === "TupleType" ? structOf(field.type.rest[0]?.type ?? field.type) : undefined
    if (list !== undefined && list.propertySignatures.length > 0) return rows(list, `${full}[]`, [...path, key, 0])
    const standard = field.isOptional ? written(at(defaults, [...path, key])) : "(required)"
    const meaning = description(field.type) ?? description(field) ?? ""
    return [`| \`${full}\` | ${cell(typeOf(field.type))} | ${cell(standard)} | ${cell(meaning)} | ${counts(full)} |`]
  })

const sections = AST.getPropertySignatures(AST.encodedAST(ConfigDocument.ast)).map((field) => String(field.name))

const table = (name) => {
  const signature = structOf(ConfigDocument.ast).propertySignatures.find((field) => field.name === name)
  const about = description(signature.type) ?? ""
  const head = ["| key | type | default | meaning | a change counts |", "|---|---|---|---|---|"]
  const struct = structOf(signature.type)
  const list = signature.type._tag === "TupleType" ? structOf(signature.type.rest[0].type) : undefined
  const record = struct?.indexSignatures[0]
  const lines =
    list !== undefined
      ? rows(list, `${name}[]`, [name, 0])
      : record !== undefined
        ? rows(structOf(record.type), `${name}.<name>`, [name, "<name>"])
        : struct !== undefined
          ? rows(struct, name, [name])
          : [
              `| \`${name}\` | ${typeOf(signature.type)} | ${written(defaults[name])} | ${cell(about)} | ${counts(name)} |`
            ]
  return [`### ${name}`, "", `${about}.`, "", ...head, ...lines].join("\n")
}

/** Fails where a key that is said to have no effect is read somewhere. */
const proveUnused = () => {
  const root = fileURLToPath(new URL("../src", import.meta.url))
  const code = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/Settings\.ts$|ConfigSections\.ts$|^ui\//.test(file))
    .map((file) => readFileSync(`${root}/${file}`, "utf8"))
    .join("\n")
  const used = [...notYet].filter((name) => {
    const [section, ...keys] = name.replaceAll("[]", "").split(".")
    if (keys.length === 0) return code.includes(`slice("${section}")`)
    if (section === "procedures" || section === "settings") return false
    return new RegExp(`\\.${keys.at(-1)}\\b`).test(code)
  })
  if (used.length > 0) throw new Error(`said to have no effect, but read: ${used.join(", ")}`)
}

/** Fails where a name above stands for nothing in the schema. */
const proveKnown = (text) => {
  const strangers = [...notYet, ...atNextStart].filter(
    (name) => !text.includes(`| \`${name}`) && !text.includes(`### ${name}\n`)
  )
  if (strangers.length > 0) throw new Error(`no such keys: ${strangers.join(", ")}`)
}

proveUnused()
const text = sections.map(table).join("\n\n")
proveKnown(text)
replaceBetween("docs/config.md", "settings", text, process.argv.includes("--check"))
