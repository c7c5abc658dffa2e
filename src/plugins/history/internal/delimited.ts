/**
 * Text in rows of fields: quoted fields may hold delimiters, doubled quotes and line ends; lines end with LF, CRLF or CR.
 *
 * @internal
 */

/** Undefined for a text whose last quote never ends. */
export const parse = (text: string, delimiter: string): ReadonlyArray<ReadonlyArray<string>> | undefined => {
  const rows: Array<ReadonlyArray<string>> = []
  let row: Array<string> = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    let field = ""
    if (text[at] === '"') {
      const end = closing(text, at + 1)
      if (end < 0) return undefined
      field = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
    }
    const from = at
    while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at++
    row.push(field + text.slice(from, at))
    const isLineEnd = text[at] !== delimiter
    if (isLineEnd) {
      rows.push(row)
      row = []
    } else if (at === text.length - 1) row.push("")
    at += text.startsWith("\r\n", at) ? 2 : 1
  }
  if (row.length > 0) rows.push(row)
  return rows
}

// ------------------------------------------------------------------------------------------------------------------

/** The quote that is not doubled. */
const closing = (text: string, from: number): number => {
  let at = text.indexOf('"', from)
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at
}
