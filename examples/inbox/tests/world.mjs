// What the tests share: the simulators, a gateway that knows this app's operations and
// nothing else, the built app, and a page whose requests are all looked at.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { preview } from "vite";

import { startBrowser } from "../../../tests/browser/helpers.mjs";
import { startGateway, startSandbox } from "../../../tests/gateway.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const MANIFEST = here("../persisted-operations.json");
const { operations } = JSON.parse(readFileSync(MANIFEST, "utf8"));
const IDS = Object.fromEntries(operations.map(({ name, id }) => [name, id]));
// Ottimate knows people by their addresses alone.
const PERSONS = {
  controller: "api_user@example.com",
  buyer: "former.buyer@example.com",
};
const ALL_WELL = Object.fromEntries(
  ["ottimate", "bill", "productive", "accounteer"].map((provider) => [
    provider,
    { fault: "none", fault_calls: [], fault_seconds: 0 },
  ]),
);

/** Start it all; what is up is stopped again where the rest cannot be. */
export async function startWorld() {
  const stops = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const sandbox = await startSandbox();
    stops.push(sandbox.stop);
    const issuer = await startIssuer();
    stops.push(issuer.stop);
    const gateway = await startGateway({
      env: {
        ...sandbox.settings,
        ...issuer.settings,
        GATEWAY_OPERATIONS__MODE: "ids",
        GATEWAY_OPERATIONS__MANIFESTS: MANIFEST,
      },
    });
    stops.push(gateway.stop);
    // For vite.config.js.
    process.env.GATEWAY = gateway.url;
    const app = await preview({
      root: here(".."),
      logLevel: "silent",
      preview: { port: 0 },
    });
    stops.push(() => app.close());
    const browser = await startBrowser();
    stops.push(() => browser.close());
    return {
      url: `http://127.0.0.1:${app.httpServer.address().port}`,
      sandbox,
      browser,
      tokenOf: issuer.tokenOf,
      ask: (name, variables) =>
        ask(gateway.url, name, variables, issuer.tokenOf("controller")),
      behave: (switches) => behave(sandbox.url, switches),
      behaveWell: () => behave(sandbox.url, ALL_WELL),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An identity provider of one key: its settings for the gateway, and its tokens. */
async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keys = [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256" }];
  const server = createServer((_, answer) => answer.end(JSON.stringify({ keys })));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const iss = `http://127.0.0.1:${server.address().port}`;
  const encode = (value) => Buffer.from(value).toString("base64url");
  return {
    settings: {
      GATEWAY_AUTH__MODE: "jwt",
      GATEWAY_AUTH__API_KEYS_FILE: undefined,
      GATEWAY_AUTH__JWKS_URL: iss,
      GATEWAY_AUTH__ISSUER: iss,
      GATEWAY_AUTH__AUDIENCE: "inbox",
    },
    tokenOf(sub) {
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const email = { email: PERSONS[sub], email_verified: true };
      const text = [
        { alg: "ES256", kid: "one" },
        { iss, sub, aud: "inbox", exp, ...email },
      ]
        .map((part) => encode(JSON.stringify(part)))
        .join(".");
      const key = { key: privateKey, dsaEncoding: "ieee-p1363" };
      return `${text}.${encode(sign("sha256", Buffer.from(text), key))}`;
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Make providers behave as told, such as `{ bill: { fault: "busy" } }`. */
async function behave(url, switches) {
  const answer = await fetch(`${url}/switches`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(switches),
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** Ask the gateway from elsewhere, as another client of the same person would. */
async function ask(url, name, variables, token) {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ documentId: IDS[name], variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined);
  return data;
}

/**
 * Open the app as a person; as nobody with null. `prepare` gets the page before that.
 *
 * `page.faults` collects what a clean page has none of, `page.sent` every operation
 * that was sent as `{ name, variables }`.
 */
export async function openInbox(
  world,
  { person = "controller", prepare, ...options } = {},
) {
  const context = await world.browser.newContext({
    viewport: { width: 1280, height: 860 },
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(
    (value) => {
      if (value && sessionStorage.getItem("token") === null) {
        sessionStorage.setItem("token", value);
      }
    },
    person && world.tokenOf(person),
  );
  const page = await context.newPage();
  page.faults = [];
  page.sent = [];
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      page.faults.push(`console: ${message.text()}`);
    }
  });
  context.on("request", (request) => record(page, request));
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => recordFrame(page, JSON.parse(payload))),
  );
  await prepare?.(page);
  await page.goto(world.url);
  return page;
}

// Whatever is sent: an id of the manifest, and no document in any form.
function record(page, request) {
  const { pathname, searchParams } = new URL(request.url());
  if (!pathname.startsWith("/graphql") || request.headers().upgrade) return;
  const isRead = request.method() === "GET";
  const sent = isRead ? Object.fromEntries(searchParams) : request.postDataJSON();
  const variables = isRead ? JSON.parse(sent.variables ?? "{}") : sent.variables;
  const [name] =
    Object.entries(IDS).find(([, id]) => pathname === `/graphql/${id}`) ?? [];
  const isRight = name && isRead === ["Queue", "Look"].includes(name);
  const members = Object.keys(sent).filter(
    (member) => !["operationName", "variables"].includes(member),
  );
  if (!isRight || members.length > 0) {
    page.faults.push(
      `not an id alone: ${request.method()} ${request.url()} ${members}`,
    );
  }
  page.sent.push({ name, variables });
}

function recordFrame(page, { type, payload }) {
  if (type !== "subscribe") return;
  const { documentId, variables, ...others } = payload;
  if (documentId !== IDS.Changed || Object.keys(others).length > 0) {
    page.faults.push(`not an id alone: ${JSON.stringify(payload)}`);
  }
  page.sent.push({ name: "Changed", variables });
}

/** Choose the queue of one provider, or "All". */
export async function choose(page, name) {
  await page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
  await page.locator('.queue[aria-busy="false"] .row').first().waitFor();
}

/** Choose a queue for the first time, and return its rows as they were answered. */
export async function show(page, name) {
  const isQueue = (response) => response.url().includes(IDS.Queue);
  const [answer] = await Promise.all([
    page.waitForResponse(isQueue),
    choose(page, name),
  ]);
  const { data } = await answer.json();
  return data.viewer.approvals.edges.map(({ node }) => node);
}

/** The row of an object. */
export function rowOf(page, { id }) {
  return page.locator(`[id="${id}"]`);
}

/** Wait until the decision on a row is known to be in a phase. */
export async function reach(row, phase) {
  try {
    await row.and(row.page().locator(`[data-phase="${phase}"]`)).waitFor();
  } catch (error) {
    throw new Error(`The row is not ${phase}:\n${await row.innerText()}`, {
      cause: error,
    });
  }
}
