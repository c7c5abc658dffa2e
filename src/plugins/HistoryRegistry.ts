/** The histories that come with Outpost. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type { Secrets } from "../site/Secrets.js"
import type { Site } from "../site/Site.js"
import type { History } from "../source/History.js"
import * as RecordedEvents from "../source/RecordedEvents.js"
import type { TelemetryStore } from "../telemetry/TelemetryStore.js"
import { BinanceHistory } from "./history/BinanceHistory.js"
import { BitfinexHistory } from "./history/BitfinexHistory.js"
import { BitmexHistory } from "./history/BitmexHistory.js"
import { BybitHistory } from "./history/BybitHistory.js"
import { CcxtHistory } from "./history/CcxtHistory.js"
import { CoinbaseHistory } from "./history/CoinbaseHistory.js"
import { FilesHistory } from "./history/FilesHistory.js"
import { GeneratorHistory } from "./history/GeneratorHistory.js"
import { HttpHistory } from "./history/HttpHistory.js"
import { KrakenHistory } from "./history/KrakenHistory.js"
import { OkxHistory } from "./history/OkxHistory.js"
import { TelemetryHistory } from "./history/TelemetryHistory.js"

/** What one or another of them needs of the program. */
export type HistoryNeeds = FileSystem.FileSystem | Path.Path | Secrets | Site | TelemetryStore

/** Over the events of this very site. */
const ownTelemetry: History<TelemetryStore> = {
  ...TelemetryHistory,
  prepare: (settings) =>
    Effect.provideServiceEffect(TelemetryHistory.prepare(settings), RecordedEvents.RecordedEvents, RecordedEvents.make)
}

export const histories: ReadonlyArray<History<HistoryNeeds>> = [
  BinanceHistory,
  BitfinexHistory,
  BitmexHistory,
  BybitHistory,
  CcxtHistory,
  CoinbaseHistory,
  FilesHistory,
  GeneratorHistory,
  HttpHistory,
  KrakenHistory,
  OkxHistory,
  ownTelemetry
]
