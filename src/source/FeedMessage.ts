/**
 * What one message of a live feed can mean. A plug-in says it; the engine acts on it: stores rows, keeps books, counts what is
 * lost, connects anew.
 */
import type { Row } from "../domain/RowLayout.js"

/** One level of a book, spelled as the venue spells it. An amount of zero removes the level. */
export interface Level {
  readonly price: string
  readonly amount: string
  /** Orders that it is made of, where the venue tells. */
  readonly count?: number | undefined
}

/** The best levels of both sides of a book, best first. */
export interface BookView {
  readonly bids: (levels: number) => ReadonlyArray<Level>
  readonly asks: (levels: number) => ReadonlyArray<Level>
}

/** Levels that replace a book (`snapshot`) or go into it. */
export interface BookChange {
  readonly snapshot: boolean
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  /** The venue's number of this change. */
  readonly number?: number | undefined
  /** The number of the change before. Where only `number` is told, numbers follow each other without a hole. */
  readonly previous?: number | undefined
  /** Whether the book, with the change in it, is the venue's own: its checksum. */
  readonly verify?: ((book: BookView) => boolean) | undefined
}

export type Meaning =
  /** Rows of a channel. `first` and `last` are their numbers, where the venue numbers them without a hole. */
  | {
      readonly _tag: "Rows"
      readonly channel: string
      readonly rows: ReadonlyArray<Row>
      readonly first?: number | undefined
      readonly last?: number | undefined
    }
  | { readonly _tag: "Book"; readonly channel: string; readonly change: BookChange }
  /** The subscription to a channel stands. */
  | { readonly _tag: "Accepted"; readonly channel: string }
  /** It was refused, with the venue's reason; without a channel, all of them were. */
  | { readonly _tag: "Rejected"; readonly channel?: string | undefined; readonly detail: string }
  /** The number of this message among all messages of the connection: a hole means that some were lost. */
  | { readonly _tag: "Numbered"; readonly number: number }
  /** The venue lives and says nothing else. */
  | { readonly _tag: "Heartbeat" }
  /** The venue asks to be connected to anew. */
  | { readonly _tag: "Farewell"; readonly detail: string }
  /** No message that the venue is known to send. */
  | { readonly _tag: "Malformed"; readonly detail: string }

export const heartbeat: ReadonlyArray<Meaning> = [{ _tag: "Heartbeat" }]
