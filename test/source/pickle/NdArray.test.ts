import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { type DType, elements, NdArray, numbers } from "../../../src/source/pickle/NdArray.js"
import { decode } from "../../../src/source/pickle/PickleReader.js"
import { hasPython, python } from "../../support/Python.js"

const f8: DType = { kind: "f", size: 8, bigEndian: false }

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex")

/** What numpy writes, without numpy: its own shapes of call and state, for each protocol. */
const likeNumpy = `
import pickle, types
def module(name, **members):
    m = types.ModuleType(name); m.__dict__.update(members); sys.modules[name] = m; return m
class dtype:
    def __init__(self, code, order): self.code, self.order = code, order
    def __reduce__(self): return (dtype, (self.code, False, True), (3, self.order, None, None, None, -1, -1, 0))
    def __setstate__(self, state): pass
class ndarray:
    def __init__(self, t, shape, fortran, raw): self.state = (1, shape, t, fortran, raw)
    def __reduce__(self): return (_reconstruct, (ndarray, (0,), b"b"), self.state)
    def __setstate__(self, state): pass
class buffered(ndarray):
    def __reduce__(self): return (_frombuffer, (bytes(self.state[4]), self.state[2], self.state[1], "F" if self.state[3] else "C"))
class number:
    def __init__(self, t, raw): self.args = (t, raw)
    def __reduce__(self): return (scalar, self.args)
def _reconstruct(*a): pass
def _frombuffer(*a): pass
def scalar(*a): pass
for c in (dtype, ndarray): c.__module__ = "numpy"; c.__qualname__ = c.__name__
core = data["core"]
for f in (_reconstruct, scalar): f.__module__ = core + ".multiarray"
_frombuffer.__module__ = core + ".numeric"
module("numpy", dtype=dtype, ndarray=ndarray); module(core)
module(core + ".multiarray", _reconstruct=_reconstruct, scalar=scalar); module(core + ".numeric", _frombuffer=_frombuffer)
import struct
values = [
  ndarray(dtype("i2", "<"), (2, 3), False, struct.pack("<6h", 1, 2, 3, 4, 5, -6)),
  ndarray(dtype("i2", ">"), (2, 3), True, struct.pack(">6h", 1, 4, 2, 5, 3, -6)),
  ndarray(dtype("b1", "|"), (2,), False, b"\\x01\\x00"),
  ndarray(dtype("U2", "<"), (2,), False, "ab".encode("utf-32-le") + "é".encode("utf-32-le") + bytes(4)),
  ndarray(dtype("S3", "|"), (2,), False, b"abcd\\0\\0"),
  buffered(dtype("f4", "<"), (3,), False, struct.pack("<3f", 1, 2.5, -3)),
  number(dtype("f8", "<"), struct.pack("<d", 2.5)), number(dtype("i8", ">"), struct.pack(">q", 2**60)),
  number(dtype("b1", "|"), b"\\x01"), ndarray(dtype("f2", "<"), (), False, struct.pack("<e", 0.333251953125))
]
print(json.dumps([pickle.dumps(values, p).hex() for p in range(6)]))`

