/**
 * A small second process that holds the other end of a pipe, and ends a family of processes when the pipe breaks: that is, when
 * this process is dead, however it died.
 */
import * as ChildProcess from "node:child_process"
import type { Writable } from "node:stream"
import * as Effect from "effect/Effect"

export type Guard = ChildProcess.ChildProcessByStdio<Writable, null, null>

/**
 * Reads the id of a group and then waits. If its input ends without the word `done` its parent is dead: it sends SIGTERM to
 * the group and to whoever bears the mark and, three seconds later, SIGKILL to what is left.
 */
const script = `
mark=$1
marked() { [ -z "$mark" ] || grep -lzxF -- "$mark" /proc/[0-9]*/environ; }
signal() {
  kill -s "$1" -- "-$group"
  for place in $(marked); do
    pid=\${place#/proc/}
    kill -s "$1" "\${pid%/environ}"
  done
}
read -r group || exit 0
read -r word && [ "$word" = done ] && exit 0
signal TERM
for second in 1 2 3; do
  sleep 1
  kill -s 0 -- "-$group" || [ -n "$(marked)" ] || exit 0
done
signal KILL
`

/** `name` shows in its command line: whom it guards. */
export const start = (name: string, mark: string | undefined): Effect.Effect<Guard, Error> =>
  Effect.async((resume) => {
    const guard = ChildProcess.spawn("/bin/sh", ["-c", script, `guard of ${name}`, mark ?? ""], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"]
    })
    guard.on("error", (cause) => resume(Effect.fail(cause)))
    guard.stdin.on("error", () => {})
    guard.once("spawn", () => resume(Effect.succeed(guard)))
  })

/** From now on it knows whom to end. */
export const watch = (guard: Guard, group: number): void => void guard.stdin.write(`${group}\n`)

/** The group is gone by now. */
export const dismiss = (guard: Guard): Effect.Effect<void> => Effect.sync(() => guard.stdin.end("done\n"))
