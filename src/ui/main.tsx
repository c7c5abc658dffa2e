/** Puts the app into the page. */
import { createRoot } from "react-dom/client"
import "uplot/dist/uPlot.min.css"
import { App } from "./App.js"
import "./style/tokens.css"
import "./style/frame.css"
import "./style/controls.css"
import "./style/parts.css"
import "./style/overview.css"
import "./style/tree.css"
import "./style/plots.css"
import "./style/pages.css"
import "./style/collector.css"
import "./style/calendar.css"
import "./style/ensemble.css"
import "./style/station.css"
import "./style/updates.css"

const host = document.getElementById("root")
if (host !== null) createRoot(host).render(<App />)
