/** Asks the source of releases what it offers, says whether it would be taken, and takes it once that is confirmed. */
import * as Either from "effect/Either"
import { useState, type FormEvent } from "react"
import type { UpdateOffer, UpdateStatus } from "../../domain/Update.js"
import { setQuery } from "../live/Address.js"
import { apply, check } from "../live/UpdateFeed.js"
import { bytes } from "../model/Quantity.js"
import { reasonWords, type Refusal } from "../model/Updates.js"
import { Time } from "./Age.js"
import { Confirm } from "./Dialog.js"
import { Mark } from "./Mark.js"
import { Empty, Panel } from "./Panel.js"

export interface ReleaseCheckProps {
  readonly status: UpdateStatus
  /** The version that the address names. */
  readonly chosen: string | undefined
  /** Called when an update was begun. */
  readonly onBegun: () => void
}

export const ReleaseCheck = ({ chosen, onBegun, status }: ReleaseCheckProps) => {
  const [version, setVersion] = useState(chosen ?? "")
  const [pending, setPending] = useState(false)
  const [answer, setAnswer] = useState<Either.Either<UpdateOffer, Refusal> | undefined>(undefined)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wanted = version.trim() === "" ? undefined : version.trim()
    setQuery({ version: wanted }, { replace: true })
    setPending(true)
    setAnswer(await check(wanted))
    setPending(false)
  }
  const begun = () => {
    setAnswer(undefined)
    onBegun()
  }
  return (
    <Panel
      title="Releases"
      className="release-panel"
      aside={status.source !== null && <span className="meta">from {status.source}</span>}
    >
      {status.source === null ? (
        <Empty command="update: { source: { use: github, settings: { repository: owner/name } }, keys: [...] }">
          Where new versions come from, and whose signature they bear, is said in the local config file. There is no
          source yet:
        </Empty>
      ) : (
        <form className="pad release-form" onSubmit={(event) => void submit(event)}>
          <label>
            <span className="meta">Version</span>
            <input
              className="mono"
              value={version}
              placeholder="the newest"
              autoComplete="off"
              onChange={(event) => setVersion(event.target.value)}
            />
          </label>
          <button type="submit" className="button" disabled={pending}>
            {pending ? "Asking the source…" : "Check"}
          </button>
        </form>
      )}
      <div aria-live="polite">
        {answer !== undefined &&
          !pending &&
          (Either.isRight(answer) ? (
            <Offer offer={answer.right} status={status} onBegun={begun} />
          ) : (
            <div className="pad stack-small release-answer">
              <Refused refusal={answer.left} word="can't be taken" />
            </div>
          ))}
      </div>
    </Panel>
  )
}

// ------------------------------------------------------------------------------------------------------------------

const Refused = ({ refusal: { reason, text }, word }: { readonly refusal: Refusal; readonly word: string }) => (
  <div role="alert" className="refused">
    <Mark shape="triangle" tone="bad" word={reason === undefined ? word : `${word}: ${reasonWords(reason)}`} />
    <p className="break">{text}</p>
  </div>
)

interface OfferProps {
  readonly offer: UpdateOffer
  readonly status: UpdateStatus
  readonly onBegun: () => void
}

const Offer = ({ offer: { created, expires, refused, size, version }, onBegun, status }: OfferProps) => {
  const [asked, setAsked] = useState(false)
  return (
    <div className="pad stack-small release-answer" data-offer={version}>
      <dl className="facts">
        <dt>Version</dt>
        <dd className="mono">{version}</dd>
        <dt>Size</dt>
        <dd className="mono">{bytes(size)}</dd>
        <dt>Made</dt>
        <dd>
          <Time at={Date.parse(created)} />
        </dd>
        <dt>Valid until</dt>
        <dd>
          <Time at={Date.parse(expires)} />
        </dd>
      </dl>
      {refused === null ? (
        <div className="orders always">
          <Mark shape="disc" tone="good" word="would be taken" />
          <button
            type="button"
            className="button primary"
            disabled={!status.launched || status.phase !== "idle"}
            onClick={() => setAsked(true)}
          >
            Update to {version}…
          </button>
        </div>
      ) : (
        <Refused refusal={{ reason: refused.reason, text: refused.detail }} word="would be refused" />
      )}
      {asked && (
        <Confirm
          title={`Update to ${version}?`}
          action={`Update to ${version}`}
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            const wrong = await apply(version)
            if (wrong === undefined) onBegun()
            return wrong
          }}
        >
          <p>
            Fetches {bytes(size)}, verifies and installs it beside {status.running} and tests it; then the site restarts
            into it. This page and every client are cut off meanwhile.
          </p>
          <p>
            It is then on trial: where it does not prove itself, {status.running} returns by itself, with its config.
            From a shell: <code className="break">outpost update apply {version}</code>.
          </p>
        </Confirm>
      )}
    </div>
  )
}
