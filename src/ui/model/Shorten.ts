/** Long texts cut in the middle: the ends of paths and ids are what tells them apart. */
export const shorten = (text: string, longest: number): string => {
  if (text.length <= longest) return text
  const tail = Math.floor((longest - 1) * 0.35)
  return `${text.slice(0, longest - 1 - tail)}…${text.slice(text.length - tail)}`
}

/** An event's data on one line, without the braces and quotes that carry nothing, and no more digits than can be read. */
export const oneLine = (data: unknown): string => {
  if (typeof data === "string") return data
  if (typeof data !== "object" || data === null || Array.isArray(data)) return compact(data)
  return Object.entries(data)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : compact(value)}`)
    .join(", ")
}

/** What an event of the site itself says: about which part, and why. */
export const telling = (data: unknown): string => {
  if (typeof data !== "object" || data === null || !("path" in data) || typeof data.path !== "string")
    return oneLine(data)
  const reason = "reason" in data && typeof data.reason === "string" ? `, ${data.reason}` : ""
  const cause = "cause" in data && typeof data.cause === "string" ? `: ${data.cause.split("\n", 1)[0] ?? ""}` : ""
  return `${data.path}${reason}${cause}`
}

// ------------------------------------------------------------------------------------------------------------------

const compact = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "number" && !Number.isInteger(part) ? Number(part.toPrecision(6)) : part
  ) ?? ""
