import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { NdArray } from "../../../src/source/pickle/NdArray.js"
import { decode, eventRecords, type Options } from "../../../src/source/pickle/PickleReader.js"
import { get, Instance, type PickleValue, plain } from "../../../src/source/pickle/PickleValue.js"
import { hasPython, python } from "../../support/Python.js"
import { canonical, inPython } from "./Canonical.js"
import { hasUpstream } from "../../support/Fixtures.js"
import { debugEvents, messages, results } from "./Captures.js"

const ascii = (text: string) => Buffer.from(text, "latin1")

const read = (bytes: Uint8Array, options?: Options): PickleValue => Either.getOrThrow(decode(bytes, options))

const refusal = (bytes: Uint8Array, options?: Options) => {
  const answer = decode(bytes, options)
  assert(Either.isLeft(answer), "was read")
  return answer.left
}

describe("what Python writes", () => {
  it.skipIf(!hasPython)("is read the same, in every protocol", () => {
    const written: ReadonlyArray<{ protocol: number; pickle: string; canonical: unknown }> = python(
      inPython +
        `
import collections
shared = ["twice"]
values = [
  None, True, False, 0, 1, 255, 256, 65535, 65536, -1, -129, 2**31, -2**31, 2**53, 2**63, -2**63 - 1, 7**500, -7**500,
  0.0, -0.0, 1.5, 3.0, 1e300, -1e-300, float("inf"), float("-inf"),
  "", "plain", "\\n quotes ' and \\" and \\\\ backslash", "é ∑ 😀 \\u2028", "x" * 300, "\\ufeffmark", "nul \\0",
  b"", b"bytes", bytes(range(256)), bytes(300), bytearray(b""), bytearray(b"abc\\xff"),
  [], (), [1], (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[], [[]]], list(range(3000)),
  {}, {"a": 1}, {"__proto__": {"x": 1}, "constructor": 2, 3: None, (1, 2): "pair", b"k": 1.25},
  {n: str(n) for n in range(2500)}, set(), {1, "two", 3.5}, frozenset([b"x", None]),
  [shared, shared, {"k": shared}], collections.OrderedDict([("z", 1), ("a", [2])]), collections.OrderedDict(),
  datetime.datetime(2026, 11, 22, 8, 48, 4, 5), datetime.datetime(1, 1, 1),
  datetime.datetime(2026, 3, 29, 2, 30, fold=1, tzinfo=datetime.timezone.utc),
  datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))),
  datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(seconds=3723), "odd")),
  datetime.date(2026, 11, 22), datetime.time(23, 59, 59, 999999), datetime.time(1, 2, tzinfo=datetime.timezone.utc),
  decimal.Decimal("-12.50E+7"), decimal.Decimal("NaN"), decimal.Decimal(0)
]
print(json.dumps([
  {"protocol": p, "pickle": pickle.dumps(v, p).hex(), "canonical": canonical(v)} for p in range(6) for v in values
]))`,
      null
    )
    assert.isAbove(written.length, 300)
    for (const { canonical: expected, pickle, protocol } of written) {
      const value = read(Buffer.from(pickle, "hex"))
      assert.strictEqual(JSON.stringify(canonical(value)), JSON.stringify(expected), `protocol ${protocol}: ${pickle}`)
    }
  })

  it.skipIf(!hasPython)("of classes that are asked for is read as fields, in every protocol", () => {
    const pickles: ReadonlyArray<string> = python(
      `
import pickle, types
module = types.ModuleType("lab"); sys.modules["lab"] = module
exec("class Shot:\\n  def __init__(self): self.n = 7; self.tags = ['a']", module.__dict__)
module.Shot.__module__ = "lab"
print(json.dumps([pickle.dumps([module.Shot(), module.Shot()], p).hex() for p in range(6)]))`,
      null
    )
    for (const pickle of pickles) {
      const bytes = Buffer.from(pickle, "hex")
      const shots = read(bytes, { records: ["lab.Shot"] })
      assert(Array.isArray(shots) && shots[0] instanceof Instance && shots.length === 2)
      assert.strictEqual(shots[0].className, "lab.Shot")
      assert.deepStrictEqual({ ...(plain(shots[1]) as object) }, { n: 7, tags: ["a"] })
      assert.strictEqual(refusal(bytes).global, "lab.Shot")
    }
  })
})

