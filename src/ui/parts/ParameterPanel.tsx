/** The parameters of the ensemble: what services say of them, the value in force, and a way to set another. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { useState, type FormEvent } from "react"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import { IngestOperations, ParameterNotFound } from "../../operations/IngestOperations.js"
import { useAsked } from "../live/Asked.js"
import { ask } from "../live/Server.js"
import { kindName, problemOf, textOf } from "../model/ParameterText.js"
import { bytes } from "../model/Quantity.js"
import { Empty, Panel, Problem } from "./Panel.js"

/** `version` changes with the values, and with who describes them. */
export const ParameterPanel = ({ version }: { readonly version: string }) => {
  const [answer, again] = useAsked(`parameters ${version}`, () => read)
  const [held, setHeld] = useState<ReadonlyArray<Parameter>>([])
  if (answer.state === "here" && answer.value !== held) setHeld(answer.value)
  return (
    <Panel title="Parameters">
      {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
      {answer.state === "waiting" && held.length === 0 && <Empty>Asking the controller…</Empty>}
      <ul className="parameters">
        {held.map((parameter) => (
          <li key={parameter.name} data-parameter={parameter.name}>
            <Setting key={parameter.text ?? ""} parameter={parameter} onSet={again} />
          </li>
        ))}
        <li>
          <Another taken={held} onSet={again} />
        </li>
      </ul>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

interface Parameter {
  readonly name: string
  readonly description: ParameterDescription | undefined
  /** Undefined where it was never set. */
  readonly value: Uint8Array | undefined
  /** Undefined where the value is no text. */
  readonly text: string | undefined
}

/** Those that services describe, then those that were set without anybody describing them. */
const read = Effect.flatMap(IngestOperations, ({ ensemble, parameter, parameters }) =>
  Effect.gen(function* () {
    const described = yield* parameters
    const { parameters_version } = yield* ensemble
    const names = new Set([...described.map(({ name }) => name), ...Object.keys(parameters_version)])
    return yield* Effect.forEach(
      names,
      (name) =>
        Effect.map(
          Object.hasOwn(parameters_version, name) ? known(parameter(name)) : Effect.succeed(undefined),
          (value): Parameter => {
            const description = described.find((one) => one.name === name)
            const text = value === undefined ? String(description?.default ?? "") : textOf(value)
            return { name, description, value, text }
          }
        ),
      { concurrency: 4 }
    )
  })
)

const known = <A, E, R>(value: Effect.Effect<A, E | ParameterNotFound, R>) =>
  Effect.catchIf(
    value,
    (error): error is ParameterNotFound => error instanceof ParameterNotFound,
    () => Effect.succeed(undefined)
  )

const set = async (name: string, text: string): Promise<string | undefined> => {
  const value = new TextEncoder().encode(text)
  const answer = await ask(Effect.flatMap(IngestOperations, ({ setParameter }) => setParameter(name, value)))
  return Either.isLeft(answer) ? answer.left.message : undefined
}

const Setting = ({ onSet, parameter }: { readonly parameter: Parameter; readonly onSet: () => void }) => {
  const { description, name, value } = parameter
  const [text, setText] = useState(parameter.text ?? "")
  const [pending, setPending] = useState(false)
  const [refused, setRefused] = useState<string | undefined>(undefined)
  const kind = description?.dtype ?? "str"
  const wrong = problemOf(kind, text)
  const changed = text !== (parameter.text ?? "")
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setPending(true)
    const problem = await set(name, text)
    setPending(false)
    setRefused(problem)
    if (problem === undefined) onSet()
  }
  return (
    <form className="parameter" onSubmit={(event) => void submit(event)}>
      <label>
        <span className="mono">{name}</span> <span className="meta">{told(description, value)}</span>
        {parameter.text === undefined || kind === "binary" ? (
          <code className="command">
            curl --data-binary @FILE {location.origin}/api/v1/parameter/{encodeURIComponent(name)}
          </code>
        ) : kind === "bool" ? (
          <select value={text} onChange={(event) => setText(event.target.value)}>
            {["True", "False", ...(text === "True" || text === "False" ? [] : [text])].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : (
          <input
            className="mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-invalid={changed && wrong !== undefined}
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </label>
      <button
        type="submit"
        className="button"
        disabled={pending || !changed || wrong !== undefined}
        aria-label={`Set ${name}`}
      >
        {pending ? "Setting…" : "Set"}
      </button>
      {(refused !== undefined || (changed && wrong !== undefined)) && (
        <p className="field-problem" role="alert">
          {refused ?? wrong}
        </p>
      )}
    </form>
  )
}

const told = (description: ParameterDescription | undefined, value: Uint8Array | undefined): string =>
  [
    description?.description ?? "",
    description === undefined ? "described by nobody" : kindName[description.dtype],
    value === undefined ? "not set" : description?.dtype === "binary" ? bytes(value.length) : ""
  ]
    .filter((part) => part !== "")
    .join(", ")

/** One that nobody describes: modules may read whatever they are given. */
const Another = ({ onSet, taken }: { readonly taken: ReadonlyArray<Parameter>; readonly onSet: () => void }) => {
  const [name, setName] = useState("")
  const [text, setText] = useState("")
  const [refused, setRefused] = useState<string | undefined>(undefined)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const problem = await set(name, text)
    setRefused(problem)
    if (problem !== undefined) return
    setName("")
    setText("")
    onSet()
  }
  const there = taken.some((parameter) => parameter.name === name)
  return (
    <form className="parameter" onSubmit={(event) => void submit(event)}>
      <div className="two-fields">
        <label>
          <span className="meta">Another parameter</span>
          <input className="mono" value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" />
        </label>
        <label>
          <span className="meta">Its value</span>
          <input className="mono" value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" />
        </label>
      </div>
      <button type="submit" className="button" disabled={name === "" || there} aria-label="Set another parameter">
        Set
      </button>
      {(refused !== undefined || there) && (
        <p className="field-problem" role="alert">
          {refused ?? `${name} is listed above`}
        </p>
      )}
    </form>
  )
}
