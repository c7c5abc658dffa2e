/** The dccd daemon's routes of the config document, and its schema. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { StorageFailed } from "../domain/Refusal.js"
import { ConfigInvalid, ConfigJson, ConfigNotAllowed, ConfigVerdict } from "../operations/ConfigOperations.js"
import { BodyErrors, ConfigChanged } from "./ApiErrors.js"

export class ConfigGroup extends HttpApiGroup.make("config")
  .add(
    HttpApiEndpoint.get("show", "/api/config")
      .addSuccess(ConfigJson)
      .annotate(OpenApi.Summary, "The config file as JSON, without its secrets")
  )
  .add(
    HttpApiEndpoint.put("put", "/api/config")
      .setPayload(ConfigJson)
      .addSuccess(ConfigJson)
      .addError(ConfigInvalid, { status: 422 })
      .addError(ConfigNotAllowed, { status: 403 })
      .addError(ConfigChanged, { status: 412 })
      .addError(BodyErrors)
      .addError(StorageFailed, { status: 507 })
      .annotate(OpenApi.Summary, "Write the config file and put it in force")
  )
  .add(
    HttpApiEndpoint.post("validate", "/api/config/validate")
      .setPayload(ConfigJson)
      .addSuccess(ConfigVerdict)
      .addError(BodyErrors)
      .annotate(OpenApi.Summary, "What PUT would say, without doing it")
  )
  .add(
    HttpApiEndpoint.get("schema", "/api/config/schema")
      .addSuccess(ConfigJson)
      .annotate(OpenApi.Summary, "The JSON Schema of the config file")
  ) {}
