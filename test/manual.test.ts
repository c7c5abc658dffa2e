/** The manual says what is true: generated parts are up to date, every route is told, every link leads somewhere. */
import { HttpApi } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Api } from "../src/http/Api.js"

const root = join(import.meta.dirname, "..")
const read = (page: string) => readFileSync(join(root, page), "utf8")
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`)
]

describe("ivy 13: static types, API docs in sync: what is generated is up to date (npm run docs writes it)", () => {
  it.each(["scripts/docs-config.mjs", "scripts/docs-cli.mjs", "scripts/docs-sources.mjs"])("%s", (script) => {
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, "--check"], {
      cwd: root,
      encoding: "utf8"
    })
    assert.strictEqual(status, 0, stderr)
  })
})

it("what the fault suite is tested by still stands in the source (npm run test:mutations)", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/mutation-check.mjs", "--places"], {
    cwd: root,
    encoding: "utf8"
  })
  assert.strictEqual(status, 0, stderr)
})

describe("docs/http.md", () => {
  it("tells every route of the API, and no other", () => {
    const declared: Array<string> = []
    HttpApi.reflect(Api, {
      onGroup: () => undefined,
      onEndpoint: ({ endpoint }) =>
        void declared.push(`${endpoint.method} ${endpoint.path.replaceAll(/:(\w+)/g, "{$1}")}`)
    })
    const told = [...read("docs/http.md").matchAll(/^\| `((?:GET|POST|PUT|DELETE|PATCH) [^`]+)` \|/gm)].map(
      ([, route = ""]) => route
    )
    assert.isAbove(declared.length, 20)
    assert.sameMembers(told, declared)
  })
})

describe("links", () => {
  const anchor = (title: string) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-")
  const anchors = (page: string) => [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchor(title))

  it.each(pages)("of %s lead somewhere", (page) => {
    const dead = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = "", place] = target.split("#")
        const path = file === "" ? page : join(dirname(page), file)
        if (!existsSync(join(root, path))) return true
        return place !== undefined && !anchors(path).includes(place)
      })
    assert.deepStrictEqual(dead, [])
  })

  it("every page of the manual is in its table of contents", () => {
    const contents = read("docs/README.md")
    assert.deepStrictEqual(
      pages
        .filter((page) => page.startsWith("docs/") && page !== "docs/README.md")
        .filter((page) => !contents.includes(`(${page.slice("docs/".length)})`)),
      []
    )
  })
})
