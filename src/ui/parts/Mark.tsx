/** A state told three times: by shape, by word, by colour. */
import type { NodeState } from "../../actor/NodeStatus.js"
import { word } from "../model/Tree.js"

export type Shape = "disc" | "ring" | "half" | "square" | "triangle"
export type Tone = "good" | "busy" | "warn" | "bad" | "rest"

const looks: Readonly<Record<NodeState, readonly [Shape, Tone]>> = {
  starting: ["ring", "busy"],
  stopping: ["ring", "busy"],
  ready: ["disc", "good"],
  degraded: ["disc", "warn"],
  "backing-off": ["half", "warn"],
  stopped: ["square", "rest"],
  quarantined: ["triangle", "bad"],
  failed: ["triangle", "bad"]
}

export const StateMark = ({ state }: { readonly state: NodeState }) => {
  const [shape, tone] = looks[state]
  return <Mark shape={shape} tone={tone} word={word(state)} />
}

export const Mark = ({ shape, tone, word }: { readonly shape: Shape; readonly tone: Tone; readonly word: string }) => (
  <span className="mark" data-tone={tone}>
    <Figure shape={shape} />
    <span>{word}</span>
  </span>
)

/** The shape alone, where the word stands nearby. */
export const Figure = ({ shape }: { readonly shape: Shape }) => (
  <svg className="figure" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    {shape === "disc" && <circle cx="6" cy="6" r="4.5" fill="currentColor" />}
    {shape === "ring" && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" />}
    {shape === "half" && (
      <>
        <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.2" />
        <path d="M6 1.5a4.5 4.5 0 0 0 0 9z" fill="currentColor" />
      </>
    )}
    {shape === "square" && <rect x="2" y="2" width="8" height="8" fill="currentColor" />}
    {shape === "triangle" && <path d="M6 1 11.4 10.8H.6z" fill="currentColor" />}
  </svg>
)
