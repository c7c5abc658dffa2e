/** Why something between the services of an ensemble could not be said or heard. */
import * as Schema from "effect/Schema"

/** What holds the ensemble together does not answer. Readers wait it out by themselves; who writes is told. */
export class EnsembleUnreachable extends Schema.TaggedError<EnsembleUnreachable>()("EnsembleUnreachable", {
  operation: Schema.String,
  /** Without its credentials. */
  address: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.operation}: ${this.address} does not answer: ${this.reason}`
  }
}

/** Another controller works on this ensemble. */
export class ControllerActive extends Schema.TaggedError<ControllerActive>()("ControllerActive", {
  address: Schema.String
}) {
  override get message() {
    return `another controller holds the ensemble at ${this.address}; it keeps it until 10 s after its end`
  }
}

/** The lock of the ensemble went to another controller, or could not be renewed in time. */
export class LockLost extends Schema.TaggedError<LockLost>()("LockLost", { reason: Schema.String }) {
  override get message() {
    return `this controller has lost the ensemble: ${this.reason}`
  }
}
