/** Secrets by a table: `${file:NAME}` is looked up there. */
import { Effect, Redacted } from "effect"
import { type SecretsService, SecretUnavailable } from "../../src/site/Secrets.js"

export const make = (known: Readonly<Record<string, string>> = {}): SecretsService => {
  const secrets: SecretsService = {
    reveal: (text) => {
      const name = /^\$\{file:([^{}]+)\}$/.exec(text)?.[1]
      const value = name === undefined ? text : known[name]
      return value === undefined
        ? Effect.fail(new SecretUnavailable({ reference: text, reason: "is not there" }))
        : Effect.succeed(Redacted.make(value))
    },
    allowing: () => secrets,
    allowEnvironment: () => Effect.void
  }
  return secrets
}
