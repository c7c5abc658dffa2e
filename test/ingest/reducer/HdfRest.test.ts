import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as HdfRest from "../../../src/ingest/reducer/HdfRest.js"
import { fixtures } from "../../support/Fixtures.js"

const capture = join(fixtures, "A/http.json")
const base = "http://127.0.0.1:15001"

const recorded = (): ReadonlyArray<{ url: string; content_type: string; response: unknown }> =>
  JSON.parse(readFileSync(capture, "utf8")).filter(
    ({ url }: { url: string }) => url.startsWith(base) && !url.includes("/api/")
  )

/** What the reducer of the capture published. */
const ofCapture = {
  results: Object.fromEntries([1, 2, 3, 4, 7, 8, 9].map((event) => [event, new BigInt64Array(1)])),
  results_attrs: { NX_class: "NXdata" }
}

/** Times of the clock of another machine. */
const timeless = (body: unknown) =>
  JSON.stringify(body, (key, value: unknown) => (key === "created" || key === "lastModified" ? 0 : value))

const ask = (published: Record<string, unknown>, path: string, select?: string) =>
  HdfRest.answer(published, { path, select, now: 0 })

const id = (kind: "g" | "d", path: string) => `${kind}-h5dict-${Buffer.from(path).toString("hex").toUpperCase()}`

const published = {
  answer: 42,
  mean: 1.5,
  title: "caf\u00e9",
  names: ["a", "b"],
  list: [1, 2, 3],
  mixed: [1, 2.5],
  image: { shape: [2, 3], data: Uint16Array.from([1, 2, 3, 4, 5, 6]) },
  image_attrs: { units: "counts", scale: 2 },
  group: { inner: new Float32Array([0.5]) },
  _attrs: { default: "group" }
}

const body = (answer: HdfRest.Answer): any =>
  "json" in answer ? answer.json : Buffer.from(answer.bytes).toString("hex")

describe("HdfRest", () => {
  it("answers as the reducer of the field has answered", () => {
    const answers = recorded()
    assert.isAbove(answers.length, 6)
    for (const { content_type, response, url } of answers) {
      const answer = ask(ofCapture, url.slice(base.length))
      assert.strictEqual(answer.contentType, content_type, url)
      if ("bytes" in answer) assert.deepStrictEqual({ raw: Buffer.from(answer.bytes).toString("latin1") }, response)
      else assert.strictEqual(timeless(answer.json), timeless(response), url)
    }
  })

  it("datasets have the type and shape of their values", () => {
    const facts = (name: string) => {
      const { shape, type } = body(ask(published, `/datasets/${id("d", `/${name}`)}`))
      return [type.base ?? type.class, shape.dims ?? shape.class]
    }
    assert.deepStrictEqual(facts("answer"), ["H5T_STD_I64LE", "H5S_SCALAR"])
    assert.deepStrictEqual(facts("mean"), ["H5T_IEEE_F64LE", "H5S_SCALAR"])
    assert.deepStrictEqual(facts("title"), ["H5T_STRING", "H5S_SCALAR"])
    assert.deepStrictEqual(facts("names"), ["H5T_STRING", [2]])
    assert.deepStrictEqual(facts("list"), ["H5T_STD_I64LE", [3]])
    assert.deepStrictEqual(facts("mixed"), ["H5T_IEEE_F64LE", [2]])
    assert.deepStrictEqual(facts("image"), ["H5T_STD_U16LE", [2, 3]])
    assert.deepStrictEqual(facts("group/inner"), ["H5T_IEEE_F32LE", [1]])
  })

  it("scalars and texts are JSON, arrays are bytes, whole or in part", () => {
    const value = (name: string, select?: string) =>
      body(ask(published, `/datasets/${id("d", `/${name}`)}/value`, select))
    assert.deepStrictEqual(value("answer"), { value: 42 })
    assert.deepStrictEqual(value("names"), { value: ["a", "b"] })
    assert.strictEqual(value("image"), "010002000300040005000600")
    assert.strictEqual(value("image", "[1:2,0:2]"), "04000500")
    assert.strictEqual(value("image", "[:,2]"), "03000600")
    assert.strictEqual(value("image", "[0:0,:]"), "")
    assert.strictEqual(ask(published, `/datasets/${id("d", "/image")}/value`, "[0:9,0:9]").status, 200)
    assert.strictEqual(ask(published, `/datasets/${id("d", "/image")}/value`, "[5:9,0:1]").status, 400)
    assert.strictEqual(ask(published, `/datasets/${id("d", "/image")}/value`, "[0:1]").status, 400)
  })

  it("attributes are those of the name beside them; they are no links", () => {
    const root = body(ask(published, `/groups/${id("g", "/")}/links`))
    assert.notInclude(
      root.links.map(({ title }: { title: string }) => title),
      "image_attrs"
    )
    assert.strictEqual(body(ask(published, `/groups/${id("g", "/")}`)).attributeCount, 1)
    const one = body(ask(published, `/datasets/${id("d", "/image")}/attributes/units`))
    assert.deepInclude(one, { name: "units", value: "counts" })
    assert.strictEqual(body(ask(published, `/datasets/${id("d", "/image")}/attributes`)).attributes.length, 2)
    assert.strictEqual(body(ask(published, `/groups/${id("g", "/")}/links/group`)).link.collection, "groups")
  })

  it("what is not there is 404, whatever is asked", () => {
    for (const path of [
      "/other",
      "/groups",
      "/groups/g-h5dict-ZZ",
      `/groups/${id("d", "/")}`,
      `/groups/${id("g", "/answer")}`,
      `/datasets/${id("d", "/group")}`,
      `/datasets/${id("d", "/__proto__")}`,
      `/groups/${id("g", "/constructor")}/links`,
      `/datasets/${id("d", "/answer")}/value/more`,
      `/groups/${id("g", "/")}/links/none`,
      `/datasets/${id("d", "/image")}/attributes/none`,
      "/groups/%E0%A4%A"
    ]) {
      assert.strictEqual(ask(published, path).status, 404, path)
    }
  })
})
