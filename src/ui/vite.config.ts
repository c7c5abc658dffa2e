import { defineConfig } from "vite"

/** Builds the web app into `dist/ui`. `npx vite build --config src/ui/vite.config.ts` */
export default defineConfig({
  root: new URL(".", import.meta.url).pathname,
  base: "/",
  publicDir: "public",
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    outDir: "../../dist/ui",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        // What changes seldom stays in the browser's cache when the app is updated.
        manualChunks: (id) =>
          /node_modules\/(react|react-dom|scheduler)\//.test(id)
            ? "react"
            : /node_modules\/uplot\//.test(id)
              ? "plot"
              : /node_modules\//.test(id)
                ? "effect"
                : undefined
      }
    }
  }
})
