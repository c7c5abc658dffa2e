/** A serial line without a device: a pseudo terminal, and a hand at its far end. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { hasPython } from "./Python.js"

/** Whether this machine has what it takes. */
export const canTry = hasPython && spawnSync("stty", ["--version"]).status === 0

/** The far end of a terminal line: what it is told on its input it says on the line, and the other way round. */
export const open = Effect.gen(function* () {
  const script =
    "import os,pty,sys,threading,tty\nmaster,slave=pty.openpty()\ntty.setraw(master)\nprint(os.ttyname(slave),flush=True)\n" +
    "threading.Thread(target=lambda:[sys.stdout.write(os.read(master,99).decode()) and sys.stdout.flush() for _ in iter(int,1)],daemon=True).start()\n" +
    "for text in sys.stdin:\n  os.write(master,text.encode())\nos._exit(0)\n"
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] })),
    (made) => Effect.sync(() => made.kill("SIGKILL"))
  )
  const heard = Effect.async<string>((resume) => {
    child.stdout.once("data", (text: Buffer) => resume(Effect.succeed(text.toString())))
  })
  return { device: (yield* heard).trim(), child, heard }
})
