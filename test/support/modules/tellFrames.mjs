/** A worker's module whose result is all texts of the frames of an event. */
import { env } from "node:process"

/** How long it takes over an event, in milliseconds. */
const slow = Number(env.SLOW ?? "0")

export const parameters = [
  { name: "gain", description: "of the detector", dtype: "float", default: 0.5 },
  { name: "label", description: null, dtype: "str", default: "none" }
]

export const process = async ({ streams }) => {
  if (slow > 0) await new Promise((resolve) => setTimeout(resolve, slow))
  return Object.fromEntries(
    Object.entries(streams).map(([name, { frames }]) => [name, frames.map((part) => Buffer.from(part).toString())])
  )
}
