/**
 * The instructions of a pickle, protocols 0 to 5, by their byte. Those that would need code or another channel are known by name
 * and refused.
 *
 * @internal
 */
import { forbidden, malformed } from "./fault.js"
import { build, call, create, find } from "./globals.js"
import { dictOf, type Machine, setOf } from "./Machine.js"

export interface Operation {
  readonly name: string
  readonly run: (machine: Machine) => void
}

const popTuple = (machine: Machine, count: number): void => {
  const items = Array.from({ length: count }, () => machine.pop()).reverse()
  machine.push(items)
}

const callTop = (machine: Machine, make: typeof call): void => {
  const given = machine.pop()
  const callee = machine.pop()
  machine.push(make(callee, given, machine))
}

const quoted = (line: string): string => {
  const quote = line[0]
  if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote)) malformed("a text without quotes")
  return line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return escapes.get(code) ?? malformed(`the escape \\${code}`)
  })
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"]
])

const rawUnicode = (line: string): string =>
  line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) => {
    const point = Number.parseInt(short ?? long ?? "", 16)
    return point > 0x10ffff ? malformed("a character that is none") : String.fromCodePoint(point)
  })

const floatOf = (line: string): number => {
  if (/^[+-]?(inf|nan)$/.test(line)) return line.endsWith("nan") ? NaN : line.startsWith("-") ? -Infinity : Infinity
  return /^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$/.test(line) ? Number(line) : malformed("a float that is none")
}

const placeOf = (line: string): number =>
  /^[0-9]{1,15}$/.test(line) ? Number(line) : malformed("a place that is none")

const latin = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")

const refused = (why: string) => (): never => forbidden(why)

