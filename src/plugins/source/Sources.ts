/** The sources of frames that come with Outpost. */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type { Secrets } from "../../site/Secrets.js"
import type { Source } from "../../source/Source.js"
import { AlbaemSource } from "./AlbaemSource.js"
import { ContrastSource } from "./ContrastSource.js"
import { EigerLegacySource } from "./EigerLegacySource.js"
import { FileTailSource } from "./FileTailSource.js"
import { HttpPostSource } from "./HttpPostSource.js"
import { LecroySource } from "./LecroySource.js"
import { PcapSource } from "./PcapSource.js"
import { PositioncapSource } from "./PositioncapSource.js"
import { ReplaySource } from "./ReplaySource.js"
import { SardanaSource } from "./SardanaSource.js"
import { SerialLinesSource } from "./SerialLinesSource.js"
import { StinsSource } from "./StinsSource.js"
import { SyntheticSource } from "./SyntheticSource.js"
import { TcpLinesSource } from "./TcpLinesSource.js"
import { WebsocketSource } from "./WebsocketSource.js"
import { Xspress3Source } from "./Xspress3Source.js"
import { ZeromqSource } from "./ZeromqSource.js"

/** What one or another of them needs of the program. */
export type SourceNeeds = CommandExecutor.CommandExecutor | FileSystem.FileSystem | Path.Path | Secrets

export const sources: ReadonlyArray<Source<SourceNeeds>> = [
  AlbaemSource,
  ContrastSource,
  EigerLegacySource,
  FileTailSource,
  HttpPostSource,
  LecroySource,
  PcapSource,
  PositioncapSource,
  ReplaySource,
  SardanaSource,
  SerialLinesSource,
  StinsSource,
  SyntheticSource,
  TcpLinesSource,
  WebsocketSource,
  Xspress3Source,
  ZeromqSource
]
