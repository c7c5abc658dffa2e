/** The uplinks that come with Outpost. */
import type { Uplink } from "../uplink/Uplink.js"
import { FileUplink } from "./uplink/FileUplink.js"
import { TentaUplink } from "./uplink/TentaUplink.js"
import { ThingsboardUplink } from "./uplink/ThingsboardUplink.js"
import { WebhookUplink } from "./uplink/WebhookUplink.js"

export const uplinks: ReadonlyArray<Uplink> = [ThingsboardUplink, TentaUplink, WebhookUplink, FileUplink]
