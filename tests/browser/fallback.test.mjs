// The page of a gateway without built assets. The public files are those of the npm
// packages, given to the browser under their public addresses, so that it checks the
// hashes in the page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import {
  ROOT,
  START,
  TEST,
  openPage,
  readEditor,
  runOperation,
  runTab,
  startBrowser,
  startGateway,
  tabTitles,
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
