/** What `event post` sends: the body of one event, with the user's JSON in it as it was typed. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Bytes from "./Bytes.js"
import { type CommandFailed, UsageProblem } from "./Failure.js"
import * as JsonText from "./JsonText.js"
import { StandardIo } from "./StandardIo.js"

export interface Input {
  readonly type: string
  /** JSON text. */
  readonly data: string
  readonly metaJson: Option.Option<string>
  readonly makeCurrent: boolean
}

/** The body's text, once data and meta are known to be JSON. */
export const text = ({ data, makeCurrent, metaJson, type }: Input): Effect.Effect<string, UsageProblem> =>
  Effect.gen(function* () {
    if (Option.isNone(JsonText.valueOf(data))) return yield* notJson(data)
    const meta = Option.getOrUndefined(metaJson)
    if (meta !== undefined && !JsonText.isObject(meta)) {
      return yield* new UsageProblem({
        message: "--meta-json is not a JSON object",
        hint: `quote it for the shell: --meta-json '{"camera":"A"}'`
      })
    }
    const fields = [
      `"type":${JSON.stringify(type)}`,
      `"data":${data}`,
      ...(makeCurrent ? [] : [`"make_current":false`]),
      ...(meta === undefined ? [] : [`"meta":${meta}`])
    ]
    return `{${fields.join(",")}}`
  })

/** The data argument: `-` stands for standard input. */
export const readData = (argument: string): Effect.Effect<string, UsageProblem | CommandFailed, StandardIo> =>
  argument !== "-"
    ? Effect.succeed(argument)
    : Effect.gen(function* () {
        const { input } = yield* StandardIo
        const bytes = Bytes.concat(Chunk.toReadonlyArray(yield* Stream.runCollect(input)))
        return yield* Effect.try({
          try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
          catch: () =>
            new UsageProblem({ message: "standard input is not UTF-8 text", hint: "encode binary data, as base64 say" })
        })
      })

// ------------------------------------------------------------------------------------------------------------------

const notJson = (data: string) =>
  new UsageProblem({
    message: `DATA is not JSON: ${data.trim() === "" ? "it is empty" : JSON.stringify(data.slice(0, 60))}`,
    hint: /^[\s]*[{[]/.test(data)
      ? `quote it whole for the shell: outpost event post weather '{"wind":4.2}'`
      : `a text needs its own quotes: outpost event post note '"clouds"'; - reads standard input`
  })
