import { assert, describe, it } from "@effect/vitest"
import * as AddressPolicy from "../../src/outgoing/AddressPolicy.js"

const { refusal } = AddressPolicy.make([])

describe("AddressPolicy", () => {
  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1"
  ])("refuses %s", (address) => {
    assert.isString(refusal("archive.example", address))
  })

  it.each([
    "1.1.1.1",
    "9.255.255.255",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.169.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1"
  ])("admits %s", (address) => {
    assert.isUndefined(refusal("archive.example", address))
  })

  it("is a refusal too, what is no address at all", () => {
    assert.isString(refusal("archive.example", "archive.example"))
  })

  it("lets allowed hosts, addresses and networks through, and nothing beside them", () => {
    const policy = AddressPolicy.make(["Camera.lan", "10.0.0.7", "192.168.4.0/24", "fd00:1::/32"])
    const admitted = (host: string, address: string) => policy.refusal(host, address) === undefined
    assert.isTrue(admitted("camera.LAN.", "192.168.9.9"))
    assert.isTrue(admitted("x", "10.0.0.7"))
    assert.isTrue(admitted("x", "192.168.4.255"))
    assert.isTrue(admitted("x", "fd00:1:2::3"))
    assert.isFalse(admitted("other.camera.lan", "192.168.9.9"))
    assert.isFalse(admitted("x", "10.0.0.8"))
    assert.isFalse(admitted("x", "192.168.5.0"))
    assert.isFalse(admitted("x", "fd00:2::3"))
  })

  it("knows the spellings of a host or a network", () => {
    const good = ["localhost", "a-b.example.com", "10.0.0.7", "10.0.0.0/8", "fd00::/8", "::1"]
    const bad = ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "1.2.3", "a b", "http://x", "x/8", "*.lan", "-a.b"]
    assert.deepStrictEqual(
      good.filter((text) => !AddressPolicy.isHostOrNetwork(text)),
      []
    )
    assert.deepStrictEqual(bad.filter(AddressPolicy.isHostOrNetwork), [])
  })
})
