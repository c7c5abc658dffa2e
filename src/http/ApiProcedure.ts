/** The routes of procedures and of the state they share. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { InvalidInput, StorageFailed } from "../domain/Refusal.js"
import { StateChange, StateSnapshot } from "../domain/State.js"
import { ProcedureFailed, ProcedureNotFound, ProcedureStatus } from "../operations/ProcedureOperations.js"

const Name = Schema.Struct({ name: Schema.String })

export class ProcedureGroup extends HttpApiGroup.make("procedure")
  .add(
    HttpApiEndpoint.get("procedures", "/procedures")
      .addSuccess(Schema.Struct({ procedures: Schema.Array(ProcedureStatus) }))
      .annotate(OpenApi.Summary, "The procedures and how their runs went")
  )
  .add(
    HttpApiEndpoint.get("procedure", "/procedures/:name")
      .setPath(Name)
      .addSuccess(ProcedureStatus)
      .addError(ProcedureNotFound, { status: 404 })
      .annotate(OpenApi.Summary, "One procedure")
  )
  .add(
    HttpApiEndpoint.post("order", "/procedures/:name/:action")
      .setPath(Schema.Struct({ ...Name.fields, action: Schema.Literal("stop", "start", "restart") }))
      .addSuccess(ProcedureStatus)
      .addError(ProcedureNotFound, { status: 404 })
      .addError(ProcedureFailed, { status: 409 })
      .annotate(OpenApi.Summary, "Stop, start or restart a procedure")
  )
  .add(
    HttpApiEndpoint.get("state", "/state")
      .addSuccess(StateSnapshot)
      .annotate(OpenApi.Summary, "The state that procedures share")
  )
  .add(
    HttpApiEndpoint.get("stateHistory", "/state/history")
      .setUrlParams(
        Schema.Struct({
          part: Schema.optional(Schema.String),
          before: Schema.optional(Schema.String),
          limit: Schema.optional(Schema.String)
        })
      )
      .addSuccess(Schema.Struct({ changes: Schema.Array(StateChange) }))
      .addError(InvalidInput, { status: 422 })
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "What became of the state, newest first")
  ) {}
