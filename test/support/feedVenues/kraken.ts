/** Kraken, version 2, as it speaks over WebSocket. */
import type { Market, Venue } from "../FeedServer.js"
import { iso, both } from "./wire.js"

export const kraken: Venue = {
  greet: () => [JSON.stringify({ channel: "status", type: "update", data: [{ system: "online", api_version: "v2" }] })],
  hear: (text, client, server) => {
    const { method, params, req_id } = JSON.parse(text)
    const time = { time_in: iso(1), time_out: iso(2) }
    if (method === "ping") return [JSON.stringify({ method: "pong", req_id, ...time })]
    const known =
      params.symbol[0] === "BTC/USDT" &&
      (params.channel === "trade" || [10, 25, 100, 500, 1000].includes(params.depth)) &&
      !server.refuses
    if (!known)
      return [JSON.stringify({ error: "Currency pair not supported", method, req_id, success: false, ...time })]
    const answer = JSON.stringify({
      method,
      req_id,
      result: { channel: params.channel, symbol: params.symbol[0] },
      success: true,
      ...time
    })
    if (method === "unsubscribe") client.subscribed.delete(params.channel)
    if (method !== "subscribe") return [answer]
    client.subscribed.set(params.channel, { depth: params.depth })
    if (params.channel === "trade") return [answer]
    const { asks, bids } = both(server, params.depth)
    return [
      answer,
      `{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USDT","bids":${krakenLevels(bids)},"asks":${krakenLevels(asks)},"checksum":${krakenChecksum(server)}}]}`
    ]
  },
  trade: ({ amount, at, id, price, side }, client) =>
    client.subscribed.has("trade")
      ? [
          `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USDT","side":"${side}","price":${price.toFixed(1)},"qty":${amount.toFixed(8)},"ord_type":"market","trade_id":${id},"timestamp":"${iso(at).replace("Z", "456Z")}"}]}`
        ]
      : [],
  change: ({ amount, price, side }, _, client, server) => {
    if (!client.subscribed.has("book")) return []
    const level = krakenLevels([[price, amount]])
    return [
      `{"channel":"book","type":"update","data":[{"symbol":"BTC/USDT","bids":${side === "bid" ? level : "[]"},"asks":${side === "ask" ? level : "[]"},"checksum":${krakenChecksum(server)},"timestamp":"${iso(1)}"}]}`
    ]
  }
}
const krakenLevels = (side: ReadonlyArray<readonly [number, number]>) =>
  `[${side.map(([price, amount]) => `{"price":${price.toFixed(1)},"qty":${amount.toFixed(8)}}`).join(",")}]`
const krakenChecksum = (server: Market) => {
  const { asks, bids } = both(server, 10)
  const digits = (text: string) => text.split(".").join("").replace(/^0*/, "")
  const sum = [...asks, ...bids].map(([price, amount]) => digits(price.toFixed(1)) + digits(amount.toFixed(8))).join("")
  let crc = 0xffffffff
  for (const character of sum) {
    crc ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
