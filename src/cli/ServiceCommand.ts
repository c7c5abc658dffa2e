/** `install-service`: a systemd unit for the site. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CommandSpec from "./CommandSpec.js"
import * as Flags from "./Flags.js"
import { Globals } from "./Globals.js"
import { Launcher } from "./Launcher.js"
import * as Output from "./Output.js"

export const installService = CommandSpec.make(
  "install-service",
  {
    summary: "Write a systemd unit that keeps the site running",
    about: [
      "The service is started at boot and again after any death, is ready once it answers, and is restarted when it makes " +
        "no more progress. It may write the site and nothing else; what a procedure needs beyond that is added with " +
        "`systemctl edit`."
    ],
    examples: [
      ["sudo outpost install-service --site /var/lib/outpost --run-as outpost", "for the machine"],
      ["outpost install-service --user", "for your own user, without root"],
      ["outpost install-service --out - --site /data/site", "only print it"]
    ]
  },
  {
    user: Flags.flag("user", "For your own user (~/.config/systemd/user)"),
    name: Flags.text("name", "NAME", "Name of the unit (default outpost)"),
    runAs: Flags.text("run-as", "USER", "Who it runs as (default: you)"),
    out: Flags.text("out", "FILE", "Where to write it; - prints it")
  },
  ({ name, out, runAs, user }) =>
    Effect.gen(function* () {
      const globals = yield* Globals
      const launcher = yield* Launcher
      const unit = Option.getOrElse(name, () => "outpost")
      const { path, text } = yield* launcher.installService({
        ...globals,
        user,
        name: unit,
        runAs,
        out: Option.filter(out, (file) => file !== "-"),
        print: Option.contains(out, "-")
      })
      const control = user ? "systemctl --user" : "systemctl"
      yield* Output.answer({
        json: () => JSON.stringify(path === undefined ? { unit: text } : { path }),
        text: () =>
          path === undefined
            ? text.trimEnd().split("\n")
            : [`wrote ${path}`, `start it with: ${control} daemon-reload && ${control} enable --now ${unit}`]
      })
    })
)
