/** A version by its number; the one that was installed by hand by these words, with its number where it is known. */
import { versionName } from "../model/Updates.js"

export const VersionName = ({ known, version }: { readonly version: string | null; readonly known?: string }) =>
  version !== null ? (
    <span className="mono">{version}</span>
  ) : known === undefined ? (
    <span>{versionName(version)}</span>
  ) : (
    <span>
      <span className="mono">{known}</span>, installed by hand
    </span>
  )
