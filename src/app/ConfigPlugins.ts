/** How a document is told that it names a plug-in that there is not, or gives one settings that it does not take. Pure. */
import * as Nearest from "../domain/Nearest.js"
import type { SettingsProblem } from "../source/SettingsProblem.js"
import type * as Shape from "./ConfigShape.js"

/** Something wrong, at its place in the document. */
export interface PluginProblem {
  readonly path: Shape.Path
  readonly message: string
  readonly remedy: string | undefined
  /** Where the key is wrong, not its value. */
  readonly at?: "key"
}

/** `kind` is what nobody of this name is: `history`, `source`. */
export const stranger = (path: Shape.Path, kind: string, name: string, names: ReadonlyArray<string>): PluginProblem => {
  const meant = Nearest.of(name, names)
  const remedy = meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`
  return { path, message: `there is no such ${kind}`, remedy }
}

/** `manual` says where the plug-in's settings are described. */
export const inside =
  (settings: Shape.Path, manual: string) =>
  ({ isKey, message, path, remedy }: SettingsProblem): PluginProblem => ({
    path: [...settings, ...path],
    message,
    remedy: remedy ?? manual,
    ...(isKey ? { at: "key" } : {})
  })
