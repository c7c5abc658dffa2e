/** The tools on a file, by the numbers of the rules they keep: what is written, what is read, and damage by its cases. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, type Scope } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { encode, header } from "../../src/ledger/LedgerCsv.js"
import * as LedgerFile from "../../src/ledger/LedgerFile.js"
import { columns, type LedgerRow, make } from "../../src/ledger/LedgerRow.js"
import { hasPython, python } from "../support/Python.js"

const directory = Effect.flatMap(FileSystem.FileSystem, (system) =>
  system.makeTempDirectoryScoped({ prefix: "outpost-ledger-" })
)

/** A ledger file with this content. */
const file = (content: string | Uint8Array) =>
  Effect.map(directory, (path) => {
    const target = join(path, "ledger.csv")
    fs.writeFileSync(target, content)
    return target
  })

const check = <E>(name: string, body: Effect.Effect<void, E, NodeContext.NodeContext | Scope.Scope>) =>
  it.scoped(name, () => Effect.provide(body, NodeContext.layer))

const stateOf = (content: string | Uint8Array) =>
  Effect.flatMap(file(content), LedgerFile.state).pipe(
    Effect.map(({ rows, warnings }) => ({
      statuses: Object.fromEntries([...rows].map(([day, { status }]) => [day, status])),
      rows,
      warnings
    }))
  )

const day = "2026-01-01"
const start = (second: number) => `2026-01-01T00:00:0${second}.000000+00:00`
const row = (fields: Partial<LedgerRow>) => encode(make({ run_id: "r", chunk_date_utc: day, ...fields }))
const done = row({ status: "DOWNLOADED", started_at_utc: start(1) })

describe("append", () => {
  check(
    "makes directories and the file, with a header; then adds rows",
    Effect.gen(function* () {
      const path = join(yield* directory, "a/b/ledger.csv")
      const first = yield* LedgerFile.append(path, make({ run_id: "1" }))
      const second = yield* LedgerFile.append(path, make({ run_id: "2", error_message: 'a "b",\r\nc' }))
      assert.strictEqual(
        fs.readFileSync(path, "utf8"),
        `${columns.join(",")}\r\n1${",".repeat(23)}\r\n2${",".repeat(15)}"a ""b"",\r\nc"${",".repeat(8)}\r\n`
      )
      assert.deepStrictEqual(first, { offset: header.length, wroteHeader: true, endedLine: false, warnings: [] })
      assert.strictEqual(second.offset, header.length + 26)
    })
  )

  check(
    "an empty file gets a header; one that is there stays, whatever it is, and is warned of",
    Effect.gen(function* () {
      const empty = yield* file("")
      yield* LedgerFile.append(empty, make({}))
      assert.isTrue(fs.readFileSync(empty, "utf8").startsWith(header))
      const foreign = yield* file("x;y\n")
      const { warnings } = yield* LedgerFile.append(foreign, make({ run_id: "1" }))
      assert.strictEqual(fs.readFileSync(foreign, "utf8"), `x;y\n1${",".repeat(23)}\r\n`)
      assert.strictEqual(warnings.length, 1)
    })
  )

  check(
    "what can't be written fails, and says why",
    Effect.gen(function* () {
      const path = yield* file("")
      for (const bad of [join(path, "below"), yield* directory]) {
        const failure = yield* Effect.flip(LedgerFile.append(bad, make({})))
        assert.strictEqual(failure._tag, "StorageFailed")
      }
    })
  )

  check(
    "a header that was cut in a name is written to its end; one that ends with a name is ended",
    Effect.gen(function* () {
      for (const cut of ["r", "run_id,chunk_da", header.slice(0, 150)]) {
        const path = yield* file(cut)
        yield* LedgerFile.append(path, make({ chunk_date_utc: day, status: "FAILED" }))
        const { rows } = yield* LedgerFile.state(path)
        assert.strictEqual(rows.get(day)?.status, "FAILED", cut)
      }
      const short = yield* file("run_id,chunk_date_utc")
      yield* LedgerFile.append(short, make({ chunk_date_utc: day }))
      assert.isTrue(fs.readFileSync(short, "utf8").startsWith("run_id,chunk_date_utc\r\n,2026-01-01,"))
    })
  )
})

