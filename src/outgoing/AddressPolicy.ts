/**
 * Which addresses may be connected to. Everything that is not the public internet is refused (loopback, private, link-local,
 * shared, multicast, reserved, and such an address inside of an IPv6 one) unless its host or its network is allowed by name.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net"

export interface AddressPolicy {
  /** Why `host` may not be reached at `address`; undefined where it may. */
  readonly refusal: (host: string, address: string) => string | undefined
}

/** A policy with exceptions: host names, addresses, networks. */
export const make = (allowed: ReadonlyArray<string>): AddressPolicy => {
  const networks = new BlockList()
  const hosts = new Set<string>()
  for (const entry of allowed) {
    const network = networkOf(entry)
    if (network === undefined) hosts.add(hostName(entry))
    else networks.addSubnet(network.address, network.prefix, familyOf(network.address))
  }
  return {
    refusal: (host, address) => {
      const plain = address.replace(/%.*$/, "")
      if (isIP(plain) === 0) return "is no address"
      if (hosts.has(hostName(host)) || networks.check(plain, familyOf(plain))) return undefined
      const embedded = isIPv6(plain) ? embeddedAddress(plain) : undefined
      return special.check(plain, familyOf(plain)) || (embedded !== undefined && special.check(embedded, "ipv4"))
        ? `${plain} is a private or special address; outgoing.allow_private may allow it`
        : undefined
    }
  }
}

/** True for a host name, an address, or a network in CIDR form. */
export const isHostOrNetwork = (text: string): boolean =>
  networkOf(text) !== undefined ||
  (text.length <= 253 &&
    /^(?=.*[a-z])[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*\.?$/i.test(text))

// ------------------------------------------------------------------------------------------------------------------

const familyOf = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6")

const hostName = (host: string): string => host.toLowerCase().replace(/\.$/, "")

const networkOf = (text: string): { readonly address: string; readonly prefix: number } | undefined => {
  const [address = "", prefix, ...rest] = text.split("/")
  const longest = isIPv4(address) ? 32 : 128
  if (isIP(address) === 0 || rest.length > 0) return undefined
  if (prefix === undefined) return { address, prefix: longest }
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= longest ? { address, prefix: Number(prefix) } : undefined
}

/** The registries of special-purpose addresses (RFC 6890 and its updates). IPv4 rules hold for IPv4-mapped IPv6 too. */
const special = new BlockList()
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8]
] as const)
  special.addSubnet(network, prefix, familyOf(network))

/** The IPv4 address that a translator finds in an IPv6 one: mapped, translated, NAT64, 6to4. */
const embeddedAddress = (address: string): string | undefined => {
  const groups = groupsOf(address)
  const at = (index: number) => {
    const pair = [groups[index] ?? 0, groups[index + 1] ?? 0]
    return pair.flatMap((group) => [group >> 8, group & 255]).join(".")
  }
  const head = groups.slice(0, 6).join(",")
  if (groups[0] === 0x2002) return at(1)
  return head === "0,0,0,0,0,65535" || head === "0,0,0,0,65535,0" || head === `${0x64},${0xff9b},0,0,0,0`
    ? at(6)
    : undefined
}

/** The eight groups of an IPv6 address. */
const groupsOf = (address: string): ReadonlyArray<number> => {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const [, front = "", a, b, c, d] = dotted ?? []
  const group = (high: string | undefined, low: string | undefined) => (Number(high) * 256 + Number(low)).toString(16)
  const text = dotted === null ? address : `${front}${group(a, b)}:${group(c, d)}`
  const [left = "", right] = text.split("::")
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((digits) => Number.parseInt(digits, 16)))
  const [before, after] = [parse(left), parse(right ?? "")]
  return [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0), ...after]
}
