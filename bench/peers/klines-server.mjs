/** Candles as an exchange answers them, without holes and without limits: `GET /api/v3/klines?startTime=&endTime=&limit=`. */
import { createServer } from "node:http"

const minute = 60_000

/** Prices that move and never repeat a page; each a text, as the exchange writes them. Spelt out once: what a server takes
 * for that is no part of what is measured. */
const text = (value) => value.toFixed(2)
const prices = Array.from({ length: 20_000 }, (_, k) => {
  const price = 30_000 + k / 100
  return `"${text(price)}","${text(price + 11)}","${text(price - 13)}","${text(price + 3)}"`
})
const volumes = Array.from({ length: 100_000 }, (_, k) => (1 + k / 1_000).toFixed(3))
const turnovers = Array.from({ length: 100_000 }, (_, k) => text((1 + k / 1_000) * 30_100))

const candle = (at) => {
  const n = at / minute
  const volume = (n * 6_037) % 100_000
  return `[${at},${prices[(n * 7_919) % 20_000]},"${volumes[volume]}",${at + minute - 1},"${turnovers[volume]}",${1 + (n % 977)},"0","0","0"]`
}

const server = createServer((request, response) => {
  const query = new URL(request.url ?? "/", "http://exchange.example").searchParams
  const first = Math.ceil(Number(query.get("startTime")) / minute) * minute
  const count = Math.min(Number(query.get("limit")), Math.floor((Number(query.get("endTime")) - first) / minute) + 1)
  const candles = []
  for (let k = 0; k < count; k++) candles.push(candle(first + k * minute))
  const body = `[${candles.join(",")}]`
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body)
})
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
