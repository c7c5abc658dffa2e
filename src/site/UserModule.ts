/** A module that a user brings: loaded from its file, and what it throws in words. */
import * as Predicate from "effect/Predicate"
import { stat } from "node:fs/promises"
import { pathToFileURL } from "node:url"

/** What a module exports; read anew when the file has changed. What it imports itself is not. */
export const load = async (file: string): Promise<unknown> => {
  const { mtimeMs } = await stat(file)
  return import(`${pathToFileURL(file).href}?${mtimeMs}`)
}

/**
 * What was thrown, in words: what can't be written down must not fail a second time. It may come from another copy of a
 * library: it is known by its shape.
 */
export const describe = (cause: unknown): string => {
  try {
    if (cause instanceof Error) return String(cause.message === "" ? cause.name : cause.message)
    if (Predicate.isRecord(cause) && typeof cause["message"] === "string") return cause["message"]
    return typeof cause === "string" ? cause : (JSON.stringify(cause) ?? String(cause))
  } catch {
    return `a value of type ${typeof cause} that can't be written down`
  }
}
