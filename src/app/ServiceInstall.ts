/** Writes the systemd unit that keeps a site running. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as os from "node:os"
import * as Cli from "../cli/Launcher.js"
import * as DurableFile from "../site/DurableFile.js"
import * as Site from "../site/Site.js"
import * as ServiceUnit from "./ServiceUnit.js"

/** Answers the text, and where it stands now unless it was only to be printed. */
export const install = (options: Cli.ServiceOptions) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const { directory } = yield* Site.locate(options.site)
    const home = options.user ? paths.join(os.homedir(), ".config/systemd/user") : "/etc/systemd/system"
    const path = Option.getOrElse(options.out, () => paths.join(home, `${options.name}.service`))
    const own = yield* Effect.orElseSucceed(fs.realPath(process.argv[1] ?? ""), () => process.argv[1] ?? "")
    const unit = ServiceUnit.text({
      site: directory,
      config: Option.getOrUndefined(Option.map(options.config, (file) => paths.resolve(file))),
      // The launcher stands beside the program; it starts the version that an update has made current.
      program: [process.execPath, ...process.execArgv, paths.join(paths.dirname(own), "launcher.js")],
      runAs: options.user ? undefined : Option.getOrElse(options.runAs, () => os.userInfo().username),
      user: options.user
    })
    const { runAs } = options
    if (Option.isSome(runAs) && !/^[A-Za-z0-9_][\w.@-]*\$?$/.test(runAs.value)) {
      return yield* new Cli.LaunchFailed({ reason: `${JSON.stringify(runAs.value)} is no user's name` })
    }
    if (options.print) return { path: undefined, text: unit }
    const refused = (error: { readonly message: string }) =>
      new Cli.LaunchFailed({ reason: `${path} could not be written: ${error.message}` })
    yield* fs
      .makeDirectory(paths.dirname(path), { recursive: true })
      .pipe(Effect.zipRight(DurableFile.replace(path, unit, { mode: 0o644 })), Effect.mapError(refused))
    return { path, text: unit }
  })
