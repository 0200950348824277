// Vite 6 is the last that runs on every Node 20. Its rollup is the one of WebAssembly,
// by an override: the npm of Node 20.0 leaves the native one of Linux out.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { defineConfig } from "vite";

// The folders of the packages that are in the bundles.
const bundled = new Set();

const findPackages = {
  name: "find-packages",
  generateBundle(_, bundle) {
    for (const id of Object.values(bundle).flatMap((file) => file.moduleIds ?? [])) {
      // Rollup's own modules begin with a NUL.
      const found = /^[^\0]*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id);
      if (found) bundled.add(found[0]);
    }
  },
};

// The workers are bundled before the page, so theirs are in it too.
const writeLicenses = {
  name: "write-licenses",
  generateBundle() {
    const source = ["# Licenses\n", ...[...bundled].map(license).sort()].join("\n");
    this.emitFile({ type: "asset", fileName: "licenses.md", source });
  },
};

function license(folder) {
  const read = (file) => readFileSync(path.join(folder, file), "utf8").trim();
  const { name, version, license } = JSON.parse(read("package.json"));
  const files = readdirSync(folder).filter((file) =>
    /^(licen[cs]e|copying|notice)/i.test(file),
  );
  const texts = [`## ${name} - ${version} (${license})`, ...files.map(read)];
  return `${texts.join("\n\n")}\n`;
}

export default defineConfig({
  base: "/graphiql/",
  publicDir: false,
  plugins: [findPackages, writeLicenses],
  worker: {
    plugins: () => [findPackages],
    // A worker may load nothing, so each is one file.
    rollupOptions: { output: { inlineDynamicImports: true } },
  },
  build: {
    // The policy of the page allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // Monaco alone is past the size at which vite warns.
    chunkSizeWarningLimit: 4096,
    rollupOptions: {
      input: "src/main.js",
      // "use client" means nothing where everything runs in the browser.
      onLog: (level, log, report) =>
        log.code === "MODULE_LEVEL_DIRECTIVE" || report(level, log),
    },
    target: "es2022",
  },
});
