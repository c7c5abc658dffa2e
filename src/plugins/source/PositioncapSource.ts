/**
 * Position capture of a PandABox over its TCP data port. All lines from `arm_time: ` to the empty one are the first frame, each
 * line behind it is one, and the line that begins with `END` is the last; then it may arm again. The device is greeted with an
 * empty line and has to answer `OK`. The end of the connection is an error, whenever it comes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FrameIntake } from "../../source/FrameIntake.js"
import { type Classify, end, FrameSeries, malformed, noise, type Verdict } from "../../source/FrameSeries.js"
import * as Source from "../../source/Source.js"
import { follow } from "./internal/byteStream.js"
import { Lines } from "./internal/lines.js"
import { addressFields, connect, lineFields } from "./internal/tcp.js"

const name = "positioncap"

/** Bytes of header lines; there is one for each captured field. */
const longestHeader = 1024 * 1024

/** Judges lines, each with its newline. */
export const classify: Classify = ([line = empty]) => {
  if (begins(line, armed)) return { _tag: "Part", next: headerFrom([line], line.byteLength) }
  if (begins(line, ended)) return end
  return isBlank(line) ? noise : row
}

export const PositioncapSource = Source.make({
  name,
  description: "Position capture of a PandABox over its TCP data port",
  typ: "PCAP_RAW",
  settings: Schema.Struct({ ...addressFields, ...lineFields }),
  open: Effect.fnUntraced(function* (settings) {
    const intake = new FrameIntake(name, settings.buffer)
    const series = new FrameSeries(classify, intake)
    const socket = yield* connect({ source: name, host: settings.host, port: settings.port }, settings.connect_within)
    let greeted = false
    const lines = new Lines(
      settings.max_line,
      (line) => {
        if (greeted) return series.read([line])
        greeted = true
        if (!begins(line, fine))
          intake.finish("Disconnected", `answered ${Buffer.from(line).toString().trim().slice(0, 80)}`)
      },
      (bytes) => intake.malformed(`a line of ${bytes} bytes`)
    )
    follow(socket, intake, {
      data: (chunk) => lines.push(chunk),
      end: (detail) => intake.finish("Disconnected", detail)
    })
    socket.write("\n")
    return series.reader
  })
})

// ---------------------------------------------------------------------------------------------------------------------

/** The header's lines go on, up to an empty one. */
const headerFrom =
  (lines: ReadonlyArray<Uint8Array>, bytes: number): Classify =>
  ([line = empty]) => {
    const all = [...lines, line]
    if (isBlank(line)) return { _tag: "Start", parts: [Buffer.concat(all)] }
    return bytes > longestHeader
      ? malformed("a header without an end")
      : { _tag: "Part", next: headerFrom(all, bytes + line.byteLength) }
  }

const row: Verdict = { _tag: "Image" }
const empty = new Uint8Array(0)
const armed = Buffer.from("arm_time: ")
const ended = Buffer.from("END")
const fine = Buffer.from("OK")

const begins = (line: Uint8Array, word: Buffer): boolean =>
  line.byteLength >= word.byteLength && word.compare(line, 0, word.byteLength) === 0

const isBlank = (line: Uint8Array): boolean => line.every((byte) => byte === 0x0a || byte === 0x0d)
