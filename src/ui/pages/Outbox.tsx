/** What has to reach the outside: how much waits and for whom, what could not be sent, and what was confirmed. */
import { useAddress } from "../live/Address.js"
import { useFigures, useReceipts } from "../live/OutboxFeed.js"
import { uplinksOf } from "../model/Uplinks.js"
import { MessageSheet } from "../parts/MessageSheet.js"
import { MessageTable } from "../parts/MessageTable.js"
import { OutboxFigures } from "../parts/OutboxFigures.js"
import { OutboxSwitch } from "../parts/OutboxSwitch.js"
import { Empty, Panel, Problem } from "../parts/Panel.js"
import { ReceiptPanel } from "../parts/ReceiptPanel.js"
import { UplinkTable } from "../parts/UplinkTable.js"
import type { PageProps } from "./Overview.js"

export const Outbox = ({ chosen, now, sample }: PageProps & { readonly chosen: string | undefined }) => {
  const uplink = useAddress().searchParams.get("uplink") ?? undefined
  const [{ problem, value: figures }, again] = useFigures(uplink)
  const [receipts, receiptsAgain] = useReceipts(uplink)
  const message = chosen !== undefined && /^[1-9]\d{0,14}$/.test(chosen) ? Number(chosen) : undefined
  const stats = figures?.stats
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Outbox</h1>
        {stats !== undefined && <OutboxSwitch stats={stats} again={again} />}
      </div>
      {problem !== undefined && <Problem onRetry={again}>{problem}</Problem>}
      <div className="outbox-page">
        <Panel title="Uplinks" className="uplink-panel">
          {figures === undefined || stats === undefined ? (
            problem === undefined && <Empty>Asking the site…</Empty>
          ) : (
            <>
              {stats.uplinks.length === 0 ? (
                <Empty command="outpost outbox stats">
                  An uplink carries messages to the office: an entry under <code>uplinks</code> in{" "}
                  {sample?.status.config.path ?? "the config"} names one. There is none, so messages are kept in the
                  archive and wait for nobody. The same in a shell:
                </Empty>
              ) : (
                <UplinkTable
                  uplinks={uplinksOf(stats.uplinks, figures.uplinks, sample?.status.tree ?? [])}
                  chosen={uplink}
                  now={now}
                />
              )}
              <OutboxFigures figures={figures} receipts={receipts.value} uplink={uplink} now={now} />
            </>
          )}
        </Panel>
        <ReceiptPanel receipts={receipts} again={receiptsAgain} uplink={uplink} now={now} />
        {stats !== undefined && <MessageTable stats={stats} />}
      </div>
      {message !== undefined && <MessageSheet key={message} id={message} />}
    </div>
  )
}
