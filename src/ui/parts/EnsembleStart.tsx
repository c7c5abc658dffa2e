/** For a site without an ensemble: what one is for, a config that makes one at once, and the command that shows one. */
import { ensembleYaml } from "../model/EnsembleConfig.js"
import { Copy } from "./Json.js"
import { Panel } from "./Panel.js"

export interface EnsembleStartProps {
  /** The config file in force, where there is one. */
  readonly config: string | null | undefined
}

export const EnsembleStart = ({ config }: EnsembleStartProps) => (
  <div className="ensemble-start">
    <Panel title="No ensemble runs here" aside={<Copy text={() => ensembleYaml} />}>
      <div className="pad stack-small">
        <p className="prose">
          An ensemble takes the frames of detectors as they come: a <b>controller</b> hands out events, <b>ingesters</b>{" "}
          join frames to them, <b>workers</b> run your code on each, a <b>reducer</b> combines the results and publishes
          them. This site names no part of one.
        </p>
        <p className="prose">
          Put this into{" "}
          {config == null ? (
            <>
              <code>outpost.yaml</code> in the site&apos;s directory, and start the site again
            </>
          ) : (
            <>
              <code className="break">{config}</code>; the services start by themselves, and this page shows them
            </>
          )}
          . All of them run in this process, on frames that are made up: nothing else is needed.
        </p>
        <pre className="json">{ensembleYaml}</pre>
        <p className="prose meta">
          With <code>ingest.redis</code> the services meet others there, those of dranspose among them; real sources and
          modules of your own take the place of <code>synthetic</code>, <code>frame-sums</code> and{" "}
          <code>live-picture</code>.
        </p>
      </div>
    </Panel>
    <Panel title="See one at work first" aside={<Copy text={() => demo} />}>
      <div className="pad stack-small">
        <p className="prose">One scan through all of it, in a shell, without a site or a config:</p>
        <code className="command">{demo}</code>
      </div>
    </Panel>
  </div>
)

// ------------------------------------------------------------------------------------------------------------------

const demo = "outpost ingest pipeline --demo"
