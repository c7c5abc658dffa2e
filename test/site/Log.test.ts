import { Error as PlatformError, FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Fiber, Layer, Redacted, Schedule, Stream, TestClock } from "effect"
import { LogFile, make as makeLogFile } from "../../src/site/LogFile.js"
import * as LogFileModule from "../../src/site/LogFile.js"
import * as Logging from "../../src/site/Logging.js"
import { LogReader } from "../../src/site/LogReader.js"
import * as LogReaderModule from "../../src/site/LogReader.js"
import * as Redaction from "../../src/site/Redaction.js"
import { LogSettings } from "../../src/site/Settings.js"
import { Site } from "../../src/site/Site.js"
import * as TemporarySite from "./TemporarySite.js"
import { layer as sharing } from "../support/SharedLayer.js"

const line = (ts: string, message: string, level = "INFO") => JSON.stringify({ ts, level, message })

/** Runs a body against a log file that is closed, and so written out, when the body ends. */
const writing = <A, E, R>(body: (file: LogFile["Type"]) => Effect.Effect<A, E, R>, retentionDays = 0) =>
  Effect.scoped(Effect.flatMap(makeLogFile({ retentionDays }), body))

const logged = (day: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { paths } = yield* Site
    const text = yield* fs.readFileString(`${paths.logs}/outpost-${day}.log`)
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
  })

const fresh = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.provide(body, Layer.fresh(TemporarySite.layer))

describe("LogFile", () => {
  it.live("ivy 13: logs/archive named by system date: ours puts each line in the file of its UTC day, in order", () =>
    Effect.gen(function* () {
      yield* writing((file) =>
        Effect.sync(() => {
          file.write("2026-03-01T23:59:59.999Z", line("2026-03-01T23:59:59.999Z", "a"))
          file.write("2026-03-02T00:00:00.000Z", line("2026-03-02T00:00:00.000Z", "b"))
          file.write("2026-03-02T00:00:00.001Z", line("2026-03-02T00:00:00.001Z", "c"))
        })
      )
      assert.deepStrictEqual(
        (yield* logged("2026-03-01")).map(({ message }) => message),
        ["a"]
      )
      assert.deepStrictEqual(
        (yield* logged("2026-03-02")).map(({ message }) => message),
        ["b", "c"]
      )
      const fs = yield* FileSystem.FileSystem
      const stat = yield* fs.stat(`${(yield* Site).paths.logs}/outpost-2026-03-01.log`)
      assert.strictEqual(stat.mode & 0o077, 0)
    }).pipe(fresh)
  )

  it.live("writes while it is open, not only at the end", () =>
    Effect.gen(function* () {
      const file = yield* makeLogFile({ retentionDays: 0 })
      file.write("2026-03-01", line("2026-03-01T00:00:00.000Z", "now"))
      const found = yield* logged("2026-03-01").pipe(
        Effect.retry(Schedule.spaced("10 millis")),
        Effect.timeout("2 minutes")
      )
      assert.strictEqual(found.length, 1)
    }).pipe(Effect.scoped, fresh)
  )

  it.live("drops what does not fit while the disk is full, counts it, and goes on when there is room", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      let full = true
      const disk: FileSystem.FileSystem = {
        ...fs,
        open: (path, options) =>
          full
            ? Effect.fail(
                new PlatformError.SystemError({
                  reason: "Unknown",
                  module: "FileSystem",
                  method: "open",
                  pathOrDescriptor: path
                })
              )
            : fs.open(path, options)
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* makeLogFile({ retentionDays: 0, capacity: 10 })
          for (let i = 0; i < 25; i++) file.write("2026-03-01", line("2026-03-01T00:00:00.000Z", `m${i}`))
          yield* Effect.sleep("200 millis")
          assert.strictEqual(yield* file.dropped, 15)
          full = false
        })
      ).pipe(Effect.provideService(FileSystem.FileSystem, disk))
      const messages = (yield* logged("2026-03-01")).map(({ message }) => message)
      assert.deepStrictEqual(
        messages.filter((m) => m.startsWith("m")),
        Array.from({ length: 10 }, (_, i) => `m${i}`)
      )
      assert.strictEqual(messages.filter((m) => m.includes("15 log lines were dropped")).length, 1)
    }).pipe(fresh)
  )

  it.live("begins on a line of its own after a write that failed half way", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      let failures = 1
      const disk: FileSystem.FileSystem = {
        ...fs,
        open: (path, options) =>
          Effect.map(fs.open(path, options), (file) => ({
            ...file,
            [FileSystem.FileTypeId]: FileSystem.FileTypeId,
            fd: file.fd,
            writeAll: (bytes: Uint8Array) =>
              failures-- > 0
                ? Effect.zipRight(
                    file.writeAll(bytes.subarray(0, 20)),
                    Effect.fail(
                      new PlatformError.SystemError({ reason: "Unknown", module: "FileSystem", method: "write" })
                    )
                  )
                : file.writeAll(bytes)
          }))
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* makeLogFile({ retentionDays: 0 })
          file.write("2026-03-01", line("2026-03-01T00:00:00.000Z", "whole"))
          yield* Effect.sleep("200 millis")
        })
      ).pipe(Effect.provideService(FileSystem.FileSystem, disk))
      const text = yield* fs.readFileString(`${(yield* Site).paths.logs}/outpost-2026-03-01.log`)
      assert.deepStrictEqual(text.split("\n").slice(1), [line("2026-03-01T00:00:00.000Z", "whole"), ""])
    }).pipe(fresh)
  )

  it.live("cuts a line that is too long, keeping when and how grave", () =>
    Effect.gen(function* () {
      yield* writing((file) =>
        Effect.sync(() => file.write("2026-03-01", line("2026-03-01T01:02:03.000Z", "x".repeat(500_000), "ERROR")))
      )
      const [found] = yield* logged("2026-03-01")
      assert.strictEqual(found.ts, "2026-03-01T01:02:03.000Z")
      assert.strictEqual(found.level, "ERROR")
      assert.isBelow(found.message.length, 70_000)
    }).pipe(fresh)
  )

  it.scoped("removes files older than the retention at the start, and nothing else", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { logs } = (yield* Site).paths
      yield* fs.makeDirectory(logs)
      const names = ["outpost-2026-02-27.log", "outpost-2026-02-28.log", "outpost-2026-03-10.log", "notes.txt"]
      yield* Effect.forEach(names, (name) => fs.writeFileString(`${logs}/${name}`, ""))
      yield* TestClock.setTime(Date.UTC(2026, 2, 10, 12))
      yield* makeLogFile({ retentionDays: 10 })
      assert.deepStrictEqual((yield* fs.readDirectory(logs)).sort(), ["notes.txt", ...names.slice(1, 3)])
    }).pipe(fresh)
  )
})

