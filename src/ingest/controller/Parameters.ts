/**
 * The parameters of an ensemble: their values, the version of each that is in force, and the hash by which services show that
 * they have the same. Kept here and in the store, which is given again what it has lost.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { randomUUID } from "node:crypto"
import type { EnsembleUnreachable } from "../../assignment/EnsembleError.js"
import type { ParameterDescription } from "../../assignment/ParameterDescription.js"
import { ParameterStore } from "../../assignment/ParameterStore.js"
import { Incarnation } from "../../assignment/WorkAssignment.js"
import { parametersHash } from "../ParametersHash.js"

export interface Parameters {
  /** Puts a value under a new version, and makes that the one in force. */
  readonly set: (name: string, value: Uint8Array) => Effect.Effect<void, EnsembleUnreachable>
  /** Forgets the versions that were superseded before the last time this was asked, so that whoever is late still finds them. */
  readonly prune: Effect.Effect<void, EnsembleUnreachable>
  /** Gives the store what it has lost. */
  readonly restore: Effect.Effect<void, EnsembleUnreachable>
  /** Sets what has no value yet to the default that its description states; says whether there was any. */
  readonly setDefaults: (
    descriptions: ReadonlyArray<ParameterDescription>
  ) => Effect.Effect<boolean, EnsembleUnreachable>
  readonly get: (name: string) => Option.Option<Uint8Array>
  /** In the order in which they were first set. */
  readonly values: () => ReadonlyArray<readonly [name: string, value: Uint8Array]>
  readonly versions: () => Readonly<Record<string, Incarnation>>
  readonly hash: () => string
}

export const make: Effect.Effect<Parameters, never, ParameterStore> = Effect.map(ParameterStore, (store) => {
  const held = new Map<string, { readonly version: Incarnation; readonly value: Uint8Array }>()
  let superseded: ReadonlyArray<readonly [name: string, version: Incarnation]> = []
  let doomed: typeof superseded = []

  const set = Effect.fnUntraced(function* (name: string, value: Uint8Array) {
    const version = Incarnation.make(randomUUID())
    yield* store.put(name, version, value)
    const old = held.get(name)
    if (old !== undefined) superseded = [...superseded, [name, old.version]]
    held.set(name, { version, value })
  })

  return {
    set,
    prune: Effect.suspend(() =>
      Effect.forEach(doomed, ([name, version]) => store.remove(name, version), { discard: true }).pipe(
        Effect.tap(() => {
          doomed = superseded
          superseded = []
        })
      )
    ),
    restore: Effect.suspend(() =>
      Effect.forEach(
        [...held],
        ([name, { value, version }]) =>
          Effect.flatMap(store.get(name, version), (found) =>
            Option.isSome(found) ? Effect.void : store.put(name, version, value)
          ),
        { discard: true }
      )
    ),
    setDefaults: (descriptions) =>
      Effect.map(
        Effect.forEach(
          descriptions.filter(({ name }) => !held.has(name)),
          (description) => Effect.as(set(description.name, defaultOf(description)), true)
        ),
        (done) => done.length > 0
      ),
    get: (name) => Option.map(Option.fromNullable(held.get(name)), ({ value }) => value),
    values: () => Array.from(held, ([name, { value }]) => [name, value] as const),
    versions: () => Object.fromEntries(Array.from(held, ([name, { version }]) => [name, version])),
    hash: () => parametersHash(Array.from(held, ([name, { version }]) => [name, version] as const))
  }
})

// -----------------------------------------------------------------------------

/** As Python's `str` writes it, which is what the field's services read. */
const defaultOf = ({ default: value, dtype }: ParameterDescription): Uint8Array => {
  const text =
    typeof value === "boolean"
      ? value
        ? "True"
        : "False"
      : typeof value === "number" && dtype === "float" && Number.isInteger(value) && Math.abs(value) < 1e16
        ? `${value}.0`
        : value === null || value === undefined
          ? "None"
          : String(value)
  return new TextEncoder().encode(text)
}
