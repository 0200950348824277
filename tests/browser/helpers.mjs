// What the browser tests share: a browser that reaches nothing but loopback, answers by
// hand, and GraphiQL's page as a person uses it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, request as requestHTTP } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const GRAPHIQL = new URL("../../gateway/server/graphiql/package.json", import.meta.url);
const { chromium } = createRequire(GRAPHIQL)("playwright-core");

const STEP_MS = 20_000;

/**
 * Stand before the gateway, and answer the operations of *script* by hand.
 *
 * `script` has a function for each operation name: it gets the response to write, and
 * the headers that were sent.
 */
export async function startScript(gateway, script) {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const body = Buffer.concat(chunks);
    const name = body.length ? JSON.parse(body).operationName : undefined;
    if (Object.hasOwn(script, name)) {
      script[name](response, request.headers);
      return;
    }
    const { origin: _origin, host: _host, ...headers } = request.headers;
    const { method } = request;
    const passed = requestHTTP(`${gateway.url}${request.url}`, { method, headers });
    passed.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Start a browser whose names resolve to nothing, so that only loopback is left. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ],
  });
}

/**
 * Open GraphiQL in a profile of its own and wait for its editors.
 *
 * `page.faults` collects what a clean page has none of: requests that leave
 * loopback, violations of the policy, errors on the console. `publicFiles` maps
 * public addresses to the files that answer for them; the rest of the options is the
 * browser's, such as `colorScheme`.
 */
export async function openPage(
  browser,
  url,
  { path: address = "/graphql", publicFiles = new Map(), ...profile } = {},
) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    serviceWorkers: "block",
    ...profile,
  });
  context.setDefaultTimeout(STEP_MS);
  const faults = [];
  await context.route("**/*", (route) => {
    const address = route.request().url();
    const file = publicFiles.get(address);
    if (file) {
      return route.fulfill({
        path: file,
        headers: { "access-control-allow-origin": "*" },
        contentType: file.endsWith(".css") ? "text/css" : "text/javascript",
      });
    }
    if (["127.0.0.1", ""].includes(new URL(address).hostname)) {
      return route.continue();
    }
    faults.push(`request: ${address}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.faults = faults;
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      faults.push(`console: ${message.text()}`);
    }
  });
  await page.exposeFunction("recordViolation", (text) =>
    faults.push(`policy: ${text}`),
  );
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      globalThis.recordViolation(`${event.effectiveDirective} ${event.blockedURI}`),
    );
  });
  page.answer = await page.goto(`${url}${address}`);
  await awaitEditors(page);
  return page;
}

/** Wait until the page can be used: after a reload, too. */
export async function awaitEditors(page) {
  await page.locator(".graphiql-query-editor :is(.view-lines, .CodeMirror)").waitFor();
  await page.locator(".graphiql-execute-button").waitFor();
}

/**
 * Say who calls: type the headers and have the schema, which was refused, read again.
 *
 * What the page complained of until then is that nobody had said so.
 */
export async function identify(page, headers) {
  await page.waitForLoadState("networkidle");
  await fillEditor(page, "headers", JSON.stringify(headers, null, 2));
  const answered = page.waitForResponse(
    (response) => response.request().method() === "POST" && response.status() === 200,
  );
  await page.getByRole("button", { name: /re-fetch graphql schema/i }).click();
  await answered;
  const refused = page.faults.splice(0);
  assert.ok(refused.length > 0, "the schema was shown to nobody in particular");
  for (const fault of refused) {
    assert.match(fault, /^console: .* 401 \(Unauthorized\)$/);
  }
}

/** Return the titles of the tabs, in order. */
export function tabTitles(page) {
  return page.locator(".graphiql-tab-button").allTextContents();
}

/** Open the tab of this title, execute it, and return the result pane as JSON. */
export async function runTab(page, title) {
  await openTab(page, title);
  return execute(page);
}

/** Open the tab of this title. */
export function openTab(page, title) {
  return page
    .locator(".graphiql-tabs")
    .getByRole("button", { name: title, exact: true })
    .click();
}

/**
 * Run an operation in a tab of its own, and return the result pane as JSON.
 *
 * `variables` and `headers` are objects; `operationName` is needed where the query
 * has several operations.
 */
export async function runOperation(page, { operationName, ...operation }) {
  await writeOperation(page, operation);
  return execute(page, operationName);
}

/** Write an operation into a tab of its own, as `runOperation`, and leave it there. */
export async function writeOperation(page, { query, variables, headers }) {
  const tabs = (await tabTitles(page)).length;
  await page.locator(".graphiql-tab-add").click();
  await page.locator(".graphiql-tab-button").nth(tabs).waitFor();
  const text = (value) => (value ? JSON.stringify(value, null, 2) : "");
  await fillEditor(page, "variables", text(variables));
  await fillEditor(page, "headers", text(headers));
  await fillEditor(page, "query", query);
  // The editor reads the query after a pause; the title is the last thing to follow.
  const [, name] = query.match(/^\s*(?:query|mutation|subscription)\s+(\w+)/m) ?? [];
  if (name) {
    await page
      .locator(".graphiql-tab-active .graphiql-tab-button", { hasText: name })
      .waitFor();
  }
}

/** Press Execute and return the result pane as JSON, once the answer is there. */
export async function execute(page, operationName) {
  const answered = page.waitForResponse(
    (response) => response.request().method() === "POST",
  );
  await page.locator(".graphiql-execute-button").click();
  if (operationName) {
    await page.getByRole("menuitem", { name: operationName, exact: true }).click();
  }
  await answered;
  await page
    .locator(".graphiql-response .graphiql-spinner")
    .waitFor({ state: "detached" });
  return result(page);
}

/** Return the result pane as JSON, once it shows something, or what *wanted* takes. */
export async function result(page, wanted = () => true) {
  const deadline = Date.now() + STEP_MS;
  for (;;) {
    const text = await resultPane(page);
    if (text && wanted(JSON.parse(text))) {
      return JSON.parse(text);
    }
    assert.ok(Date.now() < deadline, `the result pane stays at: ${text}`);
    await sleep(20);
  }
}

/** Return the text of the result pane. */
export function resultPane(page) {
  return readEditor(page, "result");
}

/** Put the cursor into the variables or headers, whichever is shown. */
export async function focusTools(page) {
  await page.locator(".graphiql-editor-tool :not(.hidden) > .monaco-editor").click();
}

// GraphiQL 5 publishes Monaco, whose models hold the whole text where the page shows
// the lines in view; the fallback's GraphiQL 4 has CodeMirror, in the page's order.
const EDITORS = {
  query: ["operation.graphql", 0],
  variables: ["variables.json", 1],
  headers: ["request-headers.json", 2],
  result: ["response.json", 3],
};

/** Return the text of the editor of this name, one of `EDITORS`. */
export function readEditor(page, name) {
  return page.evaluate(([file, index]) => {
    const model = globalThis.__MONACO?.editor
      .getModels()
      .find(({ uri }) => uri.path.endsWith(file));
    return (
      model ?? document.querySelectorAll(".CodeMirror")[index].CodeMirror
    ).getValue();
  }, EDITORS[name]);
}

function fillEditor(page, name, text) {
  return page.evaluate(
    ([[file, index], value]) => {
      const model = globalThis.__MONACO?.editor
        .getModels()
        .find(({ uri }) => uri.path.endsWith(file));
      (model ?? document.querySelectorAll(".CodeMirror")[index].CodeMirror).setValue(
        value,
      );
    },
    [EDITORS[name], text],
  );
}
