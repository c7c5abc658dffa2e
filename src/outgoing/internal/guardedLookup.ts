/**
 * Name resolution that lets no unchecked address through: the socket is opened with what this answers and with nothing else, so
 * a name that changes its mind between check and connection gains nothing.
 *
 * @internal
 */
import { lookup, type LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import type { AddressPolicy } from "../AddressPolicy.js"

/** All addresses of a name; rejects where there are none. */
export type Resolve = (host: string) => Promise<ReadonlyArray<LookupAddress>>

/** A host that the policy keeps from being asked. */
export class RefusedAddress extends Error {
  readonly code = "OUTPOST_REFUSED"
}

/** The resolver of this machine, as every other program uses it. */
export const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) =>
    lookup(host, { all: true, verbatim: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
  )

/** For `net.connect`. One refused address of a name refuses the name. */
export const guardedLookup =
  (resolve: Resolve, policy: AddressPolicy): LookupFunction =>
  (host, options, done) => {
    resolve(host).then(
      (addresses) => {
        const wanted = addresses.filter(
          ({ family }) => options.family === undefined || options.family === 0 || Number(options.family) === family
        )
        const [first] = wanted
        const refusal = addresses.map(({ address }) => policy.refusal(host, address)).find((why) => why !== undefined)
        if (refusal !== undefined) done(new RefusedAddress(refusal), "")
        else if (first === undefined) done(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "")
        else if (options.all === true) done(null, [...wanted])
        else done(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => done(error, "")
    )
  }
