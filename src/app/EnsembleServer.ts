/** The requests that a controller or a reducer answers when it runs by itself: the routes of the ensemble and no others. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Listening } from "../cli/EnsembleRoles.js"
import { EnsembleApi, ReducerApi } from "../http/ApiIngest.js"
import * as EnsemblePage from "../http/EnsemblePage.js"
import * as HdfRoutes from "../http/HdfRoutes.js"
import { HttpAddress } from "../http/HttpAddress.js"
import * as IngestHandlers from "../http/IngestHandlers.js"
import * as LiveViews from "../http/LiveViews.js"
import * as ReducerHandlers from "../http/ReducerHandlers.js"
import * as Server from "../http/Server.js"
import { HttpSettings } from "../http/Settings.js"
import * as LocalIngestOperations from "../operations/LocalIngestOperations.js"

/** dranspose's own. */
const defaultPort = 5000

/** Listens as long as the scope lasts; answers the address. What a reducer publishes stands at the root. */
export const listen = ({ host, open, port, token }: Listening, kind: "controller" | "reducer") =>
  Effect.map(
    Layer.build(
      Server.layerWithoutEvents(
        {
          settings: new HttpSettings({
            host: Option.getOrElse(host, () => "127.0.0.1"),
            port: Option.getOrElse(port, () => defaultPort),
            token
          }),
          open
        },
        kind === "reducer" ? HdfRoutes.routes("") : EnsemblePage.routes
      ).pipe(
        Layer.provide(
          apiOf(kind).pipe(Layer.provide(LocalIngestOperations.layer), Layer.provideMerge(LiveViews.layer({})))
        )
      )
    ),
    (context) => Context.get(context, HttpAddress).url
  )

// -----------------------------------------------------------------------------

const apiOf = (kind: "controller" | "reducer") =>
  kind === "reducer"
    ? HttpApiBuilder.api(ReducerApi).pipe(Layer.provide(ReducerHandlers.layer))
    : HttpApiBuilder.api(EnsembleApi).pipe(Layer.provide(Layer.merge(IngestHandlers.layer, ReducerHandlers.layer)))
