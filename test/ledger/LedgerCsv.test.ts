import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { encode, encodeFields, fieldsOf, header, LedgerReader } from "../../src/ledger/LedgerCsv.js"
import { columns, empty, type LedgerRow, make } from "../../src/ledger/LedgerRow.js"
import { CsvRows } from "../../src/ledger/internal/csvRows.js"
import { hasPython, python } from "../support/Python.js"

/** All lines of some bytes that come in pieces of a size. */
const linesOf = (bytes: Uint8Array, size = bytes.length || 1): Array<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  const rows = new CsvRows((line) => void found.push(fieldsOf(line)))
  for (let at = 0; at < bytes.length; at += size) rows.push(bytes.subarray(at, at + size))
  rows.finish()
  return found
}

const rowsOf = (bytes: Uint8Array): Array<LedgerRow> => {
  const found: Array<LedgerRow> = []
  const reader = new LedgerReader((view) => void found.push(view.row()))
  reader.push(bytes)
  reader.finish()
  return found
}

const text = (lines: string) => linesOf(Buffer.from(lines))

/** Whatever a field may hold, the special ones often. */
const field = FastCheck.oneof(
  FastCheck.string({
    unit: FastCheck.constantFrom('"', ",", "\r", "\n", "a", " ", "\t", ";", "'", "\0", "é", "漢", "😀")
  }),
  FastCheck.string({ unit: "binary" }).map((value) => value.replaceAll(/\p{Surrogate}/gu, "?")),
  FastCheck.constantFrom("", "DOWNLOADED", "2026-01-01", "a,b", '"', '""', "x\r\ny", "\ufeffrun_id")
)
const row = FastCheck.tuple(...columns.map(() => field)).map((fields) =>
  make(Object.fromEntries(columns.map((column, place) => [column, fields[place] ?? ""])))
)

const sample = <A>(arbitrary: FastCheck.Arbitrary<A>, numRuns: number): Array<A> =>
  FastCheck.sample(arbitrary, { numRuns, seed: 20260321 })

describe("reading", () => {
  it("CR, LF and CRLF end a row outside of quotes and are data inside; empty lines are no rows", () => {
    assert.deepStrictEqual(text('a,b\rc\nd\r\n\r\n\n"e\r\nf\rg\nh",i\r\n'), [
      ["a", "b"],
      ["c"],
      ["d"],
      ["e\r\nf\rg\nh", "i"]
    ])
  })

  it("a quote quotes only at the beginning of a field; text behind the closing one is kept", () => {
    assert.deepStrictEqual(text('a"b,"a"b,"a""b"c,"a"",b",""\n'), [['a"b', "ab", 'a"bc', 'a",b', ""]])
    assert.deepStrictEqual(text(' "a,b"\n'), [[' "a', 'b"']])
  })

  it("an unterminated quote runs to the end of the file", () => {
    assert.deepStrictEqual(text('a,"b\nc,d\n'), [["a", "b\nc,d\n"]])
    assert.deepStrictEqual(text('"'), [[""]])
  })

  it("blanks stay, a last comma begins a field, a last row needs no line end", () => {
    assert.deepStrictEqual(text(" a , b,"), [[" a ", " b", ""]])
  })

  it.skipIf(!hasPython)("any text reads as Python reads it, in pieces of any size", () => {
    const unit = FastCheck.constantFrom('"', '"', ",", "\r", "\n", "a", " ", "\0", "é", "😀")
    const texts = ["", "\ufeffa,b\n", '\ufeff"a"\n', ...sample(FastCheck.string({ unit, maxLength: 40 }), 4_000)]
    const wanted = python(
      `print(json.dumps([[r for r in csv.reader(io.StringIO(t.removeprefix("\\ufeff"), newline="")) if r] for t in data]))`,
      texts
    )
    texts.forEach((each, place) => {
      const bytes = Buffer.from(each)
      for (const size of [bytes.length || 1, 1, 3]) {
        assert.deepStrictEqual(linesOf(bytes, size), wanted[place], `${JSON.stringify(each)} in pieces of ${size}`)
      }
    })
  })

  it.skipIf(!hasPython)("bytes that are no UTF-8 are replaced as Python replaces them", () => {
    const byte = FastCheck.constantFrom(
      0x2c,
      0x0a,
      0x41,
      0x80,
      0xbf,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xac,
      0xed,
      0xa0,
      0xf0,
      0x9f,
      0xff
    )
    const files = sample(FastCheck.array(byte, { maxLength: 24 }), 1_000)
    const wanted = python(
      `print(json.dumps([[r for r in csv.reader(io.StringIO(bytes(b).decode("utf-8", "replace"), newline="")) if r] for b in data]))`,
      files
    )
    files.forEach((bytes, place) => assert.deepStrictEqual(linesOf(Buffer.from(bytes)), wanted[place], String(bytes)))
  })

  it("a field is found wherever the pieces of the file are cut", () => {
    const bytes = Buffer.from(`\ufeff${header}"a""b",2026-01-01,"x\r\ny"\r\n,,\r\n"open, é`)
    for (let size = 1; size <= bytes.length; size++) {
      assert.deepStrictEqual(linesOf(bytes, size), [
        [...columns],
        ['a"b', "2026-01-01", "x\r\ny"],
        ["", "", ""],
        ["open, é"]
      ])
    }
  })

  it("a row of ten thousand fields, and a field of two million characters", () => {
    const wide = Array.from({ length: 10_000 }, (_, place) => String(place))
    const long = "x".repeat(2_000_000)
    assert.deepStrictEqual(linesOf(Buffer.from(`${wide.join(",")}\n"${long}",y\n`), 4_096), [wide, [long, "y"]])
  })
})

describe("columns", () => {
  it("are found by name in any order; others are passed over, absent ones are empty, of two the last counts", () => {
    assert.deepStrictEqual(rowsOf(Buffer.from("status,x,run_id,status\nA,B,C,D,E\nF\n")), [
      { ...empty, run_id: "C", status: "D" },
      { ...empty }
    ])
  })

  it("a header in the middle is a row", () => {
    assert.strictEqual(rowsOf(Buffer.from(header + header))[0]?.run_id, "run_id")
  })
})

describe("writing", () => {
  it("quotes what holds a comma, a quote or a line end, and nothing else", () => {
    assert.strictEqual(
      encodeFields(["a,b", 'a"b', "a\rb", "a\nb", " a ", "a;b", "a'b", "#", "\0", "é\t", ""]),
      '"a,b","a""b","a\rb","a\nb", a ,a;b,a\'b,#,\0,é\t,\r\n'
    )
  })

  it("what is written is read", () => {
    const rows = sample(row, 500)
    assert.deepStrictEqual(rowsOf(Buffer.from(header + rows.map(encode).join(""))), rows)
  })

  it.skipIf(!hasPython)("byte for byte what Python writes, which reads it as it was", () => {
    const rows = sample(row, 500)
    const file = header + rows.map(encode).join("")
    const [written, read] = python(
      `columns, rows, file = data
out = io.StringIO(newline="")
writer = csv.DictWriter(out, fieldnames=columns)
writer.writeheader()
writer.writerows(rows)
print(json.dumps([out.getvalue(), list(csv.DictReader(io.StringIO(file, newline="")))]))`,
      [columns, rows, file]
    )
    assert.strictEqual(file, written)
    assert.deepStrictEqual(read, rows)
  })
})