describe.skipIf(!hasUpstream)("captures", () => {
  it("contrast: the status of every message, and the arrays of numpy in them", () => {
    const statuses = messages("contrast-dump.cbors").map(([part = ascii("")]) => get(read(part), "status"))
    assert.deepStrictEqual(statuses, [
      "heartbeat",
      "started",
      ...Array.from({ length: 21 }, (_, k) => (statuses[k + 2] === "heartbeat" ? "heartbeat" : "running")),
      "finished",
      "heartbeat",
      "heartbeat"
    ])
    const running = messages("contrast-dump.cbors").map(([part = ascii("")]) => read(part))
    const x = get(get(running[2], "pseudo"), "x")
    assert(x instanceof NdArray)
    assert.deepStrictEqual(x.shape, [1])
  })

  it("xspress3: the arrays of each meta part, in both framings", () => {
    const metas = [
      ...messages("xspress3-dump.cbors").filter(([part]) => part?.[0] === 0x80),
      ...messages("xspress3-multipart.cbors").flatMap((parts) => (parts.length === 3 ? [parts.slice(2)] : []))
    ]
    assert.strictEqual(metas.length, 25)
    for (const [part = ascii("")] of metas) {
      const arrays = read(part)
      assert(Array.isArray(arrays))
      assert.deepStrictEqual(
        arrays.map((array) => (array instanceof NdArray ? `${array.dtype.kind}${array.dtype.size}` : "")),
        ["f8", "u4", "u4", "u4", "u4", "u4", "i4", "f8", ...(arrays.length > 8 ? ["u4"] : [])]
      )
    }
  })

  it("results of workers", () => {
    const first = [...results("A"), ...results("B")].map((bytes) => plain(read(bytes)))
    assert.isAbove(first.length, 8)
    assert.strictEqual(
      JSON.stringify(first[0]),
      JSON.stringify({ event: 1, tick: false, streams: { eiger: [0, 183] } })
    )
  })

  it("the debug worker's events, as fields", () => {
    const events = read(debugEvents(), { records: eventRecords })
    assert(Array.isArray(events))
    const fields = events.map((event) => get(event, "__dict__"))
    assert.deepStrictEqual(
      fields.map((event) => get(event, "event_number")),
      [0, 3, 8, 9].slice(-events.length)
    )
    const frames = get(get(get(get(fields[1], "streams"), "orca"), "__dict__"), "frames")
    assert(Array.isArray(frames))
    assert.deepStrictEqual([...(frames[1] as Uint8Array)], [2, 0, 3, 0, 4, 0, 5, 0])
    assert.strictEqual(refusal(debugEvents()).global, "dranspose.event.EventData")
  })
})

