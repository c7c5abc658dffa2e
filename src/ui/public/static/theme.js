// Before the first paint: the chosen theme, or the system's. The page's switch stores the choice and calls this again.
;(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)")
  const apply = () => {
    let chosen = null
    try {
      chosen = localStorage.getItem("outpost.theme")
    } catch {
      // Storage may be forbidden; then the system's theme it is.
    }
    const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light"
    document.documentElement.dataset.theme = theme
  }
  apply()
  dark.addEventListener("change", apply)
  addEventListener("outpost:theme", apply)
})()
