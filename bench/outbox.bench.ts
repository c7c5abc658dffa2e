import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import * as SqlOutbox from "../src/outbox/SqlOutbox.js"
import { OutboxSettings } from "../src/outbox/Settings.js"
import { temporary } from "./support/Server.js"
const dir = temporary("outbox")
const body = { variant: "data" as const, data: { temperature: 19.7, count: 3, label: "abc" } }
await Effect.runPromise(Effect.gen(function*(){
  const ob = yield* SqlOutbox.make({ path: join(dir,"o.sqlite"), archive: join(dir,"messages"), settings: new OutboxSettings({}), revision: Effect.succeed(3), notify: console.log })
  for (const ups of [0,1,2]) {
    if (ups>0) yield* ob.register("u"+ups)
    for (let r=0;r<2;r++) {
    let b = performance.now(); const n=500
    yield* Effect.repeatN(ob.put({ body }), n-1)
    console.log(ups,"single/s", n*1000/(performance.now()-b))
    b = performance.now(); const per=200
    yield* Effect.forEach(Array.from({length:256}),()=>Effect.repeatN(ob.put({body}),per-1),{concurrency:"unbounded",discard:true})
    console.log(ups,"256 fibers/s", 256*per*1000/(performance.now()-b))
    b = performance.now()
    yield* Effect.repeatN(ob.putAll(Array.from({length:1000},()=>({body}))), 19)
    console.log(ups,"putAll/s", 20000*1000/(performance.now()-b))
    }
  }
  const d = yield* ob.drain("u1")
  let b = performance.now(); let n=0
  for(;;){ const m = yield* d.take(200); if (m.length===0) break; n+=m.length; yield* d.ack(m.map(x=>x.id)) }
  console.log("drain/s", n, n*1000/(performance.now()-b))
  console.log(yield* ob.stats)
}).pipe(Effect.scoped, Effect.provide(NodeContext.layer)))
