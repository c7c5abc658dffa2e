/** Asks Python, whose `csv` module and number formats are the measure for files that its users share with us. */
import { spawnSync } from "node:child_process"

export const hasPython = spawnSync("python3", ["--version"]).status === 0

/** Runs a script on a JSON document (`data` in the script); what it prints is JSON. */
export const python = (script: string, data: unknown): any => {
  const prelude = "import csv, io, json, os, sys\ncsv.field_size_limit(2**31 - 1)\ndata = json.load(sys.stdin)\n"
  const { status, stderr, stdout } = spawnSync("python3", ["-c", prelude + script], {
    input: JSON.stringify(data),
    encoding: "utf8",
    maxBuffer: 1 << 30,
    env: { ...process.env, PYTHONIOENCODING: "utf-8" }
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