describe("arrays", () => {
  it.skipIf(!hasPython)("of every shape that numpy writes, old and new, in every protocol", () => {
    for (const core of ["numpy.core", "numpy._core"]) {
      for (const pickle of python(likeNumpy, { core }) as ReadonlyArray<string>) {
        const found = Either.getOrThrow(decode(hex(pickle)))
        assert(Array.isArray(found))
        assert.deepStrictEqual(
          found.map((value) => (value instanceof NdArray ? [value.shape, elements(value)] : value)),
          [
            [
              [2, 3],
              [1, 2, 3, 4, 5, -6]
            ],
            [
              [2, 3],
              [1, 2, 3, 4, 5, -6]
            ],
            [[2], [true, false]],
            [[2], ["ab", "é"]],
            [[2], ["abc", "d"]],
            [[3], [1, 2.5, -3]],
            2.5,
            2n ** 60n,
            true,
            [[], [0.333251953125]]
          ]
        )
      }
    }
  })

  it("of numbers come in an array of their own kind", () => {
    const kinds: ReadonlyArray<readonly [DType, string, unknown]> = [
      [{ kind: "u", size: 1, bigEndian: false }, "01 ff", new Uint8Array([1, 255])],
      [{ kind: "i", size: 1, bigEndian: false }, "01 ff", new Int8Array([1, -1])],
      [{ kind: "u", size: 4, bigEndian: true }, "00000001 ffffffff", new Uint32Array([1, 2 ** 32 - 1])],
      [{ kind: "i", size: 8, bigEndian: true }, "ffffffffffffffff", new BigInt64Array([-1n])],
      [{ kind: "u", size: 8, bigEndian: false }, "ffffffffffffffff", new BigUint64Array([2n ** 64n - 1n])],
      [{ kind: "f", size: 4, bigEndian: true }, "3fc00000", new Float32Array([1.5])],
      [
        { kind: "f", size: 2, bigEndian: false },
        "003c 007c 00fc 0100",
        new Float32Array([1, Infinity, -Infinity, 2 ** -24])
      ]
    ]
    for (const [dtype, bytes, expected] of kinds) {
      const content = hex(bytes)
      assert.deepStrictEqual(numbers(new NdArray(dtype, [content.length / dtype.size], "C", content)), expected)
    }
    assert.isUndefined(numbers(new NdArray({ kind: "S", size: 1, bigEndian: false }, [1], "C", hex("41"))))
  })

  it("in Fortran order of three dimensions are turned", () => {
    const shape = [2, 3, 4]
    const index = (a: number, b: number, c: number) => a + 2 * (b + 3 * c)
    const content = new Float64Array(24)
    for (let a = 0; a < 2; a++) {
      for (let b = 0; b < 3; b++) for (let c = 0; c < 4; c++) content[index(a, b, c)] = 100 * a + 10 * b + c
    }
    const turned = numbers(new NdArray(f8, shape, "F", new Uint8Array(content.buffer)))
    const expected = [0, 1].flatMap((a) => [0, 1, 2].flatMap((b) => [0, 1, 2, 3].map((c) => 100 * a + 10 * b + c)))
    assert.deepStrictEqual([...(turned ?? [])], expected)
  })

  it("are views of the pickle, not copies of it", () => {
    const pickle = Buffer.from(
      "\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\n" +
        "X\x02\0\0\0u1K\0K\x01\x87R(K\x03X\x01\0\0\0|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89C\x02\x07\x09tb.",
      "latin1"
    )
    const array = Either.getOrThrow(decode(pickle))
    assert(array instanceof NdArray)
    assert.strictEqual(array.bytes.buffer, pickle.buffer)
    assert.deepStrictEqual(elements(array), [7, 9])
  })

  it("whose bytes are not those of their shape, of objects or of records are refused", () => {
    const array = (code: string, shape: string, content: string, names = "N") =>
      Buffer.from(
        `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01${shape}cnumpy\ndtype\n(V${code}\ntR(K\x03V<\nN${names}NJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89${content}tb.`,
        "latin1"
      )
    const reason = (bytes: Uint8Array) =>
      Either.match(decode(bytes), { onLeft: (e) => e.reason, onRight: () => "read" })
    assert.strictEqual(reason(array("u1", "K\x02\x85", "C\x02ab")), "read")
    assert.strictEqual(reason(array("u1", "K\x03\x85", "C\x02ab")), "Malformed")
    assert.strictEqual(reason(array("u2", "K\x02\x85", "C\x02ab")), "Malformed")
    assert.strictEqual(reason(array("u3", "K\x01\x85", "C\x03abc")), "Malformed")
    assert.strictEqual(reason(array("S0", "J\xff\xff\xff\x7f\x85", "C\0")), "Malformed")
    assert.strictEqual(reason(array("u1", "J\xff\xff\xff\xffJ\xfe\xff\xff\xff\x86", "C\x02ab")), "Malformed")
    assert.strictEqual(reason(array("O8", "K\x01\x85", "]")), "Forbidden")
    assert.strictEqual(reason(array("V8", "K\x01\x85", "C\x0812345678")), "Forbidden")
    assert.strictEqual(reason(array("u1", "K\x01\x85", "C\x01a", "(Vx\nt")), "Forbidden")
  })
})