describe("Logging", () => {
  /** What a program writes to the console and to the file. */
  const run = (
    settings: Partial<LogSettings>,
    program: Effect.Effect<unknown, never, Logging.Logging>,
    secret = "none"
  ) =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const sink = Effect.succeed({ terminal: false, colours: false, write: (text: string) => void lines.push(text) })
      const redaction = yield* Redaction.make
      yield* redaction.add(Redacted.make(secret))
      const base = Layer.merge(Layer.succeed(Redaction.Redaction, redaction), LogFileModule.layer({ retentionDays: 0 }))
      yield* program.pipe(
        Effect.provide(Layer.provide(Logging.layer({ level: "info", console: "logfmt", ...settings }, sink), base)),
        Effect.withClock(yield* Effect.clock)
      )
      const fs = yield* FileSystem.FileSystem
      const { logs } = (yield* Site).paths
      const names = yield* fs.readDirectory(logs).pipe(Effect.orElseSucceed(() => []))
      const file = yield* Effect.forEach(names, (name) => fs.readFileString(`${logs}/${name}`))
      return {
        lines,
        file: file
          .join("")
          .split("\n")
          .filter((l) => l !== "")
          .map((l) => JSON.parse(l)),
        raw: file.join("")
      }
    }).pipe(fresh)

  const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
  const eachLevel = Effect.all([
    Effect.logTrace("at TRACE"),
    Effect.logDebug("at DEBUG"),
    Effect.logInfo("at INFO"),
    Effect.logWarning("at WARN"),
    Effect.logError("at ERROR"),
    Effect.logFatal("at FATAL")
  ])

  it.live("writes the named annotations as keys, others apart, and the cause", () =>
    Effect.gen(function* () {
      const { file, lines } = yield* run(
        {},
        Effect.logError("it broke", { n: 1 }, Cause.die(new Error("boom"))).pipe(
          Effect.annotateLogs({ child: "backfill/a", run: "001", source: "tail", pair: "BTC/USDT" })
        )
      )
      assert.strictEqual(file.length, 1)
      const { cause, ts, ...rest } = file[0]
      assert.deepStrictEqual(rest, {
        level: "ERROR",
        message: 'it broke {"n":1}',
        child: "backfill/a",
        run: "001",
        source: "tail",
        annotations: { pair: "BTC/USDT" }
      })
      assert.match(ts, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.include(cause, "boom")
      assert.include(lines[0]!, 'message="it broke')
      assert.include(lines[0]!, "child=backfill/a")
      assert.strictEqual(lines.join("").split("\n").length, 2, "one line each on a console that is no terminal")
    })
  )

  it.live("keeps lines below the level out, and follows a change of it", () =>
    Effect.gen(function* () {
      const { file } = yield* run(
        { level: "warning" },
        Effect.gen(function* () {
          const logging = yield* Logging.Logging
          yield* Effect.logInfo("a")
          yield* Effect.logWarning("b")
          yield* logging.setLevel("debug")
          yield* Effect.logDebug("c")
          yield* logging.setLevel("none")
          yield* Effect.logFatal("d")
        })
      )
      assert.deepStrictEqual(
        file.map(({ message }) => message),
        ["b", "c"]
      )
    })
  )

  it.live("ivy 12: log lines reach the file at each level", () =>
    Effect.gen(function* () {
      const { file } = yield* run({ level: "trace" }, eachLevel)
      assert.deepStrictEqual(
        file.map(({ level, message }) => [level, message]),
        levels.map((name) => [name, `at ${name}`])
      )
    })
  )

  it.live("ivy 12: level visibility table: what each setting lets through, to the file and to the console", () =>
    Effect.gen(function* () {
      const settings = ["trace", "debug", "info", "warning", "error", "fatal", "none"] as const
      for (const [hidden, level] of settings.entries()) {
        const { file, lines } = yield* run({ level }, eachLevel)
        assert.deepStrictEqual(
          file.map((line) => line.level),
          levels.slice(hidden),
          level
        )
        assert.lengthOf(lines, levels.length - hidden, level)
      }
    })
  )

  it.live("shows no secret, on either way", () =>
    Effect.gen(function* () {
      const secret = 'sw"ordfish'
      const { lines, raw } = yield* run(
        { console: "pretty" },
        Effect.logInfo(`token ${secret}`, { body: { token: secret } }, Cause.fail(secret)).pipe(
          Effect.annotateLogs({ secret })
        ),
        secret
      )
      assert.notInclude(lines.join(""), "ordfish")
      assert.notInclude(raw, "ordfish")
      assert.include(raw, "********")
    })
  )

  it.live("stays readable where a secret is a word of the line's own", () =>
    Effect.gen(function* () {
      for (const secret of ["message", "INFO", "level", "annotations", '","ts']) {
        const { file, lines } = yield* run(
          {},
          Effect.logInfo(`a ${secret} b`).pipe(Effect.annotateLogs({ fact: `c ${secret}`, facts: [secret] })),
          secret
        )
        const hidden = "********"
        const [{ ts, ...line } = { ts: "" }] = file
        assert.isFinite(Date.parse(ts))
        const annotations = { fact: `c ${hidden}`, facts: `["${hidden}"]` }
        assert.deepStrictEqual(line, { level: "INFO", message: `a ${hidden} b`, annotations }, secret)
        assert.include(lines.join(""), `level=INFO message="a ${hidden} b"`)
      }
    })
  )

  it.live("does not let a value that throws, or that steers the terminal, through", () =>
    Effect.gen(function* () {
      const hostile = { toJSON: () => { throw new Error("no") } } // prettier-ignore
      const { file, lines } = yield* run(
        { console: "pretty" },
        Effect.zipRight(Effect.logInfo(hostile), Effect.logInfo("\x1b[2Jcleared"))
      )
      assert.strictEqual(file.at(-1).message, "\x1b[2Jcleared")
      assert.notInclude(lines.join(""), "\x1b")
    })
  )

  it.live("console off leaves the file", () =>
    Effect.gen(function* () {
      const { file, lines } = yield* run({ console: "off" }, Effect.logInfo("a"))
      assert.deepStrictEqual([lines.length, file.length], [0, 1])
    })
  )
})

