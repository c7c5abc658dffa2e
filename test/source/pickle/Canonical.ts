/** One spelling for values of both languages, so that they can be compared as texts. */
import { Written } from "../../../src/source/pickle/PickleValue.js"

/** A float without a fraction is an int here: JavaScript does not tell them apart. */
export const canonical = (value: unknown): unknown => {
  if (value === null || typeof value === "boolean") return value
  if (typeof value === "bigint") return { int: String(value) }
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? { int: String(value) } : { float: hex(value) }
  }
  if (typeof value === "string") return { text: value }
  if (value instanceof Written) return { [value.kind]: value.text }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") }
  if (Array.isArray(value)) return { list: value.map(canonical) }
  if (value instanceof Map) return { dict: [...value].map(([key, item]) => [canonical(key), canonical(item)]) }
  if (value instanceof Set) return { set: [...value].map((item) => JSON.stringify(canonical(item))).sort() }
  throw new Error(`not expected: ${String(value)}`)
}

const hex = (value: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString("hex")
}

/** The same in Python. */
export const inPython = `
import datetime, decimal, pickle, struct
def canonical(v):
    if v is None or isinstance(v, bool): return v
    if isinstance(v, float):
        whole = v == v and abs(v) < 2**53 and v == int(v) and not (v == 0 and str(v)[0] == "-")
        return {"int": str(int(v))} if whole else {"float": struct.pack(">d", v).hex()}
    if isinstance(v, int): return {"int": str(v)}
    if isinstance(v, str): return {"text": v}
    if isinstance(v, (bytes, bytearray)): return {"bytes": v.hex()}
    if isinstance(v, (list, tuple)): return {"list": [canonical(i) for i in v]}
    if isinstance(v, dict): return {"dict": [[canonical(k), canonical(i)] for k, i in v.items()]}
    if isinstance(v, (set, frozenset)):
        return {"set": sorted(json.dumps(canonical(i), separators=(",", ":")) for i in v)}
    if isinstance(v, datetime.datetime): return {"datetime": v.isoformat()}
    if isinstance(v, datetime.date): return {"date": v.isoformat()}
    if isinstance(v, datetime.time): return {"time": v.isoformat()}
    if isinstance(v, decimal.Decimal): return {"decimal": str(v)}
    raise TypeError(type(v))
`
