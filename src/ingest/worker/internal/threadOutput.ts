/**
 * What the code of a thread writes to its standard streams, line by line.
 *
 * @internal
 */
import type { Readable } from "node:stream"

/** A longer line is cut in pieces. */
const longest = 16_384

/** Calls back for each line that is not empty. */
export const eachLine = (output: Readable, onLine: (line: string) => void): void => {
  let rest = ""
  const tell = (line: string) => {
    if (line.trim() !== "") onLine(line)
  }
  output.setEncoding("utf8")
  output.on("data", (piece: string) => {
    const lines = (rest + piece).split("\n")
    rest = lines.pop() ?? ""
    lines.forEach(tell)
    for (; rest.length > longest; rest = rest.slice(longest)) tell(rest.slice(0, longest))
  })
  output.on("end", () => tell(rest))
}
