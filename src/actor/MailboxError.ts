/**
 * What the sender of a request may have to hear from the runtime, beside the request's own typed failure. The receiver's
 * bugs are not among them: those go to its supervisor, and the sender only learns that the actor stopped.
 */
import * as Schema from "effect/Schema"

/** The mailbox is full and its policy is not to wait. The request was not taken. Try again later. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>()("MailboxFull", {
  mailbox: Schema.String,
  capacity: Schema.NonNegativeInt
}) {
  override get message(): string {
    return `${this.mailbox} is full (${this.capacity})`
  }
}

/** No answer in time. A request that was not `begun` is dropped and has no effect; one that was may have. */
export class AskTimeout extends Schema.TaggedError<AskTimeout>()("AskTimeout", {
  mailbox: Schema.String,
  request: Schema.String,
  begun: Schema.Boolean
}) {
  override get message(): string {
    return `${this.mailbox} did not answer ${this.request} in time${this.begun ? "" : "; it was not begun"}`
  }
}

/** The actor is not running, or ended before it answered. A request that was `begun` may have had an effect. */
export class ActorStopped extends Schema.TaggedError<ActorStopped>()("ActorStopped", {
  mailbox: Schema.String,
  begun: Schema.Boolean
}) {
  override get message(): string {
    return `${this.mailbox} has stopped${this.begun ? " while at the request" : ""}`
  }
}
