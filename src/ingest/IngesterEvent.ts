/** What an ingester has to tell while it works: everything that may cost data, and that it is over. */

export type IngesterEvent =
  /** A worker takes nothing although messages wait for it. */
  | { readonly _tag: "WorkerSlow"; readonly worker: string; readonly waiting: number }
  | { readonly _tag: "WorkerRecovered"; readonly worker: string }
  /** What waited is thrown away, and what comes for it in this scan. `silent`: it took nothing; `hindering`: others waited for it. */
  | {
      readonly _tag: "WorkerDropped"
      readonly worker: string
      readonly undelivered: number
      readonly reason: "silent" | "hindering"
    }
  /** Assignments wait for a frame that does not come; `since` in milliseconds since 1970. */
  | { readonly _tag: "SourceStale"; readonly stream: string; readonly since: number }
  | { readonly _tag: "SourceResumed"; readonly stream: string }
  /** The connection is gone and is being made again. */
  | { readonly _tag: "SourceLost"; readonly stream: string; readonly detail: string }
  /** There are no more frames, but this event needs one. */
  | { readonly _tag: "SourceEnded"; readonly stream: string; readonly event: number }
  /** It can't work, and is not tried again. */
  | { readonly _tag: "SourceFailed"; readonly stream: string; readonly detail: string }
  /** Counts since the last report on the stream, which is at most one a second. */
  | {
      readonly _tag: "FramesIrregular"
      readonly stream: string
      readonly missing: number
      readonly repeated: number
      readonly malformed: number
    }
  /** Frames that came behind the last event of a scan. */
  | { readonly _tag: "FramesBeyond"; readonly stream: string; readonly frames: number }
  /** The ingester does not work any more and has to be started again. */
  | { readonly _tag: "ForwardingFailed"; readonly detail: string }

/** Whether something is lost or does not work. */
export const isFault = (event: IngesterEvent): boolean =>
  event._tag !== "WorkerRecovered" && event._tag !== "SourceResumed"

/** For people. */
export const describe = (event: IngesterEvent): string => {
  switch (event._tag) {
    case "WorkerSlow":
      return `worker ${event.worker} takes nothing; ${event.waiting} messages wait for it`
    case "WorkerRecovered":
      return `worker ${event.worker} takes messages again`
    case "WorkerDropped":
      return `worker ${event.worker} is left out of this scan (${event.reason}); ${event.undelivered} messages were not delivered`
    case "SourceStale":
      return `stream ${event.stream} is stale: events wait for its frames`
    case "SourceResumed":
      return `stream ${event.stream} brings frames again`
    case "SourceLost":
      return `stream ${event.stream} lost its source: ${event.detail}`
    case "SourceEnded":
      return `stream ${event.stream} has ended before event ${event.event}`
    case "SourceFailed":
      return `stream ${event.stream} can't be read: ${event.detail}`
    case "FramesIrregular":
      return `stream ${event.stream}: ${event.missing} frames missing, ${event.repeated} repeated, ${event.malformed} malformed`
    case "FramesBeyond":
      return `stream ${event.stream} has brought ${event.frames} frames behind the last event`
    case "ForwardingFailed":
      return `forwarding has failed: ${event.detail}`
  }
}