describe("a file cut at every byte of its last two rows", () => {
  const before = row({ status: "DOWNLOAD_PENDING", started_at_utc: start(1), error_message: 'one, "two"\r\nthree' })
  const last = [
    encode(
      make({ chunk_date_utc: "2026-01-02", status: "FAILED", error_message: 'é "x",\r\n漢', started_at_utc: start(2) })
    ),
    encode(make({ chunk_date_utc: "2026-01-03", status: "UPLOADED", started_at_utc: start(3), s3_key: 'a,b"' }))
  ]
  const whole = Buffer.from(header + before + last.join(""))
  const from = Buffer.byteLength(header + before)

  check(
    "loses no whole row when one is appended, and changes no byte that was there",
    Effect.gen(function* () {
      const path = yield* file("")
      const added = make({ chunk_date_utc: "2026-01-09", status: "PROCESSED", started_at_utc: start(9) })
      for (let cut = from; cut <= whole.length; cut++) {
        fs.writeFileSync(path, whole.subarray(0, cut))
        yield* LedgerFile.append(path, added)
        const bytes = fs.readFileSync(path)
        assert.isTrue(bytes.subarray(0, cut).equals(whole.subarray(0, cut)), `${cut}`)
        const rows = yield* LedgerFile.rows(path)
        assert.deepStrictEqual(rows.at(-1), added, `cut at ${cut}`)
        assert.strictEqual(encode(rows[0] ?? added), before, `cut at ${cut}`)
        const wholeRows = last.filter((_, place) => cut >= from + Buffer.byteLength(last.slice(0, place + 1).join("")))
        wholeRows.forEach((text, place) => assert.strictEqual(encode(rows[place + 1] ?? added), text, `cut at ${cut}`))
      }
    })
  )

  if (hasPython)
    check(
      "and Python reads the new row too",
      Effect.gen(function* () {
        const path = yield* file("")
        const files: Array<string> = []
        for (let cut = from; cut <= whole.length; cut++) {
          fs.writeFileSync(path, whole.subarray(0, cut))
          yield* LedgerFile.append(path, make({ run_id: "new" }))
          files.push(fs.readFileSync(path, "base64"))
        }
        const ids = python(
          `import base64
print(json.dumps([list(csv.DictReader(io.StringIO(base64.b64decode(f).decode("utf-8", "replace"), newline="")))[-1]["run_id"] for f in data]))`,
          files
        )
        assert.deepStrictEqual([...new Set(ids)], ["new"])
      })
    )
})

describe("state", () => {
  check(
    "of rows with one date the latest start wins, compared as text; of equal ones the later line",
    Effect.gen(function* () {
      const { statuses } = yield* stateOf(
        header +
          row({ status: "DOWNLOAD_PENDING", started_at_utc: start(2) }) +
          row({ status: "DOWNLOADED", started_at_utc: start(2) }) +
          row({ status: "FAILED", started_at_utc: start(1) })
      )
      assert.deepStrictEqual(statuses, { [day]: "DOWNLOADED" })
      const odd = yield* stateOf(
        header +
          row({ status: "FAILED", started_at_utc: "2026-01-01T00:00:05Z" }) +
          row({ status: "UPLOADED", started_at_utc: "2026-01-01T00:00:05.9+00:00" })
      )
      assert.deepStrictEqual(odd.statuses, { [day]: "FAILED" })
      const astral = yield* stateOf(
        header +
          row({ status: "FAILED", started_at_utc: "\u{10000}" }) +
          row({ status: "UPLOADED", started_at_utc: "\uffff" })
      )
      assert.deepStrictEqual(astral.statuses, { [day]: "FAILED" })
      const without = yield* stateOf(header + row({ status: "A" }) + row({ status: "B" }))
      assert.deepStrictEqual(without.statuses, { [day]: "B" })
    })
  )

  check(
    "only dates of the calendar count; dates come in order of appearance; any status comes back",
    Effect.gen(function* () {
      const days = ["2026-01-02", "2026-02-30", "20260101", " 2026-01-01", "2026-01-01T00", "", "2026-01-01"]
      const { rows } = yield* stateOf(
        header + days.map((chunk_date_utc) => row({ chunk_date_utc, status: "odd", started_at_utc: "9999" })).join("")
      )
      assert.deepStrictEqual([...rows.keys()], ["2026-01-02", "2026-01-01"])
      assert.strictEqual(rows.get(day)?.status, "odd")
      assert.deepStrictEqual(Object.keys(rows.get(day) ?? {}), [...columns])
    })
  )

  check(
    "rows are all rows in file order; of a missing file there are none",
    Effect.gen(function* () {
      const path = yield* file(header + row({ chunk_date_utc: "x" }) + done)
      assert.deepStrictEqual(
        (yield* LedgerFile.rows(path)).map(({ chunk_date_utc }) => chunk_date_utc),
        ["x", day]
      )
      assert.deepStrictEqual(yield* LedgerFile.rows(`${path}-`), [])
    })
  )
})

/** One case of the table of damage: the content, what is known of each day, and how many warnings there are. */
type Case = readonly [
  name: string,
  content: string | Uint8Array,
  wanted: Readonly<Record<string, string>>,
  warnings: number,
  more?: Partial<LedgerRow>
]

const known = { [day]: "DOWNLOADED" }

