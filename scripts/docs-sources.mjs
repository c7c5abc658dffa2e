// Writes the sources of docs/sources.md, with their settings, from their schemas.
//   npx tsx scripts/docs-sources.mjs            writes
//   npx tsx scripts/docs-sources.mjs --check    exits 1 where the page is not what it would write
import { sources } from "../src/plugins/source/Sources.ts"
import { replaceBetween } from "./docs-page.mjs"
import { cell, description, standardOf, structOf, typeOf } from "./docs-schema.mjs"

const row = (field) => {
  const meaning = description(field.type) ?? description(field) ?? ""
  return `| \`${String(field.name)}\` | ${cell(typeOf(field.type))} | ${standardOf(field)} | ${cell(meaning)} |`
}

const section = ({ description, name, settings }) => {
  const fields = structOf(settings).propertySignatures
  return [
    `### ${name}`,
    "",
    `${description}.`,
    ...(fields.length === 0
      ? []
      : ["", "| setting | type | default | meaning |", "|---|---|---|---|", ...fields.map(row)])
  ].join("\n")
}

const text = [...sources]
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .map(section)
  .join("\n\n")
replaceBetween("docs/sources.md", "sources", text, process.argv.includes("--check"))
