/** The same suites over the operations themselves and over HTTP: the face changes nothing. */
import { Layer } from "effect"
import * as RunOperationsSuite from "../conformance/RunOperationsSuite.js"
import * as TelemetryOperationsSuite from "../conformance/TelemetryOperationsSuite.js"
import * as Remote from "../support/Remote.js"
import * as ConfigDouble from "../support/ConfigDouble.js"
import * as RealSite from "../support/RealSite.js"
import * as RunDouble from "../support/RunDouble.js"
import * as SiteDouble from "../support/SiteDouble.js"
import * as TelemetryDouble from "../support/TelemetryDouble.js"
import { layer as server, layerOn } from "../support/TestServer.js"

TelemetryOperationsSuite.suite("of the double", TelemetryDouble.layer)
TelemetryOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))
TelemetryOperationsSuite.suite(
  "over HTTP with a token",
  Layer.provide(Remote.layer("s3cret"), server({ token: "s3cret" }))
)

RunOperationsSuite.suite("of the double", RunDouble.layer)
RunOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))

const real = Layer.mergeAll(RealSite.layer, SiteDouble.layer, ConfigDouble.layer)

TelemetryOperationsSuite.suite("in process", RealSite.layer)
TelemetryOperationsSuite.suite("in process, over HTTP", Layer.provide(Remote.layer(), layerOn(real)))
RunOperationsSuite.suite("in process", RealSite.layer)
RunOperationsSuite.suite("in process, over HTTP", Layer.provide(Remote.layer(), layerOn(real)))
