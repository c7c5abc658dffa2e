/** What a `Content-Type` or `Accept` header asks for. */

/** The type without its parameters, in lower case; empty where the header is absent. */
export const essence = (header: string | undefined): string => {
  if (header === undefined) return ""
  const end = header.indexOf(";")
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase()
}

/** No header, `application/json` or `application/<anything>+json`. */
export const isJson = (header: string | undefined): boolean => {
  if (header === undefined || header === "application/json") return true
  const type = essence(header)
  return type === "" || type === "application/json" || /^application\/[^\s/]+\+json$/.test(type)
}

/** One JSON value per line, under any of its names. */
export const isNdjson = (header: string | undefined): boolean => lines.has(essence(header))

/** Whether the client prefers lines to a document. */
export const wantsNdjson = (accept: string | undefined): boolean =>
  accept !== undefined && accept.split(",").some((range) => lines.has(essence(range)))

const lines = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"])