describe("what is refused", () => {
  it("dranspose weak point 18: a pickle that would run code is refused by the name of what it calls", () => {
    const calls: ReadonlyArray<readonly [pickle: Buffer, global: string, offset: number]> = [
      [ascii("cos\nsystem\n(S'touch /tmp/x'\ntR."), "os.system", 0],
      [ascii("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."), "posix.system", 17],
      [ascii("c__builtin__\neval\n(S'1'\ntR."), "builtins.eval", 0],
      [ascii("\x80\x02cbuiltins\n__import__\nU\x02os\x85R."), "builtins.__import__", 2],
      [ascii("]ccopyreg\n__newobj__\n."), "copyreg.__newobj__", 1],
      [ascii("cnumpy\nload\n."), "numpy.load", 0]
    ]
    for (const [pickle, global, offset] of calls) {
      const error = refusal(pickle)
      assert.deepStrictEqual(
        [error.reason, error.global, error.offset],
        ["Forbidden", global, offset],
        pickle.toString("latin1")
      )
      assert.include(error.message, global)
    }
  })

  const refused: ReadonlyArray<readonly [what: string, bytes: Buffer, reason: string, opcode: string, offset: number]> =
    [
      ["nothing", ascii(""), "Truncated", "undefined", 0],
      ["no end", ascii("\x80\x04]"), "Truncated", "undefined", 3],
      ["bytes that are not there", ascii("\x80\x04B\xff\xff\xff\x7fabc"), "Truncated", "BINBYTES", 2],
      ["2^60 bytes", ascii("\x80\x04\x8e\0\0\0\0\0\0\0\x10"), "Truncated", "BINBYTES8", 2],
      ["an integer of 2 GiB", ascii("\x8b\xff\xff\xff\x7f"), "TooLarge", "LONG4", 0],
      ["no instruction", ascii("\x80\x04\xff."), "Malformed", "0xff", 2],
      ["text that is no UTF-8", ascii("\x8c\x02\xc3\x28."), "Malformed", "SHORT_BINUNICODE", 0],
      ["an empty stack", ascii("\x80\x04."), "Malformed", "STOP", 2],
      ["a missing mark", ascii("t."), "Malformed", "TUPLE", 0],
      ["values below a mark", ascii("K\x01(0a."), "Malformed", "APPEND", 4],
      ["two values", ascii("NN."), "Malformed", "STOP", 2],
      ["an unknown place", ascii("h\x07."), "Malformed", "BINGET", 0],
      ["a dict as a key", ascii("}}N s.".replace(" ", "")), "Malformed", "SETITEM", 3],
      ["a class as a value", ascii("]cbuiltins\nset\na."), "Malformed", "STOP", 16],
      [
        "an array without its state",
        ascii("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR."),
        "Malformed",
        "STOP",
        54
      ],
      ["a list in itself", ascii("]\x94h\0a."), "Malformed", "STOP", 5],
      ["a protocol to come", ascii("\x80\x06N."), "Malformed", "PROTO", 0],
      ["a persistent id", ascii("Pid\n."), "Forbidden", "PERSID", 0],
      ["an extension", ascii("\x82\x01."), "Forbidden", "EXT1", 0],
      ["a buffer beside", ascii("\x97."), "Forbidden", "NEXT_BUFFER", 0],
      ["another encoding", ascii("c_codecs\nencode\n(Vx\nVrot13\ntR."), "Forbidden", "REDUCE", 28]
    ]
  for (const [what, bytes, reason, opcode, offset] of refused) {
    it(what, () => {
      const error = refusal(bytes)
      assert.deepStrictEqual(
        [error.reason, String(error.opcode), error.offset],
        [reason, opcode, offset],
        error.message
      )
    })
  }

  it("what is deeper, longer or larger than its limits", () => {
    const nested = (depth: number) => ascii("]".repeat(depth + 1) + "a".repeat(depth) + ".")
    assert.deepStrictEqual(read(nested(3), { limits: { depth: 3 } }), [[[[]]]])
    assert.strictEqual(refusal(nested(4), { limits: { depth: 3 } }).reason, "TooLarge")
    assert.strictEqual(refusal(nested(50_000)).reason, "TooLarge")
    const many = ascii("(" + "K\x01".repeat(20) + "l.")
    assert.strictEqual(refusal(many, { limits: { elements: 20 } }).reason, "TooLarge")
    assert.lengthOf(read(many, { limits: { elements: 21 } }) as ReadonlyArray<unknown>, 20)
    assert.strictEqual(refusal(many, { limits: { size: 10 } }).reason, "TooLarge")
    assert.strictEqual(refusal(ascii("]\x94]\x94]\x94."), { limits: { memo: 2 } }).opcode, "MEMOIZE")
    assert.strictEqual(refusal(ascii(`I${"9".repeat(5000)}\n.`)).reason, "TooLarge")
    assert.strictEqual(refusal(ascii("(".repeat(2000)), { limits: { elements: 1000 } }).reason, "TooLarge")
  })

  it("a few bytes that stand for a billion of values", () => {
    const level = (n: number) => `0(${`h${String.fromCharCode(n)}`.repeat(10)}l\x94`
    const laughs = ascii(`\x80\x04]\x94${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(level).join("")}.`)
    assert.isBelow(laughs.length, 300)
    const error = refusal(laughs)
    assert.strictEqual(error.reason, "TooLarge")
    const copies = ascii(
      `\x80\x04X\0\0\x10\0${"x".repeat(1 << 20)}\x94c_codecs\nencode\n\x94${"h\x01h\0X\x06\0\0\0latin1\x86R0".repeat(300)}N.`
    )
    assert.strictEqual(refusal(copies).reason, "TooLarge")
  })
})

describe("keys", () => {
  it("are keys, whatever they are called", () => {
    const value = read(ascii("}(U\x09__proto__U\x01xU\x0bconstructorNu."))
    assert(value instanceof Map)
    assert.deepStrictEqual([...value.keys()], ["__proto__", "constructor"])
    const record = plain(value) as Record<string, unknown>
    assert.isNull(Object.getPrototypeOf(record))
    assert.deepStrictEqual(Object.entries(record), [
      ["__proto__", "x"],
      ["constructor", null]
    ])
    assert.strictEqual(Object.prototype.hasOwnProperty.call({}, "x"), false)
  })

  it("of several kinds stay apart", () => {
    const value = plain(read(ascii("}(K\x01U\x01aU\x011U\x01bu.")))
    assert.deepStrictEqual(
      value,
      new Map<unknown, unknown>([
        [1, "a"],
        ["1", "b"]
      ])
    )
  })
})
