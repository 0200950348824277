// Links that hold an operation: opened, and copied.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  awaitEditors,
  openPage,
  readEditor,
  result,
  startBrowser,
  tabTitles,
  writeOperation,
} from "./helpers.mjs";

const QUERY =
  "mutation Linked($input: ApproveInput!) {\n  approve(input: $input) {\n    outcome\n  }\n}\n";
const VARIABLES = '{\n  "input": { "id": "no+such&id=%" }\n}\n';
const ARRIVED = "This operation came with a link. Nothing has run.Close";

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

/** Open the page at this address for one test, which fails where it had a fault. */
async function withPage(address, use, options) {
  const page = await openPage(browser, gateway.url, {
    path: `/graphql${address}`,
    ...options,
  });
  try {
    await use(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
}

function active(page, title) {
  return page
    .locator(".graphiql-tab-active .graphiql-tab-button")
    .and(page.getByText(title, { exact: true }))
    .waitFor();
}

function notice(page) {
  return page.locator(".notice").textContent();
}

/** Return what the page sent from now on, but for the reading of the schema. */
function recordRequests(page) {
  const sent = [];
  page.on("request", (request) => {
    const body = request.method() === "POST" ? request.postDataJSON() : undefined;
    if (body && body.operationName !== "IntrospectionQuery") {
      sent.push(body);
    }
  });
  return sent;
}

for (const [place, sign] of [
  ["query string", "?"],
  ["fragment", "#"],
]) {
  test(`a link's operation has its tab, and does not run (${place})`, TEST, () => {
    const fields = {
      query: QUERY,
      variables: VARIABLES,
      operationName: "Linked",
      headers: '{ "Authorization": "Bearer of-the-link" }',
    };
    return withPage(`${sign}${new URLSearchParams(fields)}`, async (page) => {
      const { examples } = JSON.parse(await page.locator("#page").textContent());
      await active(page, "Linked");
      const sent = recordRequests(page);
      await page.waitForTimeout(1_000);
      const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));

      assert.deepEqual(sent, []);
      assert.equal((await tabTitles(page)).length, examples.length + 1);
      assert.equal(await readEditor(page, "query"), QUERY);
      assert.equal(await readEditor(page, "variables"), VARIABLES);
      assert.equal(await readEditor(page, "headers"), "");
      assert.equal(await readEditor(page, "result"), "");
      assert.equal(page.url(), `${gateway.url}/graphql`);
      assert.equal(await notice(page), ARRIVED);
      assert.doesNotMatch(kept, /of-the-link/);

      const asked = page.waitForRequest((request) => request.method() === "POST");
      await page.locator(".graphiql-execute-button").click();
      const request = await asked;
      assert.deepEqual(request.postDataJSON(), {
        query: QUERY,
        variables: JSON.parse(VARIABLES),
        operationName: "Linked",
      });
      assert.equal(request.headers().authorization, undefined);
      await result(page);
    });
  });
}

test("a link runs nothing while the page opens", TEST, async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const sent = recordRequests(page);

  await page.goto(`${gateway.url}/graphql?query=${encodeURIComponent(QUERY)}`);
  await active(page, "Linked");
  await page.waitForLoadState("networkidle");

  assert.deepEqual(sent, []);
  await context.close();
});

test("a link leaves the tabs that a person has", TEST, () =>
  withPage("", async (page) => {
    await writeOperation(page, { query: "query Own { __typename }" });
    const titles = await tabTitles(page);
    await page.waitForFunction(() =>
      localStorage.getItem("graphiql:tabState").includes("query Own"),
    );

    await page.goto(`${gateway.url}/graphql?query=query+Linked+{+__typename+}`);
    await awaitEditors(page);
    await active(page, "Linked");

    assert.deepEqual(await tabTitles(page), [...titles, "Linked"]);

    // The same page, as a link in the address bar is opened.
    await page.goto(`${gateway.url}/graphql#query=query+Again+{+__typename+}`);
    await active(page, "Again");
    await page.goto(`${gateway.url}/graphql#query=query+Linked+{+__typename+}`);
    await active(page, "Linked");
    assert.deepEqual(await tabTitles(page), [...titles, "Linked", "Again"]);

    await page.waitForFunction(() =>
      localStorage.getItem("graphiql:tabState").includes("query Again"),
    );
    await page.reload();
    await awaitEditors(page);
    await active(page, "Linked");
    assert.deepEqual(await tabTitles(page), [...titles, "Linked", "Again"]);
  }),
);

test("a link chooses among several operations", TEST, () =>
  withPage(
    `#${new URLSearchParams({
      query: "query First { __typename }\nquery Second { again: __typename }\n",
      operationName: "Second",
    })}`,
    async (page) => {
      await active(page, "Second");
      const asked = page.waitForRequest((request) => request.method() === "POST");
      await page.locator(".graphiql-query-editor .view-lines").click();
      await page.keyboard.press("Control+End");

      await page.keyboard.press("Control+Enter");

      assert.equal((await asked).postDataJSON().operationName, "Second");
      assert.deepEqual(await result(page), { data: { again: "Query" } });
    },
  ),
);

for (const [address, said] of [
  ["?query=%7B%zz", "The link is damaged: part of it cannot be decoded.Close"],
  ["#variables=%7B%7D", "The link holds no query.Close"],
  [`#query=${"a".repeat(50_000)}`, "The link is longer than 50000 characters.Close"],
]) {
  test(`a bad link opens the page, which says so: ${said}`, TEST, () =>
    withPage(address, async (page) => {
      const { examples } = JSON.parse(await page.locator("#page").textContent());
      await page.locator(".notice", { hasText: "link" }).waitFor();

      assert.equal(await notice(page), said);
      assert.equal((await tabTitles(page)).length, examples.length);
      assert.equal(await readEditor(page, "query"), examples[0].query);
    }),
  );
}

test("a link to the open tab is copied, without headers", TEST, () =>
  withPage(
    "",
    async (page) => {
      await writeOperation(page, {
        query: "query Shared { __typename }",
        variables: { "a b": "ü&#" },
        headers: { Authorization: "Bearer typed-by-hand" },
      });

      await page.getByRole("button", { name: "Copy link" }).click();
      await page.locator(".notice", { hasText: "copied" }).waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());

      assert.equal(
        link,
        `${gateway.url}/graphql#query=query+Shared+%7B+__typename+%7D` +
          "&variables=%7B%0A++%22a+b%22%3A+%22%C3%BC%26%23%22%0A%7D" +
          "&operationName=Shared",
      );
      const other = await openPage(browser, gateway.url, {
        path: link.slice(gateway.url.length),
      });
      await active(other, "Shared");
      assert.equal(await readEditor(other, "query"), "query Shared { __typename }");
      assert.equal(await readEditor(other, "variables"), '{\n  "a b": "ü&#"\n}');
      assert.deepEqual(other.faults, []);
      await other.context().close();
    },
    { permissions: ["clipboard-read", "clipboard-write"] },
  ),
);

test("without a clipboard the link is in the address bar", TEST, () =>
  withPage("", async (page) => {
    await page.evaluate(() =>
      Object.defineProperty(navigator, "clipboard", { value: undefined }),
    );
    await writeOperation(page, { query: "query Shared { __typename }" });

    await page.getByRole("button", { name: "Copy link" }).click();
    await page.locator(".notice", { hasText: "address bar" }).waitFor();

    assert.equal(
      page.url(),
      `${gateway.url}/graphql#query=query+Shared+%7B+__typename+%7D&operationName=Shared`,
    );
  }),
);
