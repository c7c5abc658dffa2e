/** What the reducer publishes, as it changes; large arrays by themselves, and no more often than they can be looked at. */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { useEffect, useRef, useState } from "react"
import { bytesAt, numbersOf, type ArrayShown } from "../model/PublishedView.js"
import { Cell, useChanging } from "./Changing.js"
import { paced, type Paced } from "./Paced.js"
import { useSeen } from "./Seen.js"
import { bytesOf } from "./Server.js"
import { follow } from "./Tail.js"
import { serverNow } from "./Ticking.js"

export interface Published {
  /** Undefined until it is known. */
  readonly values: Readonly<Record<string, unknown>> | undefined
  /** When the last change came. */
  readonly at: number | undefined
  readonly tail: "opening" | "open" | "lost"
}

/** Follows the reducer while the component is there, the page is seen, and there is one. */
export const usePublished = (wanted: boolean): Published => {
  const seen = useSeen()
  useEffect(() => (wanted && seen ? followPublished() : undefined), [wanted, seen])
  return useChanging(cell)
}

export interface Numbers {
  /** Row by row. Undefined until they are here. */
  readonly values: ArrayLike<number> | undefined
  readonly problem: string | undefined
}

/** The numbers of an array: those that came with it, else asked for by themselves. `version` says that they may have changed. */
export const useNumbers = ({ dtype, path, shape, values }: ArrayShown, version: number | undefined): Numbers => {
  const [held, setHeld] = useState<Numbers>({ values: undefined, problem: undefined })
  const glance = useRef<Paced | undefined>(undefined)
  const address = bytesAt(path)
  const size = shape.reduce((product, length) => product * length, 1)
  useEffect(() => {
    if (dtype === undefined) return
    let wanted = true
    const looking = paced(async () => {
      const answer = await bytesOf(address)
      if (wanted) setHeld((before) => read(answer, dtype, size) ?? before)
    }, lookMillis)
    glance.current = looking
    looking.ask()
    return () => {
      wanted = false
      looking.end()
    }
  }, [address, dtype, size])
  useEffect(() => glance.current?.ask(), [version])
  return values === undefined ? held : { values, problem: undefined }
}

// ------------------------------------------------------------------------------------------------------------------

/** Arrays with more numbers than this are asked for by themselves. */
const largest = 4_096
const lookMillis = 500

const cell = new Cell<Published>({ values: undefined, at: undefined, tail: "opening" })

const Values = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const followPublished = (): (() => void) =>
  follow(`/reducer/published/tail?largest=${largest}`, Values, {
    onOpen: () => cell.set({ ...cell.get(), tail: "open" }),
    onMessage: (values) => cell.set({ values, at: serverNow(), tail: "open" }),
    onLost: () => cell.set({ ...cell.get(), tail: "lost" })
  })

const read = (answer: Either.Either<Uint8Array, string>, dtype: string, size: number): Numbers | undefined => {
  if (Either.isLeft(answer)) return { values: undefined, problem: answer.left }
  const values = numbersOf(dtype, answer.right)
  if (values === undefined) return { values, problem: `numbers of the type ${dtype} can't be shown` }
  // The array may have changed its shape since it was told.
  return values.length === size ? { values, problem: undefined } : undefined
}
