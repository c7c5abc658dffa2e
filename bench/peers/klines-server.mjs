/** Candles as an exchange answers them, without holes and without limits: `GET /api/v3/klines?startTime=&endTime=&limit=`. */
import { createServer } from "node:http"

const minute = 60_000

/** Prices that move and never repeat a page; each a text, as the exchange writes them. */
const candle = (at) => {
  const n = at / minute
  const price = 30_000 + ((n * 7_919) % 20_000) / 100
  const text = (value) => value.toFixed(2)
  const volume = 1 + ((n * 6_037) % 100_000) / 1_000
  const prices = `"${text(price)}","${text(price + 11)}","${text(price - 13)}","${text(price + 3)}"`
  return `[${at},${prices},"${volume.toFixed(3)}",${at + minute - 1},"${text(volume * price)}",${1 + (n % 977)},"0","0","0"]`
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
