/** The versions of the station and how an update goes, asked for while a page shows them; and the orders of a person. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { UpdateOffer } from "../../domain/Update.js"
import { UpdateOperations } from "../../operations/UpdateOperations.js"
import { refusalOf, refusalWords, type Refusal } from "../model/Updates.js"
import { usePolled } from "./Polled.js"
import { ask } from "./Server.js"

export const useUpdates = () => usePolled("updates", () => status, everyMillis)

/** What the source offers: the version named, or the newest. Changes nothing. */
export const check = async (version: string | undefined): Promise<Either.Either<UpdateOffer, Refusal>> =>
  Either.mapLeft(await ask(Effect.flatMap(UpdateOperations, (updates) => updates.check(version))), refusalOf)

/** Begins an update; resolves with what went wrong, or nothing. */
export const apply = (version: string): Promise<string | undefined> =>
  ordered(Effect.flatMap(UpdateOperations, (updates) => updates.apply(version)))

/** Begins to return to the version before; resolves with what went wrong, or nothing. */
export const rollback = (): Promise<string | undefined> =>
  ordered(Effect.flatMap(UpdateOperations, (updates) => updates.rollback))

// ------------------------------------------------------------------------------------------------------------------

const everyMillis = 2_000

const status = Effect.flatMap(UpdateOperations, (updates) => updates.status)

type Operation = Parameters<typeof ask<unknown, { readonly message: string }>>[0]

const ordered = async (operation: Operation): Promise<string | undefined> => {
  const answer = await ask(operation)
  return Either.isLeft(answer) ? refusalWords(refusalOf(answer.left)) : undefined
}
