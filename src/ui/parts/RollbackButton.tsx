/** Returns to the version before this one: what that touches is said before. */
import { useState } from "react"
import type { UpdateStatus } from "../../domain/Update.js"
import { rollback } from "../live/UpdateFeed.js"
import { versionName, wayBack } from "../model/Updates.js"
import { Confirm } from "./Dialog.js"

export const RollbackButton = ({
  onBegun,
  status
}: {
  readonly status: UpdateStatus
  readonly onBegun: () => void
}) => {
  const [asked, setAsked] = useState(false)
  const back = wayBack(status)
  const to = versionName(back?.version ?? null)
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={back === undefined || !status.launched}
        title={back === undefined ? "There is no version before this one to return to" : `Return to ${to}`}
        onClick={() => setAsked(true)}
      >
        Roll back…
      </button>
      {asked && back !== undefined && (
        <Confirm
          title={`Return to ${to}?`}
          action="Roll back"
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            const wrong = await rollback()
            if (wrong === undefined) onBegun()
            return wrong
          }}
        >
          <p>
            Ends {status.running} and starts {to}. This page and every client are cut off until it is back.{" "}
            {status.phase === "trial" ? "The config returns with it." : "The config stays as it is."}
          </p>
          <p>
            There is no way back from a return: apply the release again. From a shell:{" "}
            <code>outpost update rollback</code>.
          </p>
        </Confirm>
      )}
    </>
  )
}
