import { NodeStatus, type NodeState } from "../../../src/actor/NodeStatus.js"
import { branches, opensByItself, within } from "../../../src/ui/model/Tree.js"
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"

const node = (path: string, status: NodeState = "ready") =>
  new NodeStatus({
    id: path.slice(path.lastIndexOf("/") + 1),
    path,
    kind: "worker",
    status,
    restarts: 0,
    since: DateTime.unsafeMake(0)
  })

const root = (paths: ReadonlyArray<NodeStatus>) => {
  const [found] = branches([node(""), ...paths])
  if (found === undefined) throw new Error("no root")
  return found
}

describe("Tree", () => {
  it("stands as the paths say, in the order of the list", () => {
    const tree = root([node("b"), node("b/y"), node("b/x"), node("a")])
    assert.deepStrictEqual(
      tree.children.map((branch) => branch.node.path),
      ["b", "a"]
    )
    assert.deepStrictEqual(
      tree.children[0]?.children.map((branch) => branch.node.path),
      ["b/y", "b/x"]
    )
    assert.strictEqual(tree.below, 4)
  })

  it("shows a node whose parent is not in the list", () => {
    assert.deepStrictEqual(
      branches([node("gone/child")]).map((branch) => branch.node.path),
      ["gone/child"]
    )
  })

  it("is closed where all is well and open on the way to what is not", () => {
    const tree = root([
      node("well"),
      node("well/a"),
      node("bad"),
      node("bad/b"),
      node("bad/b/c", "quarantined"),
      node("bad/d")
    ])
    assert.deepStrictEqual(tree.children.map(opensByItself), [false, true])
    assert.deepStrictEqual(tree.children[1]?.children.map(opensByItself), [true, false])
    assert.strictEqual(tree.wellBelow, tree.below - 1)
  })

  it("what was stopped on purpose is no trouble", () => {
    const tree = root([node("p"), node("p/a", "stopped")])
    assert.deepStrictEqual(tree.children.map(opensByItself), [false])
    assert.strictEqual(tree.wellBelow, 2)
  })

  it("a node's reach is itself and what is below it, not what is named alike", () => {
    const all = [node("a"), node("a/b"), node("ab")]
    assert.deepStrictEqual(
      within(all, "a").map(({ path }) => path),
      ["a", "a/b"]
    )
  })
})
