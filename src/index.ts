/**
 * The library, floor by floor: one namespace for each public module. A program that wants few of them imports them by path
 * (`outpost/actor/Supervisor`), which loads nothing else.
 */

// The actor runtime: supervision, mailboxes, operating system processes. Needs `effect` alone.
export * as Backoff from "./actor/Backoff.js"
export * as ChildSpec from "./actor/ChildSpec.js"
export * as LifecycleEvent from "./actor/LifecycleEvent.js"
export * as Mailbox from "./actor/Mailbox.js"
export * as MailboxError from "./actor/MailboxError.js"
export * as NestedSupervisor from "./actor/NestedSupervisor.js"
export * as NodeStatus from "./actor/NodeStatus.js"
export * as OsProcess from "./actor/OsProcess.js"
export * as RestartIntensity from "./actor/RestartIntensity.js"
export * as Self from "./actor/Self.js"
export * as SupervisionTree from "./actor/SupervisionTree.js"
export * as Supervisor from "./actor/Supervisor.js"
export * as SupervisorError from "./actor/SupervisorError.js"

// What everything is about.
export * as Backfill from "./domain/Backfill.js"
export * as Collector from "./domain/Collector.js"
export * as Cursor from "./domain/Cursor.js"
export * as DayKey from "./domain/DayKey.js"
export * as EventQuery from "./domain/EventQuery.js"
export * as Nearest from "./domain/Nearest.js"
export * as PythonRepr from "./domain/PythonRepr.js"
export * as Refusal from "./domain/Refusal.js"
export * as RowLayout from "./domain/RowLayout.js"
export * as Run from "./domain/Run.js"
export * as Series from "./domain/Series.js"
export * as StreamName from "./domain/StreamName.js"
export * as TelemetryEvent from "./domain/TelemetryEvent.js"
export * as TimeRange from "./domain/TimeRange.js"
export * as Version from "./domain/Version.js"

// Durable storage.
export * as Database from "./database/Database.js"
export * as Disk from "./journal/Disk.js"
export * as Journal from "./journal/Journal.js"
export * as Dataset from "./dataset/Dataset.js"
export * as DuckDb from "./dataset/DuckDb.js"
export * as EventParquet from "./dataset/EventParquet.js"
export * as MarketLayout from "./dataset/MarketLayout.js"
export * as ParquetDataset from "./dataset/ParquetDataset.js"
export * as TelemetryStore from "./telemetry/TelemetryStore.js"
export * as RunContext from "./run/RunContext.js"

// A site's directory, and how a part writes down its settings.
export * as Secrets from "./site/Secrets.js"
export * as Setting from "./site/Setting.js"
export * as Site from "./site/Site.js"
export * as SiteLock from "./site/SiteLock.js"

// Chunk ledgers: every attempt at every window, as a row of a CSV file that others read and write too.
export * as AttemptRow from "./ledger/AttemptRow.js"
export * as ChunkState from "./ledger/ChunkState.js"
export * as Decision from "./ledger/Decision.js"
export * as Ledger from "./ledger/Ledger.js"
export * as LedgerCsv from "./ledger/LedgerCsv.js"
export * as LedgerFile from "./ledger/LedgerFile.js"
export * as LedgerRow from "./ledger/LedgerRow.js"
export * as LedgerText from "./ledger/LedgerText.js"
export * as Ledgers from "./ledger/Ledgers.js"
export * as PythonText from "./ledger/PythonText.js"

// What a history must give, and how it asks others for it.
export * as AddressPolicy from "./outgoing/AddressPolicy.js"
export * as Feed from "./source/Feed.js"
export * as FeedMessage from "./source/FeedMessage.js"
export * as History from "./source/History.js"
export * as HistoryRegistry from "./source/HistoryRegistry.js"
export * as Outgoing from "./outgoing/Outgoing.js"
export * as RecordedEvents from "./source/RecordedEvents.js"
export * as RateBucket from "./outgoing/RateBucket.js"
export * as RateLimits from "./outgoing/RateLimits.js"
export * as RetryAfter from "./outgoing/RetryAfter.js"
export * as SourceError from "./source/SourceError.js"