describe("LogReader", () => {
  const layer = LogReaderModule.layer.pipe(Layer.provideMerge(TemporarySite.layer))
  const day = (n: number) => `2026-03-0${n}`
  const stamp = (n: number, minute: number) => `${day(n)}T00:${String(minute).padStart(2, "0")}:00.000Z`
  const fill = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { logs } = (yield* Site).paths
    yield* fs.makeDirectory(logs, { recursive: true })
    const text = (n: number) =>
      Array.from(
        { length: 3000 },
        (_, i) => `${line(stamp(n, i % 60), `d${n} m${i} ${"é".repeat(50)}`, i % 100 === 0 ? "ERROR" : "INFO")}\n`
      ).join("")
    yield* fs.writeFileString(`${logs}/outpost-${day(1)}.log`, text(1))
    yield* fs.writeFileString(`${logs}/outpost-${day(2)}.log`, `${text(2)}{"ts":"2026-03-02T01:00`)
  })
  const messages = (lines: ReadonlyArray<string>) => lines.map((l) => String(JSON.parse(l).message).slice(0, 9).trim())

  sharing(layer)((it) => {
    it.effect("nothing logged yet is no line", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* (yield* LogReader).last({}), [])
      })
    )

    it.effect("the last lines, over the turn of the day, passing over a line that was cut short", () =>
      Effect.gen(function* () {
        yield* fill
        const reader = yield* LogReader
        assert.deepStrictEqual(messages(yield* reader.last({ tail: 2 })), ["d2 m2998", "d2 m2999"])
        const many = yield* reader.last({ tail: 3005 })
        assert.strictEqual(many.length, 3005)
        assert.deepStrictEqual(messages(many.slice(0, 6)), [
          "d1 m2995",
          "d1 m2996",
          "d1 m2997",
          "d1 m2998",
          "d1 m2999",
          "d2 m0 ééé"
        ])
        assert.strictEqual((yield* reader.last({})).length, 200)
        assert.strictEqual((yield* reader.last({ tail: 0 })).length, 0)
        assert.strictEqual((yield* reader.last({ tail: 1e9 })).length, 6000)
      })
    )

    it.effect("filters by level, time and text", () =>
      Effect.gen(function* () {
        yield* fill
        const reader = yield* LogReader
        const errors = yield* reader.last({ level: "warning", tail: 31 })
        assert.strictEqual(errors.length, 31)
        assert.isTrue(errors.every((l) => JSON.parse(l).level === "ERROR"))
        assert.strictEqual((yield* reader.last({ since: Date.parse(stamp(2, 30)), tail: 1e9 })).length, 1500)
        assert.deepStrictEqual(messages(yield* reader.last({ grep: "D2 M17 " })), ["d2 m17 éé"])
        assert.deepStrictEqual(messages(yield* reader.last({ grep: /d1 m1[23] /g })), ["d1 m12 éé", "d1 m13 éé"])
      })
    )

    it.effect("reads only the end of a large file", () =>
      Effect.gen(function* () {
        yield* fill
        const fs = yield* FileSystem.FileSystem
        let read = 0
        const counting: FileSystem.FileSystem = {
          ...fs,
          readFileString: () => Effect.dieMessage("read as a whole"),
          open: (path, options) =>
            Effect.map(fs.open(path, options), (file) => {
              const original = file.readAlloc.bind(file)
              return Object.assign(file, {
                readAlloc: (size: FileSystem.SizeInput) => ((read += Number(size)), original(size))
              })
            })
        }
        const reader = yield* Effect.provideService(LogReaderModule.make, FileSystem.FileSystem, counting)
        yield* reader.last({ tail: 10 })
        assert.isBelow(read, 70_000)
      })
    )

    it.effect("follows: the last lines, then new ones, whole, into the next day", () =>
      Effect.gen(function* () {
        yield* fill
        const fs = yield* FileSystem.FileSystem
        const { logs } = (yield* Site).paths
        const add = (n: number, text: string) =>
          fs.writeFileString(`${logs}/outpost-${day(n)}.log`, text, { flag: "a" })
        // The writer is in the middle of a line when the follower begins.
        yield* add(2, `\n${line(stamp(2, 59), "begun").slice(0, 20)}`)
        const reader = yield* LogReader
        const seen: Array<string> = []
        const until = (n: number) =>
          TestClock.adjust("250 millis").pipe(
            Effect.zipRight(Effect.yieldNow()),
            Effect.repeat({ until: () => seen.length >= n, times: 20_000 })
          )
        const fiber = yield* reader.follow({ tail: 1, level: "info" }).pipe(
          Stream.tap((l) => Effect.sync(() => void seen.push(l))),
          Stream.take(5),
          Stream.runCollect,
          Effect.fork
        )
        yield* until(1)
        yield* add(2, `${line(stamp(2, 59), "begun").slice(20)}\n`)
        yield* until(2)
        const [head, rest] = [line(stamp(2, 59), "split").slice(0, 20), line(stamp(2, 59), "split").slice(20)]
        yield* add(2, `${line(stamp(2, 59), "one")}\n${line(stamp(2, 59), "quiet", "DEBUG")}\n${head}`)
        yield* until(3)
        yield* add(2, `${rest}\n`)
        yield* until(4)
        yield* add(3, `${line(stamp(3, 1), "next day")}\n`)
        yield* until(5)
        const lines = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
        assert.deepStrictEqual(messages(lines), ["d2 m2999", "begun", "one", "split", "next day"])
      })
    )
  })
})
