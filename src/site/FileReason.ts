/** File errors told apart and told to people. */
import type { PlatformError } from "@effect/platform/Error"

/** There is no such file or directory. */
export const isNotFound = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

/** A file error in a few words: the kernel's own where there are any. */
export const reasonOf = (error: PlatformError): string => {
  const cause = error._tag === "SystemError" ? error.cause : undefined
  const text = cause instanceof Error ? cause.message : (error.description ?? error.message)
  return text.replace(/^E[A-Z]+: /, "")
}
