/**
 * Statements of a transaction, straight on the connection that holds it: a commit has five of them, and what the client does
 * around each takes several times as long as SQLite does.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The rows it answers. Columns are named as `A` says: the one who writes the statement knows. */
export const run = <A extends object>(
  statement: string,
  ...values: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<A>, SqlError> =>
  Effect.contextWithEffect((context: Context.Context<never>) =>
    Option.match(Context.getOption(context, SqlClient.TransactionConnection), {
      onNone: () => Effect.dieMessage("a statement of the outbox outside of a transaction"),
      onSome: ([connection]) => connection.execute(statement, values, undefined)
    })
  )