// Copies of datasets, retention, and how the collector fares.
export * as CollectorHealth from "./backfill/health/CollectorHealth.js"
export * as Destination from "./backfill/sync/Destination.js"
export * as FreeSpace from "./backfill/sync/FreeSpace.js"
export * as HealthRecord from "./backfill/health/HealthRecord.js"
export * as HealthStore from "./backfill/health/HealthStore.js"
export * as LiveHealth from "./backfill/health/LiveHealth.js"
export * as Rclone from "./backfill/sync/Rclone.js"
export * as RcloneDestination from "./backfill/sync/RcloneDestination.js"
export * as Retention from "./backfill/sync/Retention.js"
export * as S3Destination from "./backfill/sync/S3Destination.js"
export * as S3Put from "./backfill/sync/S3Put.js"
export * as Sync from "./backfill/sync/Sync.js"
export * as SyncStore from "./backfill/sync/SyncStore.js"
export * as Uploads from "./backfill/sync/Uploads.js"

// The verbs of the product, as Tags, and their layers in this process.
export * as BackfillOperations from "./operations/BackfillOperations.js"
export * as CollectorOperations from "./operations/CollectorOperations.js"
export * as ConfigOperations from "./operations/ConfigOperations.js"
export * as LocalBackfillOperations from "./operations/LocalBackfillOperations.js"
export * as LocalCollectorOperations from "./operations/LocalCollectorOperations.js"
export * as LocalRunOperations from "./operations/LocalRunOperations.js"
export * as LocalSiteOperations from "./operations/LocalSiteOperations.js"
export * as LocalTelemetryOperations from "./operations/LocalTelemetryOperations.js"
export * as RunOperations from "./operations/RunOperations.js"
export * as SiteFacts from "./operations/SiteFacts.js"
export * as SiteOperations from "./operations/SiteOperations.js"
export * as TelemetryOperations from "./operations/TelemetryOperations.js"
export * as Unreachable from "./operations/Unreachable.js"

// Live collection: feeds of exchanges, and what follows them.
export * as CoverageSink from "./backfill/live/CoverageSink.js"
export * as Feeds from "./plugins/source/Feeds.js"
export * as LiveCollectors from "./backfill/live/LiveCollectors.js"
export * as LiveReports from "./backfill/live/LiveReports.js"
export * as LiveSockets from "./backfill/live/LiveSockets.js"
export * as LiveStream from "./backfill/live/LiveStream.js"
export * as LiveTuning from "./backfill/live/LiveTuning.js"
export * as WebSockets from "./backfill/live/WebSockets.js"

// Histories that come with Outpost.
export * as BinanceHistory from "./plugins/history/BinanceHistory.js"
export * as BitfinexHistory from "./plugins/history/BitfinexHistory.js"
export * as BitmexHistory from "./plugins/history/BitmexHistory.js"
export * as BybitHistory from "./plugins/history/BybitHistory.js"
export * as CcxtHistory from "./plugins/history/CcxtHistory.js"
export * as CoinbaseHistory from "./plugins/history/CoinbaseHistory.js"
export * as FilesHistory from "./plugins/history/FilesHistory.js"
export * as GeneratorHistory from "./plugins/history/GeneratorHistory.js"
export * as HttpHistory from "./plugins/history/HttpHistory.js"
export * as KrakenHistory from "./plugins/history/KrakenHistory.js"
export * as OkxHistory from "./plugins/history/OkxHistory.js"
export * as TelemetryHistory from "./plugins/history/TelemetryHistory.js"

// Procedures.
export * as Procedure from "./procedure/Procedure.js"
export * as Procedures from "./procedure/Procedures.js"
export * as SystemChecks from "./plugins/procedure/SystemChecks.js"

// The same verbs over HTTP: the declaration, a server, a client.
export * as Api from "./http/Api.js"
export * as Client from "./http/Client.js"
export * as Handlers from "./http/Handlers.js"
export * as HttpAddress from "./http/HttpAddress.js"
export * as HttpSettings from "./http/Settings.js"
export * as Server from "./http/Server.js"

// Services of a streaming ensemble: what all of them share, workers, the reducer.
export * as Membership from "./ingest/Membership.js"
export * as ParametersHash from "./ingest/ParametersHash.js"

// A whole site inside another program.
export * as Embedded from "./app/Embedded.js"
