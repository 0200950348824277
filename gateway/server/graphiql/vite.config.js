import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphiql/",
  publicDir: false,
  build: {
    // The policy of the page allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // Monaco alone is past the size at which vite warns.
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: "src/main.js",
      // "use client" means nothing where everything runs in the browser.
      onLog: (level, log, report) =>
        log.code === "MODULE_LEVEL_DIRECTIVE" || report(level, log),
    },
    target: "es2022",
  },
});
