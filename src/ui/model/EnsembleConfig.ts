/** A config section that makes a whole ensemble out of nothing: one that works at once, to begin with. */
export const ensembleYaml = `ingest:
  controller: true
  ingesters:
    detector:
      streams:
        frames: { source: synthetic, settings: { size: 16384, rate: 200 } }
  workers:
    one: { use: frame-sums }
    two: { use: frame-sums }
  reducer: { use: live-picture }
`
