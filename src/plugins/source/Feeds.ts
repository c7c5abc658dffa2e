/** The live feeds that come with Outpost. */
import type { Feed } from "../../source/Feed.js"
import { BinanceFeed } from "./BinanceFeed.js"
import { BitfinexFeed } from "./BitfinexFeed.js"
import { BitmexFeed } from "./BitmexFeed.js"
import { BybitFeed } from "./BybitFeed.js"
import { CoinbaseFeed } from "./CoinbaseFeed.js"
import { KrakenFeed } from "./KrakenFeed.js"
import { OkxFeed } from "./OkxFeed.js"

export const feeds: ReadonlyArray<Feed> = [
  BinanceFeed,
  BitfinexFeed,
  BitmexFeed,
  BybitFeed,
  CoinbaseFeed,
  KrakenFeed,
  OkxFeed
]
