// A detector (`source URL SIZE RATE`) or two workers (`workers URL`) over plain ZeroMQ. The data part begins with the moment of
// sending; workers tell, when asked, how many frames they have and how long each took.
import * as zmq from "zeromq"

const [, , role, url, size, rate] = process.argv
const now = () => process.hrtime.bigint()

if (role === "source") {
  const socket = new zmq.Push({ linger: 0 })
  await socket.bind(url)
  const header = Buffer.from(
    `{"htype":"image","frame":0,"shape":[${size}],"type":"uint8","compression":"none","msg_number":1}`
  )
  const send = () => {
    const data = Buffer.allocUnsafe(Number(size))
    data.writeBigUInt64LE(now())
    return socket.send([header, data])
  }
  const perSecond = Number(rate)
  process.send("ready")
  if (perSecond === 0) for (;;) await send()
  const begin = performance.now()
  for (let sent = 0; ; await new Promise((resolve) => setTimeout(resolve, 1))) {
    for (const due = ((performance.now() - begin) * perSecond) / 1_000; sent < due; sent++) await send()
  }
}

if (role === "workers") {
  let frames = 0
  let latencies = []
  process.on("message", () => {
    process.send({ frames, latencies })
    latencies = []
  })
  const work = async (name) => {
    const socket = new zmq.Dealer({ routingId: name, linger: 0 })
    socket.connect(url)
    const ping = Buffer.alloc(16, name)
    await socket.send(ping)
    setInterval(() => void socket.send(ping), 2_000)
    for (;;) {
      const message = await socket.receive()
      frames++
      if (frames % 8 === 0) latencies.push(Number(now() - message.at(-1).readBigUInt64LE()) / 1e6)
    }
  }
  void work("w1")
  void work("w2")
  process.send("ready")
}
