/** Long texts cut in the middle: the ends of paths and ids are what tells them apart. */
export const shorten = (text: string, longest: number): string => {
  if (text.length <= longest) return text
  const tail = Math.floor((longest - 1) * 0.35)
  return `${text.slice(0, longest - 1 - tail)}…${text.slice(text.length - tail)}`
}

/** An event's data on one line, without the braces and quotes that carry nothing. */
export const oneLine = (data: unknown): string => {
  if (typeof data === "string") return data
  if (typeof data !== "object" || data === null || Array.isArray(data)) return JSON.stringify(data) ?? ""
  return Object.entries(data)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ")
}
