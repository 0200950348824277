// A plugin for Vite that makes the service worker: src/sw.js, told which files are the
// app's shell, and which build they are of.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

export function serviceWorker({ source }) {
  return {
    name: "service-worker",
    apply: "build",
    // After Vite has put index.html into the bundle.
    enforce: "post",
    generateBundle(_, bundle) {
      const files = [...Object.keys(bundle), ...readdirSync("public")]
        .filter((file) => file !== "index.html")
        .map((file) => `/${file}`);
      const hash = createHash("sha256");
      for (const { code, source: text } of Object.values(bundle))
        hash.update(code ?? text);
      const shell = { build: hash.digest("hex").slice(0, 16), files: ["/", ...files] };
      const head = `const SHELL = ${JSON.stringify(shell)};\n`;
      const fileName = "sw.js";
      this.emitFile({
        type: "asset",
        fileName,
        source: head + readFileSync(source, "utf8"),
      });
    },
  };
}
