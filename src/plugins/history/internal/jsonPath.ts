/**
 * A way into a JSON value: names and indexes with dots between, `[name=value]` for the entry of a list that has that field, as in
 * `meta.next`, `0.items` or `links[rel=next].href`. The empty path is the value itself.
 *
 * @internal
 */
import { at, listOf } from "./fields.js"

export const isPath = (path: string): boolean =>
  path === "" || /^[^.[\]]+(\[[^=[\]]+=[^[\]]*\])*(\.[^.[\]]+(\[[^=[\]]+=[^[\]]*\])*)*$/.test(path)

/** Undefined where there is nothing. */
export const follow = (value: unknown, path: string): unknown =>
  path === ""
    ? value
    : path.split(/\.(?![^[]*\])/).reduce((here, segment) => {
        const [, name = "", filters = ""] = /^([^[]*)(.*)$/.exec(segment) ?? []
        return [...filters.matchAll(/\[([^=]+)=([^\]]*)\]/g)].reduce(
          (list: unknown, [, field = "", wanted = ""]) =>
            (listOf(list) ?? []).find((entry) => String(at(entry, field)) === wanted),
          at(here, name)
        )
      }, value)
