/** Captures of real ensembles: the scans A and B, vectors of what is exact, and dumps of real detectors. */
import { existsSync } from "node:fs"
import { join } from "node:path"

export const fixtures = join(import.meta.dirname, "../fixtures/dranspose")

/** Dumps that are not ours to pass on: read where they are, if they are. */
export const upstream = join(import.meta.dirname, "../../../shared/fixtures/dranspose/upstream_data")

export const hasUpstream = existsSync(upstream)
