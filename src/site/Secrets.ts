/**
 * Secret values in a config file. A secret is written as plain text, or better as a reference: `${env:NAME}`, where the
 * local file's `general.allow_env` lists NAME, or `${file:PATH}`, a file below `<site>/secrets/`. It is decoded to a
 * `Redacted` and made known to the redaction of logs before anyone holds it. Encoding a secret gives `********`, so no
 * dump of decoded settings can show one; errors name the reference, never the value.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { reasonOf } from "./FileReason.js"
import { within } from "./internal/containment.js"
import { Redaction } from "./Redaction.js"
import { Site } from "./Site.js"

/** What stands for a secret that is set, wherever settings are shown. */
export const mask = "********"

/** A secret that can't be had. Bears the reference as written, never a value. */
export class SecretUnavailable extends Schema.TaggedError<SecretUnavailable>()("SecretUnavailable", {
  reference: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.reference} ${this.reason}`
  }
}

/** Marks a schema whose values are secrets: shown as `********`, kept by a write that shows it so, absent from errors. */
export const SecretId: unique symbol = Symbol.for("outpost/site/Secret")

export class Secrets extends Context.Tag("outpost/site/Secrets")<Secrets, SecretsService>() {}

export interface SecretsService {
  /** The value behind a text from the config: the text itself or what its reference names. Registered for redaction. */
  readonly reveal: (text: string) => Effect.Effect<Redacted.Redacted, SecretUnavailable>
  /** The same with another list of names for `${env:...}`, for a document that is only being tried. */
  readonly allowing: (names: ReadonlyArray<string>) => SecretsService
  /** The names `${env:...}` may use from now on (the local file's `general.allow_env`); none at first. */
  readonly allowEnvironment: (names: ReadonlyArray<string>) => Effect.Effect<void>
}

/** A secret in a settings schema: text or reference in the file, `Redacted` in the program. */
export const SecretReference: Schema.Schema<Redacted.Redacted, string, Secrets> = Schema.transformOrFail(
  Schema.String.annotations({ [SecretId]: true, description: "plain text, ${env:NAME} or ${file:PATH}" }),
  Schema.RedactedFromSelf(Schema.String),
  {
    strict: true,
    decode: (text, _, ast) =>
      Effect.flatMap(Secrets, (secrets) => secrets.reveal(text)).pipe(
        Effect.mapError((error) => new ParseResult.Type(ast, mask, error.message))
      ),
    encode: () => ParseResult.succeed(mask)
  }
).annotations({ identifier: "Secret" })

/** True for a text that refers, or tries to refer, to a secret standing elsewhere. */
export const isReference = (text: string): boolean => /\$\{\s*(env|file)\s*:/i.test(text)

export const make: Effect.Effect<SecretsService, never, Site | Redaction | FileSystem.FileSystem | Path.Path> =
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const redaction = yield* Redaction
    const site = yield* Site
    const resolve = yield* within(site.secretsDirectory)
    const current = yield* Ref.make<ReadonlyArray<string>>([])

    const fromEnvironment = Effect.fnUntraced(function* (
      reference: string,
      name: string,
      allowed: ReadonlyArray<string>
    ) {
      const refuse = (reason: string) => new SecretUnavailable({ reference, reason })
      if (!allowed.includes(name))
        return yield* refuse(`is not allowed; add ${name} to general.allow_env in the local file`)
      const value = yield* Effect.option(Config.redacted(name))
      return Option.isSome(value) && Redacted.value(value.value) !== ""
        ? value.value
        : yield* refuse("is not set in the environment")
    })

    const fromFile = Effect.fnUntraced(function* (reference: string, relative: string) {
      const refuse = (reason: string) => new SecretUnavailable({ reference, reason })
      const path = yield* resolve(relative).pipe(
        Effect.mapError(({ reason }) => refuse(`${reason}; name a file below secrets/`))
      )
      const text = yield* fs.stat(path).pipe(
        Effect.filterOrFail(
          ({ type, size }) => type === "File" && size <= largestFile,
          () => refuse("is not a small file")
        ),
        Effect.zipRight(fs.readFileString(path)),
        Effect.mapError((error) =>
          error._tag === "SecretUnavailable" ? error : refuse(`can't be read: ${reasonOf(error)}`)
        )
      )
      const value = text.replace(/\r?\n$/, "")
      return value === "" ? yield* refuse("is an empty file") : Redacted.make(value)
    })

    const revealWith = (names: Effect.Effect<ReadonlyArray<string>>) =>
      Effect.fnUntraced(function* (text: string) {
        const [, kind, name] = /^\$\{(env|file):([^{}]+)\}$/.exec(text) ?? []
        if (kind === undefined || name === undefined) {
          if (text === mask)
            return yield* new SecretUnavailable({ reference: mask, reason: "stands for no stored value" })
          if (isReference(text)) {
            const reason = "a reference must be the whole value: ${env:NAME} or ${file:PATH}"
            return yield* new SecretUnavailable({ reference: "secret:", reason })
          }
        }
        const secret =
          kind === "env" && name !== undefined
            ? yield* fromEnvironment(text, name, yield* names)
            : kind === "file" && name !== undefined
              ? yield* fromFile(text, name)
              : Redacted.make(text)
        yield* redaction.add(secret)
        return secret
      })

    const withNames = (names: Effect.Effect<ReadonlyArray<string>>): SecretsService => ({
      reveal: revealWith(names),
      allowing: (others) => withNames(Effect.succeed(others)),
      allowEnvironment: (others) => Ref.set(current, others)
    })
    return withNames(Ref.get(current))
  })

export const layer: Layer.Layer<Secrets, never, Site | Redaction | FileSystem.FileSystem | Path.Path> = Layer.effect(
  Secrets,
  make
)

// ------------------------------------------------------------------------------------------------------------------

const largestFile = FileSystem.KiB(64)
