// The peer of the HTTP benchmark: node:http, JSON.parse, the same line by JSON.stringify, the same group commit.
import { createServer } from "node:http"
import * as fs from "node:fs"
const file = fs.openSync(process.argv[2], "a")
let pending = []
let acks = []
let busy = false
let seq = 0
const flush = () => {
  if (pending.length === 0) return void (busy = false)
  const lines = pending
  const waiting = acks
  pending = []
  acks = []
  fs.writeSync(file, lines.join(""))
  fs.fdatasync(file, (error) => {
    if (error) throw error
    for (const ack of waiting) ack()
    flush()
  })
}
const server = createServer((request, response) => {
  const chunks = []
  request.on("data", (chunk) => chunks.push(chunk))
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8"))
    const event = {
      seq: ++seq,
      ts: new Date().toISOString(),
      stream: "site",
      type: body.type,
      data: body.data,
      meta: body.meta ?? {}
    }
    pending.push(`${JSON.stringify(event)}\n`)
    acks.push(() => {
      const { stream: _, ...rest } = event
      const text = JSON.stringify(rest)
      response
        .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
        .end(text)
    })
    if (!busy) {
      busy = true
      setImmediate(flush)
    }
  })
})
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
