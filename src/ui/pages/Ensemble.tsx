/** The streaming ensemble as it works: the scan, who takes part in it, what comes of it; or how to have one. */
import { useMemo } from "react"
import { setQuery, useAddress } from "../live/Address.js"
import { useRoster, useScan, useServices } from "../live/EnsembleFeed.js"
import { isConfigured, scanOf, servicesOf, streamsOf } from "../model/Ensemble.js"
import { BeginScan } from "../parts/BeginScan.js"
import { EnsembleServices } from "../parts/EnsembleServices.js"
import { EnsembleStart } from "../parts/EnsembleStart.js"
import { EnsembleStreams } from "../parts/EnsembleStreams.js"
import { EnsembleWorkers } from "../parts/EnsembleWorkers.js"
import { Empty, Problem } from "../parts/Panel.js"
import { ParameterPanel } from "../parts/ParameterPanel.js"
import { PublishedPanel } from "../parts/PublishedPanel.js"
import { ScanHistory } from "../parts/ScanHistory.js"
import { ScanPanel } from "../parts/ScanPanel.js"
import type { PageProps } from "./Overview.js"

export const Ensemble = (props: PageProps) => {
  const status = props.sample?.status
  if (status !== undefined && isConfigured(status.tree)) return <Working {...props} tree={status.tree} />
  return (
    <div className="stack">
      <h1>Ensemble</h1>
      {status === undefined ? <Empty>Asking the site…</Empty> : <EnsembleStart config={status.config.path} />}
    </div>
  )
}

// ------------------------------------------------------------------------------------------------------------------

type Tree = NonNullable<PageProps["sample"]>["status"]["tree"]

const Working = ({ now, tree }: PageProps & { readonly tree: Tree }) => {
  const asked = useAddress().searchParams.get("ask")
  const leads = tree.some(({ path }) => path === "ensemble/controller")
  const reduces = tree.some(({ path }) => path === "ensemble/reducer")
  const feed = useScan(leads)
  const [here, again] = useServices()
  const [everywhere, ask] = useRoster(leads)
  const ensemble = everywhere.value?.ensemble
  const services = useMemo(() => servicesOf(tree, here.value?.services, ensemble), [tree, here.value, ensemble])
  const workers = services.workers.map(({ name }) => name).join(" ")
  const begin = () => setQuery({ ask: "begin" })
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Ensemble</h1>
        {leads && (
          <button type="button" className="button primary" onClick={begin}>
            Begin scan…
          </button>
        )}
      </div>
      {here.problem !== undefined && <Problem onRetry={again}>{here.problem}</Problem>}
      {everywhere.problem !== undefined && <Problem onRetry={ask}>{everywhere.problem}</Problem>}
      <div className="ensemble-page">
        {leads && <ScanPanel feed={feed} scan={scanOf(services)} now={now} onBegin={begin} />}
        <div className="stack ensemble-side">
          <PublishedPanel here={reduces} now={now} />
        </div>
        <div className="stack ensemble-main">
          <EnsembleWorkers services={services} loads={everywhere.value?.loads} tree={tree} now={now} />
          <EnsembleStreams services={services} counts={here.value?.counts ?? []} now={now} />
          <EnsembleServices services={services} tree={tree} now={now} />
          {leads && <ScanHistory now={now} />}
          {leads && ensemble !== undefined && <ParameterPanel version={`${ensemble.parameters_hash} ${workers}`} />}
        </div>
      </div>
      {asked === "begin" && ensemble !== undefined && (
        <BeginScan
          streams={streamsOf(services)}
          progress={feed.progress}
          onClose={() => setQuery({ ask: undefined }, { replace: true })}
        />
      )}
    </div>
  )
}
