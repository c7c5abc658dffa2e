/**
 * Everything that a pickle may ask for by name, and what is made of it. This is the whole list: nothing is looked up anywhere else,
 * and no name ever becomes code.
 *
 * @internal
 */
import { ArrayDraft, DTypeDraft, Global, InstanceDraft, type Item } from "./Draft.js"
import { forbidden, malformed } from "./fault.js"
import { dictOf, type Machine, setOf } from "./Machine.js"
import * as numpy from "./numpy.js"
import * as times from "./times.js"
import { Instance, type PickleValue } from "../PickleValue.js"

type Maker = (given: ReadonlyArray<Item>, machine: Machine) => Item

/** Counted for an entry of a container that is made from another one. */
const entry = 64

const listed = (items: Item | undefined, machine: Machine): ReadonlyArray<Item> => {
  if (!Array.isArray(items)) return malformed("a list is needed")
  machine.produce(entry * items.length)
  return items
}

const set: Maker = ([items = []], machine) => setOf(listed(items, machine))

/** `codecs.encode(text, "latin1")` is how bytes stand in protocols 0 to 2. */
const encode: Maker = ([text, encoding = "utf-8"], machine) => {
  if (typeof text !== "string") return malformed("what is encoded is a text")
  if (encoding !== "latin1" && encoding !== "latin-1") return forbidden("an encoding other than latin1")
  machine.produce(text.length)
  return latin(text)
}

const bytes: Maker = ([content, encoding], machine) => {
  if (content === undefined) return new Uint8Array(0)
  return content instanceof Uint8Array ? content : encode([content, encoding ?? null], machine)
}

const orderedDict: Maker = ([pairs = []], machine) =>
  dictOf(
    listed(pairs, machine).flatMap((pair) =>
      Array.isArray(pair) && pair.length === 2 ? pair : malformed("a dict of what are no pairs")
    )
  )

const array: Maker = ([kind]) =>
  kind instanceof Global && kind.name === "numpy.ndarray"
    ? numpy.reconstruct()
    : forbidden("an array of a class of its own", kind instanceof Global ? kind.name : undefined)

/** Classes that are only named by others. */
const notCalled: Maker = () => malformed("this class is not called so")

const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["numpy.ndarray", notCalled],
  ["builtins.object", notCalled],
  ["numpy.dtype", ([code]) => numpy.dtype(code)],
  ["numpy.core.multiarray._reconstruct", array],
  ["numpy.core.multiarray.scalar", numpy.scalar],
  ["numpy.core.numeric._frombuffer", numpy.fromBuffer],
  ["_codecs.encode", encode],
  ["builtins.bytes", bytes],
  ["builtins.bytearray", bytes],
  ["builtins.set", set],
  ["builtins.frozenset", set],
  ["collections.OrderedDict", orderedDict],
  ["datetime.datetime", times.datetime],
  ["datetime.date", times.date],
  ["datetime.time", times.time],
  ["datetime.timedelta", times.timedelta],
  ["datetime.timezone", times.timezone],
  ["decimal.Decimal", times.decimal],
  ["copyreg._reconstructor", ([of]) => instance(of)]
])

/** Names of Python 2 and of numpy 2 for what is on the list. */
const moved: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
  ["numpy._core.multiarray", "numpy.core.multiarray"],
  ["numpy._core.numeric", "numpy.core.numeric"]
])

/** A name, where it is on the list or among the classes that the caller reads as records. */
export const find = (module: Item, name: Item, machine: Machine): Global => {
  if (typeof module !== "string" || typeof name !== "string") return malformed("a class is named by two texts")
  const full = `${moved.get(module) ?? module}.${name}`
  return makers.has(full) || machine.records.has(full)
    ? new Global(full)
    : forbidden(`${JSON.stringify(full.slice(0, 200))} is not read`, full.slice(0, 200))
}

/** What a call of it would give. */
export const call = (callee: Item, given: Item, machine: Machine): Item => {
  if (!(callee instanceof Global)) return malformed("calls what is no class")
  if (!Array.isArray(given)) return malformed("calls without a tuple")
  return makers.get(callee.name)?.(given, machine) ?? instance(callee)
}

/** A new object, without a call. */
export const create = (callee: Item, given: Item, machine: Machine): Item =>
  callee instanceof Global && machine.records.has(callee.name) ? instance(callee) : call(callee, given, machine)

/** What becomes of an object that is given its state. */
export const build = (object: Item, state: Item): Item => {
  if (object instanceof ArrayDraft) return numpy.arrayOf(state)
  if (object instanceof DTypeDraft) return numpy.withState(object, state)
  if (object instanceof InstanceDraft && state instanceof Map) {
    // What is not whole in there is refused in the end, with all the rest of the value.
    return new Instance(object.className, state as ReadonlyMap<PickleValue, PickleValue>)
  }
  return malformed("this object has no state")
}

// ------------------------------------------------------------------------------------------------------------------

const instance = (of: Item | undefined): InstanceDraft =>
  of instanceof Global && !makers.has(of.name) ? new InstanceDraft(of.name) : malformed("an object of no class")

const latin = (text: string): Uint8Array => {
  const encoded = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    encoded[at] = code < 256 ? code : malformed("a character that Latin-1 does not have")
  }
  return encoded
}
