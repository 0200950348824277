// The page that browsers get, served with the built assets.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  awaitEditors,
  execute,
  focusTools,
  openPage,
  readEditor,
  result,
  runOperation,
  runTab,
  startBrowser,
  tabTitles,
  writeOperation,
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
async function withPage(use, options) {
  const page = await openPage(browser, gateway.url, options);
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
      if (!/^subscription\b/m.test(query)) {
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
      "multipart/mixed;incrementalSpec=v0.2, application/graphql-response+json, " +
        "application/json;q=0.9",
    );
  }),
);

test("a header typed in the editor is sent, and kept nowhere", TEST, () =>
  withPage(async (page) => {
    await writeOperation(page, ANY);
    await page.locator(".graphiql-editor-tools button", { hasText: "Headers" }).click();
    await focusTools(page);
    await page.keyboard.type(
      '{ "Authorization": "Bearer demo-clerk", "X-Typed": "typed-by-hand" }',
    );
    // GraphiQL reads the headers, and writes the history and the tabs, after a pause.
    await page.waitForTimeout(1_500);
    const sent = page.waitForRequest((request) => request.method() === "POST");

    await execute(page);
    await page.getByRole("button", { name: "Show History" }).click();
    await page.getByRole("button", { name: "Add favorite" }).click();
    await page.waitForTimeout(1_500);
    const kept = await page.evaluate(() => ({ ...localStorage }));

    assert.equal((await sent).headers().authorization, "Bearer demo-clerk");
    assert.match(kept["graphiql:tabState"], /query Any/);
    assert.match(kept["graphiql:favorites"], /query Any/);
    assert.doesNotMatch(JSON.stringify(kept), /typed-by-hand/);
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

test("the editor puts an operation in order", TEST, () =>
  withPage(async (page) => {
    await writeOperation(page, { query: "query Any{__typename,again:__typename}" });

    await page.getByRole("button", { name: /^Prettify query/ }).click();
    while (!(await readEditor(page, "query")).includes("\n")) {
      await page.waitForTimeout(20);
    }

    assert.equal(
      await readEditor(page, "query"),
      "query Any {\n  __typename\n  again: __typename\n}\n",
    );
  }),
);

test("a line that is too long goes on below", TEST, () =>
  withPage(async (page) => {
    const tops = await page.evaluate(() => {
      const editor = globalThis.__MONACO.editor
        .getEditors()
        .find((one) => one.getModel().uri.path.endsWith("operation.graphql"));
      return [1, 2, 5, 6].map((line) => editor.getTopForLineNumber(line));
    });

    // The comment at the top takes two lines, `totalCount` one.
    assert.equal(tops[1] - tops[0], 2 * (tops[3] - tops[2]));
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
    await awaitEditors(page);

    assert.deepEqual(await tabTitles(page), titles);
  }),
);

test("an example whose tab was closed comes back from the menu", TEST, () =>
  withPage(async (page) => {
    const titles = await tabTitles(page);
    const { examples } = JSON.parse(await page.locator("#page").textContent());
    await page.getByRole("button", { name: "Close Tab" }).first().click();
    await page.locator(".graphiql-tab-button", { hasText: titles[0] }).waitFor({
      state: "detached",
    });

    await choose(page, titles[0]);
    await page
      .locator(".graphiql-tab-active .graphiql-tab-button", { hasText: titles[0] })
      .waitFor();

    assert.deepEqual(await tabTitles(page), [...titles.slice(1), titles[0]]);
    assert.equal(await readEditor(page, "query"), examples[0].query);
    assert.equal(await readEditor(page, "variables"), examples[0].variables);
  }),
);

test("an example that is in a tab is shown there", TEST, () =>
  withPage(async (page) => {
    const titles = await tabTitles(page);

    await choose(page, titles[2]);
    const active = page.locator(".graphiql-tab-active .graphiql-tab-button");
    await active.and(page.getByText(titles[2], { exact: true })).waitFor();

    assert.deepEqual(await tabTitles(page), titles);
  }),
);

/** Choose this example from the toolbar's menu. */
async function choose(page, name) {
  await page.getByRole("button", { name: "Examples" }).click();
  await page.getByRole("menuitem", { name, exact: true }).click();
}

test("headers that cannot be sent are an answer", TEST, () =>
  withPage(async (page) => {
    await writeOperation(page, { ...ANY, headers: { "No name": "x" } });

    await page.locator(".graphiql-execute-button").click();
    const { errors } = await result(page);

    assert.equal(errors.length, 1);
    assert.match(errors[0].message, /^The request headers cannot be sent: /);
    assert.deepEqual(Object.keys(errors[0]), ["message"]);
  }),
);

// Light and dark, as the style sheets and the editor have them.
const LOOKS = {
  light: ["rgb(243, 244, 246)", "vs"],
  dark: ["rgb(28, 35, 51)", "vs-dark"],
};

async function look(page) {
  const banner = await page
    .locator(".banner")
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  const editor = page.locator(".graphiql-query-editor .monaco-editor").first();
  const classes = (await editor.getAttribute("class")).split(" ");
  return [banner, classes.find((name) => name.startsWith("vs"))];
}

for (const colorScheme of ["light", "dark"]) {
  test(`the page is ${colorScheme} where the system is`, TEST, () =>
    withPage(async (page) => assert.deepEqual(await look(page), LOOKS[colorScheme]), {
      colorScheme,
    }),
  );
}

test("the page changes its look with the system", TEST, () =>
  withPage(async (page) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator(".graphiql-query-editor .monaco-editor.vs-dark").waitFor();

    assert.deepEqual(await look(page), LOOKS.dark);
  }),
);

test("the settings choose the look, and a reload keeps it", TEST, () =>
  withPage(
    async (page) => {
      await page.getByRole("button", { name: "Open settings dialog" }).click();
      await page.getByRole("button", { name: "Light", exact: true }).click();
      await page.keyboard.press("Escape");
      const chosen = await look(page);

      await page.reload();
      await awaitEditors(page);

      assert.deepEqual(chosen, LOOKS.light);
      assert.deepEqual(await look(page), LOOKS.light);
    },
    { colorScheme: "dark" },
  ),
);

test("what was run is in the history", TEST, () =>
  withPage(async (page) => {
    await runOperation(page, ANY);

    await page.getByRole("button", { name: "Show History" }).click();

    await page.locator(".graphiql-history-item", { hasText: "Any" }).waitFor();
  }),
);

test("the page fits on a phone", TEST, () =>
  withPage(
    async (page) => {
      await runTab(page, (await tabTitles(page))[0]);

      const [editors, response] = await Promise.all(
        [".graphiql-editors", ".graphiql-response"].map((selector) =>
          page.locator(selector).boundingBox(),
        ),
      );
      const width = await page.evaluate(() => document.documentElement.scrollWidth);

      assert.equal(width, 390);
      assert.ok(editors.width > 300 && response.width > 300);
      assert.ok(editors.height > 200 && response.height > 200);
      assert.ok(response.y >= editors.y + editors.height);
    },
    { viewport: { width: 390, height: 800 } },
  ),
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