const operations: ReadonlyArray<readonly [code: number, name: string, run: (machine: Machine) => void]> = [
  [0x28, "MARK", (m) => m.mark()],
  [0x30, "POP", (m) => void (m.isMarkOnTop ? m.popMark() : m.pop())],
  [0x31, "POP_MARK", (m) => void m.popMark()],
  [0x32, "DUP", (m) => m.push(m.peek())],
  [0x46, "FLOAT", (m) => m.push(floatOf(m.cursor.line()))],
  [0x47, "BINFLOAT", (m) => m.push(m.cursor.float64())],
  [0x49, "INT", (m) => m.push(intOf(m))],
  [0x4a, "BININT", (m) => m.push(m.cursor.int32())],
  [0x4b, "BININT1", (m) => m.push(m.cursor.byte())],
  [0x4c, "LONG", (m) => m.push(m.cursor.decimal(m.cursor.line().replace(/L$/, "")))],
  [0x4d, "BININT2", (m) => m.push(m.cursor.uint16())],
  [0x8a, "LONG1", (m) => m.push(m.cursor.integer(m.cursor.byte()))],
  [0x8b, "LONG4", (m) => m.push(m.cursor.integer(m.cursor.uint32()))],
  [0x4e, "NONE", (m) => m.push(null)],
  [0x88, "NEWTRUE", (m) => m.push(true)],
  [0x89, "NEWFALSE", (m) => m.push(false)],
  [0x53, "STRING", (m) => m.push(quoted(m.cursor.line()))],
  [0x54, "BINSTRING", (m) => m.push(latin(m.cursor.take(m.cursor.uint32())))],
  [0x55, "SHORT_BINSTRING", (m) => m.push(latin(m.cursor.take(m.cursor.byte())))],
  [0x56, "UNICODE", (m) => m.push(rawUnicode(m.cursor.line()))],
  [0x58, "BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.uint32()))],
  [0x8c, "SHORT_BINUNICODE", (m) => m.push(m.cursor.text(m.cursor.byte()))],
  [0x8d, "BINUNICODE8", (m) => m.push(m.cursor.text(m.cursor.uint64()))],
  [0x42, "BINBYTES", (m) => m.push(m.cursor.take(m.cursor.uint32()))],
  [0x43, "SHORT_BINBYTES", (m) => m.push(m.cursor.take(m.cursor.byte()))],
  [0x8e, "BINBYTES8", (m) => m.push(m.cursor.take(m.cursor.uint64()))],
  [0x96, "BYTEARRAY8", (m) => m.push(m.cursor.take(m.cursor.uint64()))],
  [0x5d, "EMPTY_LIST", (m) => m.push([])],
  [0x6c, "LIST", (m) => m.push(m.popMark())],
  [0x61, "APPEND", (m) => m.append([m.pop()])],
  [0x65, "APPENDS", (m) => m.append(m.popMark())],
  [0x29, "EMPTY_TUPLE", (m) => m.push([])],
  [0x74, "TUPLE", (m) => m.push(m.popMark())],
  [0x85, "TUPLE1", (m) => popTuple(m, 1)],
  [0x86, "TUPLE2", (m) => popTuple(m, 2)],
  [0x87, "TUPLE3", (m) => popTuple(m, 3)],
  [0x7d, "EMPTY_DICT", (m) => m.push(dictOf([]))],
  [0x64, "DICT", (m) => m.push(dictOf(m.popMark()))],
  [0x73, "SETITEM", (m) => m.set([m.pop(), m.pop()].reverse())],
  [0x75, "SETITEMS", (m) => m.set(m.popMark())],
  [0x8f, "EMPTY_SET", (m) => m.push(setOf([]))],
  [0x90, "ADDITEMS", (m) => m.add(m.popMark())],
  [0x91, "FROZENSET", (m) => m.push(setOf(m.popMark()))],
  [0x67, "GET", (m) => m.recall(placeOf(m.cursor.line()))],
  [0x68, "BINGET", (m) => m.recall(m.cursor.byte())],
  [0x6a, "LONG_BINGET", (m) => m.recall(m.cursor.uint32())],
  [0x70, "PUT", (m) => m.remember(placeOf(m.cursor.line()))],
  [0x71, "BINPUT", (m) => m.remember(m.cursor.byte())],
  [0x72, "LONG_BINPUT", (m) => m.remember(m.cursor.uint32())],
  [0x94, "MEMOIZE", (m) => m.rememberNext()],
  [0x63, "GLOBAL", (m) => m.push(find(m.cursor.line(), m.cursor.line(), m))],
  [0x93, "STACK_GLOBAL", (m) => stackGlobal(m)],
  [0x52, "REDUCE", (m) => callTop(m, call)],
  [0x81, "NEWOBJ", (m) => callTop(m, create)],
  [0x62, "BUILD", (m) => buildTop(m)],
  // A frame only says how much may be read ahead.
  [0x95, "FRAME", (m) => void m.cursor.uint64()],
  [0x80, "PROTO", (m) => void (m.cursor.byte() > 5 && malformed("a protocol above 5"))],
  [0x92, "NEWOBJ_EX", refused("objects made with named arguments are not read")],
  [0x69, "INST", refused("old-style classes are not read")],
  [0x6f, "OBJ", refused("old-style classes are not read")],
  [0x50, "PERSID", refused("persistent ids are not read")],
  [0x51, "BINPERSID", refused("persistent ids are not read")],
  [0x82, "EXT1", refused("registered extensions are not read")],
  [0x83, "EXT2", refused("registered extensions are not read")],
  [0x84, "EXT4", refused("registered extensions are not read")],
  [0x97, "NEXT_BUFFER", refused("buffers beside the pickle are not read")],
  [0x98, "READONLY_BUFFER", refused("buffers beside the pickle are not read")]
]

/** The byte that ends a pickle. */
export const stop = 0x2e

const byCode = new Map<number, Operation>(operations.map(([code, name, run]) => [code, { name, run }]))

export const operationOf = (code: number): Operation | undefined => byCode.get(code)

// ------------------------------------------------------------------------------------------------------------------

/** Booleans of protocol 0 are spelled as integers of two digits. */
const intOf = ({ cursor }: Machine): boolean | number | bigint => {
  const line = cursor.line()
  return line === "01" ? true : line === "00" ? false : cursor.decimal(line)
}

const stackGlobal = (machine: Machine): void => {
  const name = machine.pop()
  machine.push(find(machine.pop(), name, machine))
}

const buildTop = (machine: Machine): void => {
  const state = machine.pop()
  machine.replaceTop(build(machine.peek(), state))
}
