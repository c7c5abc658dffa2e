/** As much of Python's pickle (protocol 4) as results of peers need: numbers, texts, None, booleans, lists and dicts. */

export type Plain = null | boolean | number | string | ReadonlyArray<Plain> | { readonly [name: string]: Plain }

export const dumps = (value: Plain): Buffer =>
  Buffer.concat([Buffer.from([0x80, 4]), ...opcodes(value), Buffer.from(".")])

const opcodes = (value: Plain): ReadonlyArray<Buffer> => {
  if (value === null) return [Buffer.from("N")]
  if (typeof value === "boolean") return [Buffer.from([value ? 0x88 : 0x89])]
  if (typeof value === "string") {
    const text = Buffer.from(value)
    return [Buffer.from("X"), le32(text.length), text]
  }
  if (typeof value === "number") {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return [Buffer.from("J"), le32(value)]
    const float = Buffer.alloc(8)
    float.writeDoubleBE(value)
    return [Buffer.from("G"), float]
  }
  if (isList(value)) return [Buffer.from("]("), ...value.flatMap(opcodes), Buffer.from("e")]
  return [
    Buffer.from("}("),
    ...Object.entries(value).flatMap(([key, one]) => [...opcodes(key), ...opcodes(one)]),
    Buffer.from("u")
  ]
}

/** Reads what a pickler makes of such values; anything else is an error. */
export const loads = (bytes: Uint8Array): Plain => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stack: Array<unknown> = []
  const marks: Array<number> = []
  const memo: Array<unknown> = []
  let at = 0
  const text = (length: number) => view.toString("utf8", at, (at += length))
  const sinceMark = () => stack.splice(marks.pop() ?? 0)
  const fill = (pairs: ReadonlyArray<unknown>) => {
    const target = stack.at(-1) as Record<string, unknown>
    for (let k = 0; k < pairs.length; k += 2) target[String(pairs[k])] = pairs[k + 1]
  }
  for (;;) {
    const opcode = view[at++]
    switch (opcode) {
      case 0x80:
        at += 1
        break
      case 0x95:
        at += 8
        break
      case 0x2e:
        return stack.pop() as Plain
      case 0x4e:
        stack.push(null)
        break
      case 0x88:
      case 0x89:
        stack.push(opcode === 0x88)
        break
      case 0x4b:
        stack.push(view.readUInt8(at))
        at += 1
        break
      case 0x4d:
        stack.push(view.readUInt16LE(at))
        at += 2
        break
      case 0x4a:
        stack.push(view.readInt32LE(at))
        at += 4
        break
      case 0x47:
        stack.push(view.readDoubleBE(at))
        at += 8
        break
      case 0x8c:
        stack.push(text(view.readUInt8(at++)))
        break
      case 0x58:
        at += 4
        stack.push(text(view.readUInt32LE(at - 4)))
        break
      case 0x94:
        memo.push(stack.at(-1))
        break
      case 0x68:
        stack.push(memo[view.readUInt8(at++)])
        break
      case 0x6a:
        stack.push(memo[view.readUInt32LE(at)])
        at += 4
        break
      case 0x28:
        marks.push(stack.length)
        break
      case 0x5d:
        stack.push([])
        break
      case 0x7d:
        stack.push({})
        break
      case 0x61: {
        const item = stack.pop()
        ;(stack.at(-1) as Array<unknown>).push(item)
        break
      }
      case 0x65: {
        const items = sinceMark()
        ;(stack.at(-1) as Array<unknown>).push(...items)
        break
      }
      case 0x73:
        fill(stack.splice(-2))
        break
      case 0x75:
        fill(sinceMark())
        break
      default:
        throw new Error(`opcode ${opcode} at ${at - 1} is none of plain data`)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

const isList = (value: Plain): value is ReadonlyArray<Plain> => Array.isArray(value)

const le32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value | 0)
  return bytes
}
