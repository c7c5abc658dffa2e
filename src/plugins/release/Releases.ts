/** The sources of releases that come with Outpost. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type { Secrets } from "../../site/Secrets.js"
import type { ReleaseSource } from "../../update/ReleaseSource.js"
import { FileRelease } from "./FileRelease.js"
import { GithubRelease } from "./GithubRelease.js"
import { GitlabRelease } from "./GitlabRelease.js"
import { NpmRelease } from "./NpmRelease.js"
import { UrlRelease } from "./UrlRelease.js"

/** What one or another of them needs of the program. */
export type ReleaseNeeds = FileSystem.FileSystem | Path.Path | Secrets

export const releases: ReadonlyArray<ReleaseSource<ReleaseNeeds>> = [
  FileRelease,
  GithubRelease,
  GitlabRelease,
  NpmRelease,
  UrlRelease
]
