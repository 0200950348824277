// The page that browsers get, served with the built assets.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  START,
  TEST,
  execute,
  focusTools,
  openPage,
  readEditor,
  runOperation,
  runTab,
  startBrowser,
  startGateway,
  tabTitles,
} from "./helpers.mjs";

const ANY = { query: "query Any { __typename }" };

let gateway;
let browser;

before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
}, START);

after(async () => {
  await browser?.close();
  await gateway?.stop();
}, START);

/** Open the page for one test, which fails where the page had a fault. */
async function withPage(use) {
  const page = await openPage(browser, gateway.url);
  try {
    await use(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
}

test("the page loads from its own origin alone, under a strict policy", TEST, () =>
  withPage(async (page) => {
    const policy = page.answer.headers()["content-security-policy"];

    assert.equal(await page.title(), "Approvals gateway");
    assert.match(policy, /(^|; )default-src 'none';/);
    assert.match(policy, /; script-src 'self';/);
    assert.match(policy, /; connect-src 'self';/);
    assert.match(await page.locator(".banner").textContent(), /sandbox/i);
  }),
);

test("an inline script does not run", TEST, async () => {
  const page = await openPage(browser, gateway.url);

  const [ran, refused] = await page.evaluate(async () => {
    const violation = new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", resolve, { once: true });
    });
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.body.append(script);
    return [globalThis.ran, (await violation).effectiveDirective];
  });

  assert.equal(ran, undefined);
  assert.equal(refused, "script-src-elem");
  await page.context().close();
});

test("each example has its tab, and the first shows its variables", TEST, () =>
  withPage(async (page) => {
    const { examples } = JSON.parse(await page.locator("#page").textContent());
    const names = examples.map(
      ({ query }) => query.match(/(?:query|mutation|subscription) (\w+)/)[1],
    );

    assert.deepEqual(await tabTitles(page), names);
    assert.equal(await readEditor(page, "variables"), examples[0].variables);
  }),
);

test("each example runs without an error", { timeout: 180_000 }, () =>
  withPage(async (page) => {
    const { examples } = JSON.parse(await page.locator("#page").textContent());
    const titles = await tabTitles(page);

    for (const [index, { query }] of examples.entries()) {
      // A subscription answers when something changes.
      if (!query.startsWith("subscription")) {
        const result = await runTab(page, titles[index]);

        assert.equal(result.errors, undefined, titles[index]);
        assert.ok(result.data, titles[index]);
      }
    }
  }),
);

test("an operation is sent as JSON, so that it is never a simple request", TEST, () =>
  withPage(async (page) => {
    const sent = page.waitForRequest(
      (request) => request.postDataJSON()?.operationName === "Any",
    );

    const result = await runOperation(page, ANY);
    const headers = (await sent).headers();

    assert.deepEqual(result, { data: { __typename: "Query" } });
    assert.equal(headers["content-type"], "application/json");
    assert.equal(
      headers.accept,
      "application/graphql-response+json, application/json;q=0.9",
    );
  }),
);

test("the results of a subscription are shown as they arrive", TEST, () =>
  withPage(async (page) => {
    const results = [1, 2].map((at) =>
      JSON.stringify({ data: { approvalChanged: at } }),
    );
    await page.route("**/graphql", (route) =>
      route.request().headers().accept === "text/event-stream"
        ? route.fulfill({
            contentType: "text/event-stream; charset=utf-8",
            body: [
              ": a sign of life",
              ...results.map((result) => `event: next\ndata: ${result}`),
              "event: complete\ndata: ",
              "",
            ].join("\n\n"),
          })
        : route.fallback(),
    );

    const shown = await runOperation(page, { query: "subscription Any { any }" });

    assert.deepEqual(shown, { data: { approvalChanged: 2 } });
  }),
);

test("a header typed in the editor is sent, and kept nowhere", TEST, () =>
  withPage(async (page) => {
    await runOperation(page, ANY);
    await page.locator(".graphiql-editor-tools button", { hasText: "Headers" }).click();
    await focusTools(page);
    await page.keyboard.type('{ "Authorization": "Bearer demo-clerk", "X-Typed": "typed-by-hand" }');
    const sent = page.waitForRequest((request) => request.method() === "POST");

    await execute(page);
    // GraphiQL writes the history and the tabs after a pause.
    await page.waitForTimeout(1_500);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));

    assert.equal((await sent).headers().authorization, "Bearer demo-clerk");
    assert.match(kept, /query Any/);
    assert.doesNotMatch(kept, /typed-by-hand/);
  }),
);

test("the editor completes a field's name", TEST, () =>
  withPage(async (page) => {
    await runOperation(page, ANY);
    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText("{ invoiceBy");

    await page.keyboard.press("Control+Space");

    await page
      .locator(".suggest-widget .monaco-list-row", { hasText: "invoiceBySource" })
      .first()
      .waitFor();
  }),
);

test("the editors mark what is wrong", TEST, () =>
  withPage(async (page) => {
    await runOperation(page, ANY);
    await page.locator(".graphiql-query-editor .view-lines").click();
    await page.keyboard.press("Control+A");
    // The editor closes the bracket by itself.
    await page.keyboard.insertText("{ nonesuch");
    await focusTools(page);
    await page.keyboard.insertText("nonsense");

    await page.waitForFunction(() => {
      const markers = globalThis.__MONACO.editor.getModelMarkers({});
      return (
        markers.some(({ message }) => message.includes('field "nonesuch"')) &&
        markers.some(({ resource }) => resource.path.endsWith("variables.json"))
      );
    });
  }),
);

test("the documentation opens", TEST, () =>
  withPage(async (page) => {
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();

    await page
      .locator(".graphiql-doc-explorer .graphiql-doc-explorer-content", {
        hasText: "Root Types",
      })
      .waitFor();
    await page.locator(".graphiql-doc-explorer a", { hasText: "Query" }).click();
    await page
      .locator(".graphiql-doc-explorer a", { hasText: "invoiceBySource" })
      .waitFor();
  }),
);

test("a reload keeps the tabs", TEST, () =>
  withPage(async (page) => {
    await runOperation(page, ANY);
    const titles = await tabTitles(page);
    await page.waitForFunction(() =>
      localStorage.getItem("graphiql:tabState").includes("query Any"),
    );

    await page.reload();
    await page.locator(".graphiql-query-editor .view-lines").waitFor();

    assert.deepEqual(await tabTitles(page), titles);
  }),
);

test(
  "a picture of the page is taken on demand",
  {
    ...TEST,
    skip: process.env.SCREENSHOT ? false : "SCREENSHOT names no file",
  },
  () =>
    withPage(async (page) => {
      await runTab(page, (await tabTitles(page))[0]);
      await page.mouse.move(640, 790);
      await page.screenshot({ path: process.env.SCREENSHOT });
    }),
);
