/**
 * The config of the running site: file, validated document, the settings in force, and hot reload. A document that does not
 * decode leaves the last good one running and says so (`lastError`, log). A write is atomic, synced, keeps comments, and is
 * in force when it returns. Layers are never rebuilt: who depends on a section reads its slice when it starts and watches
 * `changes`.
 *
 * Concurrency: one permit guards every load and every write; readers see the last committed state.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { StorageFailed } from "../domain/Refusal.js"
import { type ConfigIssue, ConfigInvalid, type ConfigNotAllowed, describe } from "../operations/ConfigOperations.js"
import * as DurableFile from "../site/DurableFile.js"
import { isNotFound, reasonOf } from "../site/FileReason.js"
import { Secrets } from "../site/Secrets.js"
import { expandHome, Site } from "../site/Site.js"
import { shown } from "./ConfigCanonical.js"
import { decode, type Decoded } from "./ConfigDecode.js"
import type { ConfigDocument, SectionName } from "./ConfigDocument.js"
import { changed, effective, servable } from "./ConfigEffective.js"
import type { Overrides } from "./ConfigEnvironment.js"
import { type How, prepare, rewrite } from "./ConfigPut.js"
import * as Shape from "./ConfigShape.js"
import { largest, parse } from "./ConfigText.js"

export interface ConfigFileOptions {
  /** The file asked for; it must exist. None means `<site>/outpost.yaml`, if it is there. */
  readonly path: Option.Option<string>
  readonly overrides: Overrides
  /** How often the file is looked at for a change; none turns that off. */
  readonly poll?: Option.Option<Duration.DurationInput>
}

export class ConfigFile extends Context.Tag("outpost/app/ConfigFile")<ConfigFile, ConfigFileService>() {}

export interface ConfigFileService {
  /** Absolute path of the file, whether it is there or not. */
  readonly path: string
  /** The file's own document, decoded: what the file says, not what is in force. */
  readonly document: Effect.Effect<ConfigDocument>
  /** The settings of a section that are in force now: flags, environment, file, defaults. */
  readonly slice: <S extends SectionName>(section: S) => Effect.Effect<ConfigDocument[S]>
  /** The names of sections whose settings in force have changed, each after the change; from now on. */
  readonly changes: Stream.Stream<SectionName>
  /** What is doubtful in the file, though it is in force: a series that is asked for twice. */
  readonly doubts: Effect.Effect<ReadonlyArray<ConfigIssue>>
  /** The text of the file in force; empty where there is none. */
  readonly raw: Effect.Effect<string>
  /** Why the file on disk is not the one in force, if so. */
  readonly lastError: Effect.Effect<Option.Option<ConfigInvalid>>
  /** The file's document with all defaults, secrets masked. Looks at the disk first. */
  readonly show: Effect.Effect<Shape.Mapping>
  /** Puts a document from the network over the file: checked as a whole, written, in force. Nothing happens if it fails. */
  readonly put: (body: unknown) => Effect.Effect<Shape.Mapping, ConfigInvalid | ConfigNotAllowed | StorageFailed>
  /** Likewise for a document of which only what it mentions is changed, as it comes over an uplink. */
  readonly amend: (body: unknown) => Effect.Effect<Shape.Mapping, ConfigInvalid | ConfigNotAllowed | StorageFailed>
  /** Puts back a text that was in force before. */
  readonly restore: (text: string) => Effect.Effect<void, ConfigInvalid | StorageFailed>
  /** Fails as `put` would, without writing. */
  readonly validate: (body: unknown) => Effect.Effect<void, ConfigInvalid | ConfigNotAllowed>
  /** Reads the file now, changed or not. On failure the last good document stays. */
  readonly reload: Effect.Effect<void, ConfigInvalid>
  /** Reads the file if it has changed; what is wrong with it is told in the log and in `lastError`. */
  readonly refresh: Effect.Effect<void>
}

