import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

import { persistedDocuments } from "./persisted.js";
import { serviceWorker } from "./shell.js";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

// The page and the graph have one origin, so that no CORS is needed: whoever serves the
// page passes /graphql on to the gateway, its WebSocket too.
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:8000";
const proxy = { "/graphql": { target: gateway, ws: true } };

// What a server of dist/ should send along. The page has no inline script or style.
const headers = {
  "Content-Security-Policy": [
    "default-src 'none'",
    ...["script", "style", "img", "connect", "manifest", "worker"].map(
      (kind) => `${kind}-src 'self'`,
    ),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

export default defineConfig({
  plugins: [
    persistedDocuments({
      schema: here("../../schema.graphql"),
      manifest: here("persisted-operations.json"),
    }),
    serviceWorker({ source: here("src/sw.js") }),
  ],
  esbuild: { jsx: "automatic" },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy, headers },
});
