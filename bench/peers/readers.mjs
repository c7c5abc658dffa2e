// Live readers in a process of their own: raw sockets that throw away what they get; one of them counts the events.
// node readers.mjs URL COUNT; says "ready", and the number of events so far for each line on standard input.
import { connect } from "node:net"
const { hostname, port } = new URL(process.argv[2])
const readers = Number(process.argv[3])
const mark = Buffer.from("\ndata: ")
let connected = 0
let events = 0
const count = (chunk) => {
  for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + 1)) events++
}
for (let k = 0; k < readers; k++) {
  const socket = connect(Number(port), hostname, () => {
    socket.write(`GET /events/tail HTTP/1.1\r\nHost: ${hostname}\r\nAccept: text/event-stream\r\n\r\n`)
    if (++connected === readers) console.log("ready")
  })
  if (k === 0) socket.on("data", count)
  else socket.resume()
  socket.on("error", () => undefined)
}
process.stdin.on("data", () => console.log(events))
process.stdin.on("end", () => process.exit(0))
