/**
 * How Python writes a text in quotes: `repr`. Messages that scripts know by heart quote so.
 */

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }

/** Control characters, formats, surrogates, unassigned ones and every blank but the space. */
const unprintable = /[\p{C}\p{Z}]/u

const hex = (code: number, width: number) => code.toString(16).padStart(width, "0")

const escaped = (character: string, quote: string): string => {
  if (character === quote) return `\\${quote}`
  const known = short[character]
  if (known !== undefined) return known
  if (character === " " || !unprintable.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

/** `repr(text)`: single quotes, or double ones where the text holds single quotes only. */
export const repr = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  return quote + Array.from(text, (character) => escaped(character, quote)).join("") + quote
}
