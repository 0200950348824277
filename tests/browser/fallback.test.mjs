// The page of a gateway without built assets. The public files are those of the npm
// packages, given to the browser under their public addresses, so that it checks the
// hashes in the page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { ROOT, START, TEST, startGateway } from "../gateway.mjs";
import {
  execute,
  openPage,
  readEditor,
  result,
  runOperation,
  runTab,
  startBrowser,
  startScript,
  tabTitles,
  writeOperation,
} from "./helpers.mjs";

const PUBLIC = "https://cdn.jsdelivr.net/npm/";
const FILES = [
  "graphiql@4.1.2/graphiql.min.css",
  "graphiql@4.1.2/graphiql.min.js",
  "react-dom@18.3.1/umd/react-dom.production.min.js",
  "react@18.3.1/umd/react.production.min.js",
];

const folder = mkdtempSync(path.join(tmpdir(), "fallback-"));
const publicFiles = new Map(
  FILES.map((file) => [PUBLIC + file, path.join(folder, file)]),
);
let gateway;
let browser;

before(async () => {
  for (const name of new Set(FILES.map((file) => file.split("/")[0]))) {
    unpack(name);
  }
  gateway = await startGateway({ root: copyWithoutAssets() });
  browser = await startBrowser();
}, START);

after(async () => {
  await browser?.close();
  await gateway?.stop();
  rmSync(folder, { recursive: true });
}, START);

/** Put the files of this npm package where `publicFiles` says. */
function unpack(name) {
  const target = path.join(folder, name);
  mkdirSync(target);
  const [{ filename }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", target, name], {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 60_000,
    }),
  );
  const archive = path.join(target, filename);
  execFileSync("tar", ["-xzf", archive, "-C", target, "--strip-components=1"]);
}

/** Copy the package as it is where nobody ran npm. */
function copyWithoutAssets() {
  const root = path.join(folder, "root");
  cpSync(path.join(ROOT, "gateway"), path.join(root, "gateway"), {
    dereference: true,
    filter: (file) => !["dist", "node_modules"].includes(path.basename(file)),
    recursive: true,
  });
  return root;
}

test(
  "the page says where it comes from, and runs the same examples",
  TEST,
  async () => {
    const page = await openPage(browser, gateway.url, { publicFiles });
    const { examples } = JSON.parse(await page.locator("#page").textContent());
    const [first] = await tabTitles(page);

    assert.match(await page.locator(".banner").textContent(), /cdn\.jsdelivr\.net/);
    assert.equal((await tabTitles(page)).length, examples.length);
    assert.equal(await readEditor(page, "variables"), examples[0].variables);
    assert.equal((await runTab(page, first)).errors, undefined);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  },
);

test("a header is sent with the operation, and kept nowhere", TEST, async () => {
  const page = await openPage(browser, gateway.url, { publicFiles });
  const sent = page.waitForRequest(
    (request) => request.postDataJSON()?.operationName === "Any",
  );

  const result = await runOperation(page, {
    query: "query Any { __typename }",
    headers: { Authorization: "Bearer demo-clerk", "X-Typed": "typed-by-hand" },
  });
  await page.waitForTimeout(1_500);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));

  assert.deepEqual(result, { data: { __typename: "Query" } });
  assert.equal((await sent).headers().authorization, "Bearer demo-clerk");
  assert.match(kept, /query Any/);
  assert.doesNotMatch(kept, /typed-by-hand/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a link has its tab, does not run, and is copied", TEST, async () => {
  const page = await openPage(browser, gateway.url, {
    path: "/graphql?query=query+Linked+{+__typename+}&variables={}",
    permissions: ["clipboard-read", "clipboard-write"],
    publicFiles,
  });
  const { examples } = JSON.parse(await page.locator("#page").textContent());
  await page.locator(".graphiql-tab-active", { hasText: "Linked" }).waitFor();

  assert.equal((await tabTitles(page)).length, examples.length + 1);
  assert.equal(await readEditor(page, "query"), "query Linked { __typename }");
  assert.equal(await readEditor(page, "variables"), "{}");
  assert.equal(await readEditor(page, "result"), "");
  assert.equal(page.url(), `${gateway.url}/graphql`);

  await page.getByRole("button", { name: "Copy link" }).click();
  await page.locator(".notice", { hasText: "copied" }).waitFor();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    `${gateway.url}/graphql#query=query+Linked+%7B+__typename+%7D` +
      "&variables=%7B%7D&operationName=Linked",
  );
  assert.deepEqual(await execute(page), { data: { __typename: "Query" } });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an example comes from the menu", TEST, async () => {
  const page = await openPage(browser, gateway.url, { publicFiles });
  const titles = await tabTitles(page);

  await page.getByRole("button", { name: "Examples" }).click();
  await page.getByRole("menuitem", { name: titles[2], exact: true }).click();
  await page.locator(".graphiql-tab-active", { hasText: titles[2] }).waitFor();

  assert.deepEqual(await tabTitles(page), titles);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("events and what is deferred are shown as they come", TEST, async () => {
  const asked = {};
  const script = {
    Changes: (response) => asked.Changes(response),
    Deferred: (response) => asked.Deferred(response),
  };
  const run = async (page, query) => {
    const [, name] = query.match(/\w+ (\w+)/);
    await writeOperation(page, { query });
    const response = new Promise((resolve) => {
      asked[name] = resolve;
    });
    await page.getByRole("button", { name: /^Execute query/ }).click();
    return response;
  };
  const server = await startScript(gateway, script);
  const page = await openPage(browser, server.url, { publicFiles });

  const stream = await run(page, "subscription Changes { at }");
  stream.writeHead(200, { "content-type": "text/event-stream" });
  stream.write('event: next\ndata: {"data":{"at":1}}\n\n');
  assert.deepEqual(await result(page), { data: { at: 1 } });
  const closed = once(stream, "close");
  await page.getByRole("button", { name: /^Stop query/ }).click();
  await closed;

  const parts = await run(page, "query Deferred { a { ... @defer { c } } }");
  parts.writeHead(200, { "content-type": 'multipart/mixed; boundary="-"' });
  const part = (value) => `\r\n\r\n${JSON.stringify(value)}\r\n---`;
  const pending = [{ id: "0", path: ["a"] }];
  parts.write(`---${part({ data: { a: { b: 1 } }, pending, hasNext: true })}`);
  assert.deepEqual(await result(page), { data: { a: { b: 1 } } });
  const incremental = [{ id: "0", data: { c: 2 } }];
  const completed = [{ id: "0" }];
  parts.end(`${part({ incremental, completed, hasNext: false })}--\r\n`);
  assert.deepEqual(await result(page, ({ data }) => data.a.c), {
    data: { a: { b: 1, c: 2 } },
  });

  assert.deepEqual(page.faults, []);
  await page.context().close();
  server.stop();
});

test("a public file that was changed does not run", TEST, async () => {
  const file = FILES.find((name) => name.startsWith("react@"));
  appendFileSync(path.join(folder, file), "\nglobalThis.changed = true;\n");
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route(`${PUBLIC}**`, (route) =>
    route.fulfill({
      path: publicFiles.get(route.request().url()),
      headers: { "access-control-allow-origin": "*" },
    }),
  );
  const refused = page.waitForEvent("console", (message) =>
    message.text().includes("integrity"),
  );

  await page.goto(`${gateway.url}/graphql`);

  assert.match((await refused).text(), /react\.production\.min\.js/);
  assert.equal(await page.evaluate(() => globalThis.changed), undefined);
  await context.close();
});
