/** The same suites over the operations themselves and over HTTP: the face changes nothing. */
import { Layer } from "effect"
import * as BackfillOperationsSuite from "../conformance/BackfillOperationsSuite.js"
import * as CollectorOperationsSuite from "../conformance/CollectorOperationsSuite.js"
import * as IngestOperationsSuite from "../conformance/IngestOperationsSuite.js"
import * as OutboxOperationsSuite from "../conformance/OutboxOperationsSuite.js"
import * as UpdateOperationsSuite from "../conformance/UpdateOperationsSuite.js"
import * as RunOperationsSuite from "../conformance/RunOperationsSuite.js"
import * as TelemetryOperationsSuite from "../conformance/TelemetryOperationsSuite.js"
import * as Remote from "../support/Remote.js"
import * as ConfigDouble from "../support/ConfigDouble.js"
import * as IngestDouble from "../support/IngestDouble.js"
import * as OutboxDouble from "../support/OutboxDouble.js"
import * as UpdateDouble from "../support/UpdateDouble.js"
import * as RecordingBackfills from "../support/RecordingBackfills.js"
import * as RecordingCollector from "../support/RecordingCollector.js"
import * as RealSite from "../support/RealSite.js"
import * as RunDouble from "../support/RunDouble.js"
import * as SiteDouble from "../support/SiteDouble.js"
import * as TelemetryDouble from "../support/TelemetryDouble.js"
import { collector, doubles, layer as server, layerOn } from "../support/TestServer.js"

TelemetryOperationsSuite.suite("of the double", TelemetryDouble.layer)
TelemetryOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))
TelemetryOperationsSuite.suite(
  "over HTTP with a token",
  Layer.provide(Remote.layer("s3cret"), server({ token: "s3cret" }))
)

RunOperationsSuite.suite("of the double", RunDouble.layer)
RunOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))

BackfillOperationsSuite.suite("of the double", RecordingBackfills.layer)
BackfillOperationsSuite.suite("over HTTP", Layer.provideMerge(Remote.layer(), server()))

CollectorOperationsSuite.suite("of the double", RecordingCollector.layer)
CollectorOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))

IngestOperationsSuite.suite("of the double", IngestDouble.layer)
IngestOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))
IngestOperationsSuite.suiteLogs("of the double", IngestDouble.layer)
IngestOperationsSuite.suiteLogs("over HTTP", Layer.provide(Remote.layer(), server()))
IngestOperationsSuite.suiteOff(
  "without a controller, over HTTP",
  Layer.provide(Remote.layer(), layerOn(Layer.merge(doubles, IngestDouble.off)))
)

OutboxOperationsSuite.suite("in process", OutboxDouble.layer)
OutboxOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))
UpdateOperationsSuite.suite("in process", UpdateDouble.layer)
UpdateOperationsSuite.suite("over HTTP", Layer.provide(Remote.layer(), server()))

const real = Layer.mergeAll(RealSite.layer, SiteDouble.layer, ConfigDouble.layer, collector)

TelemetryOperationsSuite.suite("in process", RealSite.layer)
TelemetryOperationsSuite.suite("in process, over HTTP", Layer.provide(Remote.layer(), layerOn(real)))
RunOperationsSuite.suite("in process", RealSite.layer)
RunOperationsSuite.suite("in process, over HTTP", Layer.provide(Remote.layer(), layerOn(real)))
