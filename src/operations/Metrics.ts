/** A site's figures in the Prometheus text exposition format 0.0.4. Names: `outpost_<noun>_<unit>`. */
import type { NodeStatus } from "../actor/NodeStatus.js"
import type { SiteStatus } from "./SiteOperations.js"

interface Metric {
  readonly name: string
  readonly kind: "counter" | "gauge"
  readonly help: string
  readonly samples: ReadonlyArray<readonly [labels: string, value: number]>
}

const one = (value: number): Metric["samples"] => [["", value]]
const known = (value: number | undefined, of: (value: number) => number = (v) => v): Metric["samples"] =>
  value === undefined ? [] : one(of(value))
const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
const labelled = (name: string, value: string) => `{${name}="${escaped(value)}"}`

const nodes = (tree: ReadonlyArray<NodeStatus>, of: (node: NodeStatus) => number): Metric["samples"] =>
  tree.map((node) => [labelled("path", node.path === "" ? "/" : node.path), of(node)])

const metricsOf = (status: SiteStatus, tree: ReadonlyArray<NodeStatus>): ReadonlyArray<Metric> => {
  const { telemetry } = status
  return [
    {
      name: "outpost_ready",
      kind: "gauge",
      help: "1 while an event can be accepted",
      samples: one(Number(status.ready))
    },
    {
      name: "outpost_run_active",
      kind: "gauge",
      help: "1 while a run is active",
      samples: one(Number(status.run !== null))
    },
    {
      name: "outpost_stream_seq",
      kind: "gauge",
      help: "Last sequence number of each stream",
      samples: (["site", "run", "system"] as const).map((stream) => [labelled("stream", stream), telemetry.seq[stream]])
    },
    {
      name: "outpost_events_accepted_total",
      kind: "counter",
      help: "Events taken since the start",
      samples: one(telemetry.eventsAccepted)
    },
    {
      name: "outpost_journal_written_bytes_total",
      kind: "counter",
      help: "Bytes made durable since the start",
      samples: one(telemetry.bytesWritten)
    },
    {
      name: "outpost_journal_syncs_total",
      kind: "counter",
      help: "fdatasync calls since the start",
      samples: one(telemetry.syncs)
    },
    {
      name: "outpost_journal_pending_events",
      kind: "gauge",
      help: "Senders that wait for the disk",
      samples: one(telemetry.pendingEvents)
    },
    {
      name: "outpost_journal_failing",
      kind: "gauge",
      help: "1 while the disk refuses events",
      samples: one(Number(telemetry.failure !== undefined))
    },
    {
      name: "outpost_last_durable_age_seconds",
      kind: "gauge",
      help: "Age of the last durable write",
      samples: known(telemetry.lastDurableAt, (at) => (status.now - at) / 1_000)
    },
    { name: "outpost_alarms", kind: "gauge", help: "Alarms that are raised", samples: one(status.alarms.length) },
    { name: "outpost_disk_free_bytes", kind: "gauge", help: "Room on the site's disk", samples: one(status.disk.free) },
    {
      name: "outpost_process_resident_bytes",
      kind: "gauge",
      help: "Memory of this process",
      samples: one(status.memory.rss)
    },
    {
      name: "outpost_uptime_seconds",
      kind: "gauge",
      help: "Time since the start",
      samples: one((status.now - status.startedAt) / 1_000)
    },
    {
      name: "outpost_actor_up",
      kind: "gauge",
      help: "1 while a node of the supervision tree is ready",
      samples: nodes(tree, (node) => Number(node.status === "ready"))
    },
    {
      name: "outpost_actor_restarts_total",
      kind: "counter",
      help: "Lives begun because one had crashed",
      samples: nodes(tree, (node) => node.restarts)
    }
  ]
}

export const render = (status: SiteStatus, tree: ReadonlyArray<NodeStatus>): string =>
  metricsOf(status, tree)
    .filter((metric) => metric.samples.length > 0)
    .map(
      ({ help, kind, name, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join("")}`
    )
    .join("")
