/** What the source of the config offers, verified: the first two steps of every update, before anything is changed. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type UpdateFailed, UpdateFailed as Failed, type UpdateOffer } from "../domain/Update.js"
import * as Manifest from "./Manifest.js"
import { type PreparedRelease, ReleaseSources } from "./ReleaseSource.js"
import type { UpdateSettings } from "./Settings.js"

export interface Circumstances {
  readonly settings: UpdateSettings
  readonly running: string
  /** When the journal was last written: a clock that stands before that is wrong. */
  readonly latest: string | undefined
}

/** The source that the config names. */
export const source = (settings: UpdateSettings): Effect.Effect<PreparedRelease, UpdateFailed, ReleaseSources> =>
  Option.match(settings.source, {
    onNone: () =>
      Effect.fail(
        new Failed({ reason: "NoSource", detail: "update.source of the config names no source of releases" })
      ),
    onSome: ({ settings, use }) => Effect.flatMap(ReleaseSources, (sources) => sources.prepare(use, settings))
  })

/** Whoever has signed it, it is for this station, and for now. */
export const trusted = (text: string, circumstances: Circumstances): Effect.Effect<Manifest.Trusted, UpdateFailed> =>
  Effect.tap(verified(text, circumstances), ({ manifest }) => judged(manifest, circumstances))

/** What a manifest offers, also where it would be refused. One that nobody known has signed offers nothing. */
export const offer = (text: string, circumstances: Circumstances): Effect.Effect<UpdateOffer, UpdateFailed> =>
  Effect.gen(function* () {
    const { manifest } = yield* verified(text, circumstances)
    const verdict = yield* Effect.either(judged(manifest, circumstances))
    const refused = Either.isLeft(verdict) ? { reason: verdict.left.reason, detail: verdict.left.detail } : null
    const { created, expires, size, version } = manifest
    return { version, size, created: DateTime.formatIso(created), expires: DateTime.formatIso(expires), refused }
  })

// ---------------------------------------------------------------------------------------------------------------------

const verified = (text: string, { settings }: Circumstances) =>
  Manifest.verify(text, { keys: settings.keys, allowUnsigned: settings.allow_unsigned })

const judged = (manifest: Manifest.Manifest, { latest, running, settings }: Circumstances) =>
  Effect.flatMap(DateTime.now, (now) =>
    Manifest.judge(manifest, {
      name: settings.name,
      version: running,
      platform: `${process.platform}-${process.arch}`,
      now: Option.match(Option.flatMap(Option.fromNullable(latest), DateTime.make), {
        onNone: () => now,
        onSome: (last) => DateTime.max(DateTime.toUtc(last), now)
      }),
      allowOlder: settings.allow_older
    })
  )
