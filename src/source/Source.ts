/**
 * The contract of a source of frames: a detector, a device, a replay. The plug-in owns the bytes: where to connect, what begins
 * a series, what one frame is. The engine owns reconnecting, counting, health, backpressure and stop.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type * as Scope from "effect/Scope"
import type { Frame } from "./Frame.js"
import * as SettingsProblem from "./SettingsProblem.js"
import { SourceError } from "./SourceError.js"

/** What a source hands over, as fast as it is asked. */
export interface FrameReader {
  /**
   * At least one frame, and as many more as are there already, up to a stated number. Fails with `Exhausted` after the last
   * frame of a source that ends, with `Disconnected` when it is gone, with `Malformed` for one message that is no frame: the
   * next call goes on behind that.
   */
  readonly take: Effect.Effect<ReadonlyArray<Frame>, SourceError>
  /** What came and was not handed over; absent where nothing ever is. */
  readonly dropped?: Effect.Effect<Dropped>
}

/** Messages that were no frame of a running series, so far, by what was wrong with them. */
export interface Dropped {
  /** No series was running: what came before the first start, and between an end and the next start. */
  readonly outside: number
  /** A start within a running series. */
  readonly starts: number
  /** No message of the format. Those within a series were also told by `take`. */
  readonly malformed: number
}

/** `R` is what it needs of the program. */
export interface Source<R = never> {
  readonly name: string
  /** One sentence for people. */
  readonly description: string
  /** What settings it takes, for manuals. */
  readonly settings: SchemaAST.AST
  /** What is needed is taken here, once; it must last as long as what is prepared. */
  readonly prepare: (settings: unknown) => Effect.Effect<PreparedSource, SourceError, R>
}

/** A source with its settings decoded. */
export interface PreparedSource {
  readonly name: string
  /** What receivers are told the frames are: `STINS`, `EIGER_LEGACY`, ... */
  readonly typ: string
  /**
   * Connects, for as long as the scope lasts; closing it drops what was not taken. A series that began before is not seen: the
   * first frame is a `start` where the format has one. Done when the connection stands, or is being made by a library that
   * makes it by itself.
   */
  readonly open: Effect.Effect<FrameReader, SourceError, Scope.Scope>
}

/** A source from what is particular to it. Settings that do not decode are `Misconfigured`, with the field named. */
export const make = <A, I, R = never>(options: {
  readonly name: string
  readonly description: string
  readonly settings: Schema.Schema<A, I, R>
  readonly typ: string | ((settings: A) => string)
  readonly open: (settings: A) => Effect.Effect<FrameReader, SourceError, Scope.Scope | R>
}): Source<R> => ({
  name: options.name,
  description: options.description,
  settings: options.settings.ast,
  prepare: Effect.fn(function* (settings) {
    const decoded = yield* Effect.mapError(
      decodeSettings(options.settings)(settings),
      (error) =>
        new SourceError({
          source: options.name,
          reason: "Misconfigured",
          detail: SettingsProblem.sentence(SettingsProblem.of(error))
        })
    )
    const context = yield* Effect.context<R>()
    return {
      name: options.name,
      typ: typeof options.typ === "string" ? options.typ : options.typ(decoded),
      open: Effect.mapInputContext(options.open(decoded), (own: Context.Context<Scope.Scope>) =>
        Context.merge(context, own)
      )
    }
  })
})

const decodeSettings = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.decodeUnknown(schema, { errors: "all", onExcessProperty: "error" })
