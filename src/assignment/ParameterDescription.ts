/** A parameter as the code that reads it describes it: what it is called, of which type, and what it is unless it is set. */
import * as Schema from "effect/Schema"

export const ParameterDescription = Schema.Struct({
  name: Schema.String,
  description: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null }),
  dtype: Schema.Literal("str", "binary", "int", "float", "bool"),
  default: Schema.Unknown
}).annotations({ identifier: "ParameterDescription" })
export type ParameterDescription = typeof ParameterDescription.Type
