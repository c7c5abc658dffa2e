/**
 * YAML for people. A module of its own, loaded when it is needed: bundled code that imports the CommonJS package itself at
 * run time finds its names under `default` only.
 *
 * @internal
 */
import { stringify } from "yaml"

export const text = (document: unknown): string => stringify(document).trimEnd()
