/** Where datasets are copied to, by the config: the daemon's rclone remotes first, then buckets. */
import * as Option from "effect/Option"
import type { OutgoingService } from "../../outgoing/Outgoing.js"
import type { StorageSettings } from "../Settings.js"
import type { Destination } from "./Destination.js"
import type { Rclone } from "./Rclone.js"
import * as RcloneDestination from "./RcloneDestination.js"
import * as S3Destination from "./S3Destination.js"
import type { SyncStore } from "./SyncStore.js"

export interface Tools {
  readonly rclone: Rclone["Type"]
  readonly outgoing: OutgoingService
  readonly store: SyncStore["Type"]
}

export const of = (
  { remotes, s3, sync_time_limit: timeLimit, verify }: StorageSettings,
  { outgoing, rclone, store }: Tools
): ReadonlyArray<Destination> => [
  ...remotes.map(({ provider, remote }) => RcloneDestination.make({ rclone, remote, provider, verify, timeLimit })),
  ...s3.map((one) =>
    S3Destination.make({
      bucket: {
        endpoint: one.endpoint.replace(/\/$/, ""),
        bucket: one.bucket,
        region: one.region,
        pathStyle: one.path_style,
        credentials: {
          accessKeyId: one.access_key_id,
          secretAccessKey: one.secret_access_key,
          sessionToken: Option.getOrUndefined(one.session_token)
        },
        timeLimit
      },
      prefix: one.prefix.replaceAll(/^\/+|\/+$/g, ""),
      verify,
      timeLimit,
      outgoing,
      store
    })
  )
]