const cases: ReadonlyArray<Case> = [
  ['"torn last row, no date": is passed over', `${header}${done}x`, known, 0],
  ['"torn last row, date known": the whole row wins', `${header}${done}x,2026-01-01`, known, 0],
  ['"torn row for a date, whole rows after it": the whole row wins', `${header}x,2026-01-01\r\n${done}`, known, 0],
  [
    '"torn row, new date": has no status, and runs again',
    `${header}${done}x,2026-01-05`,
    { ...known, "2026-01-05": "" },
    0
  ],
  ['"torn in mid date": is passed over', `${header}${done}x,2026-0`, known, 0],
  [
    '"torn inside an open quote, rows after it": they are one field, which is told',
    `${header}${done}x,2026-01-02,"open\r\n${row({ chunk_date_utc: "2026-01-03", status: "UPLOADED" })}`,
    { ...known, "2026-01-02": "" },
    1
  ],
  ['"header repeated in the middle": is passed over', `${header}${done}${header}`, known, 0],
  ['"BOM": run_id reads', `\ufeff${header}${done}`, known, 0, { run_id: "r" }],
  ['"blank line before the header": nothing is forgotten', `\r\n\n${header}${done}`, known, 0],
  ['"header missing": is told', done + done, {}, 1],
  ['"header blanks after commas": is told', `${header.replaceAll(",", ", ")}${done}`, {}, 1],
  ['"; file": is told', `${header}${done}`.replaceAll(",", ";"), {}, 1],
  [
    '"field > 131,072 characters": is read whole',
    header + row({ status: "FAILED", error_message: `"${"x".repeat(200_000)}` }),
    { [day]: "FAILED" },
    0,
    { error_message: `"${"x".repeat(200_000)}` }
  ],
  [
    '"bytes that are not UTF-8": are replaced, and the row counts',
    Buffer.concat([Buffer.from(header), Buffer.from([0xff, 0xc3]), Buffer.from(done)]),
    known,
    0,
    { run_id: "\ufffd\ufffdr" }
  ],
  ['"UTF-16 file": is told', Buffer.from(`\ufeff${header}${done}`, "utf16le"), {}, 1],
  ['"UTF-16 file": is told without a mark too', Buffer.from(`${header}${done}`, "utf16le"), {}, 1],
  [
    '"NUL in a field": is kept',
    header + row({ status: "FAILED", error_message: "a\0b" }),
    { [day]: "FAILED" },
    0,
    { error_message: "a\0b" }
  ],
  [
    '"old 18-column header, new rows of 24": the status is seen',
    `${columns.slice(0, 18).join(",")}\r\n${row({ status: "PROCESSED", cdf_path: "x.cdf" })}`,
    { [day]: "PROCESSED" },
    0
  ],
  [
    '"two writers": a double header and rows in any order change nothing',
    header + header + done + row({ status: "DOWNLOAD_PENDING", started_at_utc: start(0) }),
    known,
    0
  ]
]

describe("udl weak point 6.7: no damaged or hand-edited file keeps anyone from starting", () => {
  for (const [name, content, wanted, warnings, more = {}] of cases)
    check(
      `udl case ${name}`,
      Effect.gen(function* () {
        const found = yield* stateOf(content)
        assert.deepStrictEqual(found.statuses, wanted)
        assert.strictEqual(found.warnings.length, warnings, found.warnings.join())
        assert.deepInclude({ ...found.rows.get(day) }, more)
      })
    )

  check(
    "an empty file is told",
    Effect.map(stateOf(""), ({ rows, warnings }) => assert.deepStrictEqual([rows.size, warnings.length], [0, 1]))
  )

  check(
    'udl case "append after a torn line": the new row survives',
    Effect.gen(function* () {
      const path = yield* file(`${header}${done}x,2026-01-0`)
      const { endedLine } = yield* LedgerFile.append(path, make({ chunk_date_utc: "2026-01-02", status: "UPLOADED" }))
      assert.isTrue(endedLine)
      assert.strictEqual((yield* LedgerFile.state(path)).rows.get("2026-01-02")?.status, "UPLOADED")
    })
  )

  check(
    'udl case "append after a torn line": an open quote is closed, and what it has swallowed stays as it is',
    Effect.gen(function* () {
      const path = yield* file(`${header}x,2026-01-01,"open, a\r\nb`)
      yield* LedgerFile.append(path, make({ run_id: "new" }))
      const rows = yield* LedgerFile.rows(path)
      assert.deepStrictEqual(
        rows.map(({ run_id, window_start_utc }) => [run_id, window_start_utc]),
        [
          ["x", "open, a\r\nb"],
          ["new", ""]
        ]
      )
    })
  )

  check(
    "a missing file is nothing to fail for; a directory is",
    Effect.gen(function* () {
      const path = yield* directory
      const missing = yield* LedgerFile.state(join(path, "none/at/all.csv"))
      assert.deepStrictEqual([missing.rows.size, missing.warnings], [0, ["does not exist"]])
      assert.isTrue(Either.isLeft(yield* Effect.either(LedgerFile.state(path))))
      assert.deepStrictEqual(fs.readdirSync(path), [])
    })
  )
})
