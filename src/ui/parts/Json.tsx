/** A JSON value laid out for reading, with a way to take it along. */
import { useState, type ReactNode } from "react"

export const Json = ({ value }: { readonly value: unknown }) => <pre className="json">{paint(value, 0)}</pre>

export const Copy = ({ text }: { readonly text: () => string }) => {
  const [said, setSaid] = useState("Copy")
  return (
    <button
      type="button"
      className="button"
      onClick={() => {
        // Only pages of this machine or with TLS may write to the clipboard.
        void (navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error("not allowed here"))).then(
          () => setSaid("Copied"),
          () => setSaid("Not allowed here")
        )
      }}
    >
      {said}
    </button>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const paint = (value: unknown, depth: number): ReactNode => {
  if (typeof value === "string") return <span className="json-text">{JSON.stringify(value)}</span>
  if (typeof value === "number") return <span className="json-number">{String(value)}</span>
  if (typeof value === "boolean" || value === null) return <span className="json-word">{String(value)}</span>
  if (typeof value !== "object") return JSON.stringify(value)
  const inner = "  ".repeat(depth + 1)
  const end = `\n${"  ".repeat(depth)}`
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]"
    if (value.every((item) => typeof item !== "object" || item === null) && JSON.stringify(value).length < 72) {
      return (
        <>[{value.map((item, index) => [index === 0 ? "" : ", ", <span key={index}>{paint(item, depth)}</span>])}]</>
      )
    }
    return (
      <>
        [
        {value.map((item, index) => (
          <span key={index}>
            {`${index === 0 ? "" : ","}\n${inner}`}
            {paint(item, depth + 1)}
          </span>
        ))}
        {`${end}]`}
      </>
    )
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return "{}"
  return (
    <>
      {"{"}
      {entries.map(([key, item], index) => (
        <span key={key}>
          {`${index === 0 ? "" : ","}\n${inner}`}
          <span className="json-key">{JSON.stringify(key)}</span>: {paint(item, depth + 1)}
        </span>
      ))}
      {`${end}}`}
    </>
  )
}