export const make: (
  options: ConfigFileOptions
) => Effect.Effect<ConfigFileService, ConfigInvalid, Site | Secrets | FileSystem.FileSystem | Path.Path | Scope.Scope> =
  Effect.fn("ConfigFile.make")(function* (options) {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const secrets = yield* Secrets
    const site = yield* Site
    const files = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const path = paths.resolve(Option.match(options.path, { onNone: () => site.paths.config, onSome: expandHome }))
    const absolute = (wanted: string) => paths.resolve(site.directory, expandHome(wanted))
    const one = yield* Effect.makeSemaphore(1)
    const published = yield* PubSub.sliding<SectionName>(256)

    const invalid = (message: string) => new ConfigInvalid({ issues: [{ path: "", message: `${path} ${message}` }] })

    /** The file on disk: none where there is no file. */
    const onDisk: Effect.Effect<Option.Option<string>, ConfigInvalid> = Effect.gen(function* () {
      const { size, type } = yield* fs.stat(path)
      if (type !== "File" || size > largest) {
        return yield* invalid(`can't be read: it is no regular file of at most ${largest} bytes`)
      }
      return Option.some(yield* fs.readFileString(path))
    }).pipe(
      Effect.catchAll((error) =>
        error._tag === "ConfigInvalid"
          ? Effect.fail(error)
          : isNotFound(error)
            ? Effect.succeedNone
            : Effect.fail(invalid(`can't be read: ${reasonOf(error)}`))
      )
    )
    const stamp = fs.stat(path).pipe(
      Effect.map(({ ino, mtime, size }) => `${Option.getOrNull(ino)} ${Option.getOrNull(mtime)?.getTime()} ${size}`),
      Effect.orElseSucceed(() => "none")
    )

    const decodeHere = (raw: unknown, locate?: Parameters<typeof decode>[1]) =>
      decode(raw, locate).pipe(Effect.provideService(Secrets, secrets.allowing(allowedNames(raw))))

    /** Everything that must hold before a text may be in force. */
    const load = Effect.fnUntraced(function* (text: string, running = true) {
      const { locate, raw } = yield* Either.mapLeft(parse(text), (issues) => new ConfigInvalid({ issues }))
      const decoded = yield* decodeHere(raw, locate)
      const inForce = yield* effective(decoded, options.overrides, absolute)
      // A running server must not be moved to where nobody may reach it; a start says so by itself.
      if (running) yield* servable(inForce)
      return { text, decoded, inForce } satisfies Loaded
    })

    const first = yield* onDisk.pipe(
      Effect.flatMap(
        Option.match({
          onNone: () => (Option.isSome(options.path) ? Effect.fail(invalid("does not exist")) : Effect.succeed("")),
          onSome: Effect.succeed
        })
      ),
      Effect.flatMap((text) => load(text, false))
    )
    const state = yield* Ref.make<State>({ ...first, stamp: yield* stamp, error: Option.none() })

    const commit = Effect.fnUntraced(function* (next: Loaded) {
      const before = yield* Ref.getAndSet(state, { ...next, stamp: yield* stamp, error: Option.none() })
      yield* secrets.allowEnvironment(next.decoded.document.general.allow_env)
      if (!Shape.same(remarks(before.decoded), remarks(next.decoded))) yield* warn(next.decoded)
      yield* PubSub.publishAll(published, changed(before.inForce, next.inForce))
    })
    yield* secrets.allowEnvironment(first.decoded.document.general.allow_env)
    yield* warn(first.decoded)

    /** Reads the file and puts it in force; on failure remembers why. */
    const readAgain = Effect.gen(function* () {
      const seen = yield* stamp
      const text = yield* onDisk
      // An editor empties a file before it writes it, and on a full disk it never does: neither is a wish for the defaults.
      if ((yield* Ref.get(state)).text.trim() !== "") {
        if (Option.isNone(text)) return yield* invalid("is gone")
        if (text.value.trim() === "") return yield* invalid("is empty")
      }
      const next = yield* load(Option.getOrElse(text, () => ""))
      yield* commit(next)
      yield* Ref.update(state, (now) => ({ ...now, stamp: seen }))
    }).pipe(
      Effect.tapError((error) =>
        Effect.flatMap(stamp, (stamp) =>
          Ref.update(state, (now) => ({ ...now, stamp, error: Option.some(error) }))
        ).pipe(Effect.zipRight(Effect.logError(`config: the last good one stays in force. ${error.message}`)))
      )
    )
    const reload = one.withPermits(1)(readAgain)
    const refresh = one.withPermits(1)(
      Effect.gen(function* () {
        if ((yield* stamp) !== (yield* Ref.get(state)).stamp)
          yield* readAgain.pipe(Effect.zipRight(Effect.logInfo("config: taken anew")))
      }).pipe(Effect.catchAll(() => Effect.void))
    )

    /** The file as it is now and the document it would become. */
    const candidate = Effect.fnUntraced(function* (body: unknown, how: How) {
      const text = Option.getOrElse(yield* onDisk, () => "")
      const file = yield* Either.mapLeft(parse(text), (issues) => new ConfigInvalid({ issues }))
      const merged = yield* prepare(file.raw, body, how)
      const next = yield* decodeHere(merged)
      if (next.doubtful.length > 0) return yield* new ConfigInvalid({ issues: next.doubtful })
      yield* servable(yield* effective(next, options.overrides, absolute))
      return { text, file, next }
    })

    const write = (text: string) =>
      DurableFile.replace(path, text).pipe(
        Effect.provide(files),
        Effect.mapError((error) => new StorageFailed({ operation: "write", path, reason: reasonOf(error) }))
      )

    const put = Effect.fn("ConfigFile.put")(function* (body: unknown, how: How) {
      const { file, next, text } = yield* candidate(body, how)
      const before = yield* Effect.option(decodeHere(file.raw))
      const written = yield* rewrite(text, before, next, decodeHere).pipe(Effect.provideService(Secrets, secrets))
      const loaded = yield* load(written)
      if (written !== text) yield* write(written)
      yield* commit(loaded)
      return yield* showNow
    }, Effect.uninterruptible)

    const restore = Effect.fn("ConfigFile.restore")(function* (text: string) {
      const loaded = yield* load(text)
      yield* write(text)
      yield* commit(loaded)
    }, Effect.uninterruptible)

    const showNow = Effect.flatMap(Ref.get(state), ({ decoded }) => shown(decoded)).pipe(
      Effect.provideService(Secrets, secrets)
    )

    const poll = options.poll ?? Option.some("1 second")
    if (Option.isSome(poll))
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(poll.value), refresh)))

    return {
      path,
      document: Effect.map(Ref.get(state), ({ decoded }) => decoded.document),
      slice: (section) => Effect.map(Ref.get(state), ({ inForce }) => inForce[section]),
      changes: Stream.fromPubSub(published),
      doubts: Effect.map(Ref.get(state), ({ decoded }) => decoded.doubtful),
      raw: Effect.map(Ref.get(state), ({ text }) => text),
      lastError: Effect.map(Ref.get(state), ({ error }) => error),
      show: Effect.zipRight(refresh, showNow),
      put: (body) => one.withPermits(1)(put(body, "put")),
      amend: (body) => one.withPermits(1)(put(body, "amend")),
      restore: (text) => one.withPermits(1)(restore(text)),
      validate: (body) => Effect.asVoid(candidate(body, "put")),
      reload,
      refresh
    }
  })

export const layer = (
  options: ConfigFileOptions
): Layer.Layer<ConfigFile, ConfigInvalid, Site | Secrets | FileSystem.FileSystem | Path.Path> =>
  Layer.scoped(ConfigFile, make(options))

// ------------------------------------------------------------------------------------------------------------------

interface Loaded {
  readonly text: string
  /** What the file says. */
  readonly decoded: Decoded
  /** What is in force. */
  readonly inForce: ConfigDocument
}

interface State extends Loaded {
  /** Identity of the file on disk when it was last read, so that a change is noticed. */
  readonly stamp: string
  readonly error: Option.Option<ConfigInvalid>
}

const allowedNames = (raw: unknown): ReadonlyArray<string> => {
  const names = Shape.get(raw, ["general", "allow_env"])
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : []
}

const remarks = ({ doubtful, ignored }: Decoded): ReadonlyArray<string> => [
  ...ignored.map((issue) => `passed over: ${describe(issue)}`),
  ...doubtful.map(describe)
]

const warn = (decoded: Decoded): Effect.Effect<void> =>
  Effect.forEach(remarks(decoded), (remark) => Effect.logWarning(`config: ${remark}`), { discard: true })
