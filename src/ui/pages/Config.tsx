/** The config document in force, section by section. It is changed in its file, or by `PUT /api/config`. */
import * as Effect from "effect/Effect"
import { ConfigOperations } from "../../operations/ConfigOperations.js"
import { followLink, setQuery, useAddress } from "../live/Address.js"
import { useAsked } from "../live/Asked.js"
import { Copy, Json } from "../parts/Json.js"
import { Mark } from "../parts/Mark.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import type { PageProps } from "./Overview.js"

export const Config = ({ sample }: PageProps) => {
  const wanted = useAddress().searchParams.get("section")
  const config = sample?.status.config
  const [answer, again] = useAsked(`config ${config?.path ?? ""} ${config?.error ?? ""}`, () =>
    Effect.flatMap(ConfigOperations, (operations) => operations.show)
  )
  const document = answer.state === "here" ? answer.value : {}
  const sections = Object.keys(document)
  const chosen = wanted !== null && sections.includes(wanted) ? wanted : undefined
  const shown = chosen === undefined ? document : { [chosen]: document[chosen] }
  return (
    <div className="stack">
      <h1>Config</h1>
      {config?.error !== undefined && config.error !== null && (
        <div className="panel pad config-error">
          <Mark shape="disc" tone="warn" word="not valid" />
          <p>The file on disk is not valid. The last good document, below, is in force.</p>
          <pre className="json">{config.error}</pre>
        </div>
      )}
      <div className="beside narrow-first">
        <Panel title="Sections">
          <nav className="section-list" aria-label="Sections">
            <a href="/config" onClick={followLink} aria-current={chosen === undefined ? "true" : undefined}>
              all
            </a>
            {sections.map((name) => (
              <a
                key={name}
                href={`/config?section=${encodeURIComponent(name)}`}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return
                  event.preventDefault()
                  setQuery({ section: name })
                }}
                aria-current={chosen === name ? "true" : undefined}
                className="mono"
              >
                {name}
              </a>
            ))}
          </nav>
        </Panel>
        <Panel
          title={chosen ?? "The whole document"}
          aside={
            <>
              <span className="meta mono break">{config?.path ?? "no file: the defaults are in force"}</span>
              <Copy text={() => JSON.stringify(shown, null, 2)} />
            </>
          }
        >
          {answer.state === "failed" && <Problem onRetry={again}>{answer.problem}</Problem>}
          {answer.state === "waiting" && <Empty>Asking the site…</Empty>}
          {answer.state === "here" && (
            <div className="pad">
              <p className="meta">
                Defaults are filled in and secrets are masked. To change it, edit the file and check it with{" "}
                <code>outpost config validate</code>; the parts whose section changed are restarted by themselves.
              </p>
              <Json value={shown} />
            </div>
          )}
        </Panel>
      </div>
    </div>
  )
}
