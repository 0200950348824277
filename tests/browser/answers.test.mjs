// Answers that go on, as the page shows them: subscriptions, what is deferred, and what
// comes when nobody looks any more. A server by hand stands before the gateway, so that
// each chunk comes when the test says so.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  openPage,
  openTab,
  result,
  resultPane,
  runTab,
  startBrowser,
  startScript,
  tabTitles,
  writeOperation,
} from "./helpers.mjs";

const STREAM = { "content-type": "text/event-stream; charset=utf-8" };
const PARTS = {
  "content-type": 'multipart/mixed; boundary="-"; incrementalSpec=v0.2',
};
const SUBSCRIPTION = { query: "subscription Changes { approvalChanged { at } }" };
const DEFERRED = { query: "query Deferred { a { b ... @defer { c } } }" };
const MUTATION = { query: "mutation Decision { approve { outcome } }" };

const script = {};
let gateway;
let server;
let browser;

before(async () => {
  gateway = await startGateway();
  server = await startScript(gateway, script);
  browser = await startBrowser();
}, START);

after(async () => {
  await browser?.close();
  server?.stop();
  await gateway?.stop();
}, START);

/** Open the page for one test, which fails where the page had a fault. */
async function withPage(use, faults = [], url = server.url) {
  const page = await openPage(browser, url);
  try {
    await use(page);
    assert.deepEqual(page.faults, faults);
  } finally {
    await page.context().close();
  }
}

/** As `withPage`, without anybody between the page and the gateway. */
function withGateway(use) {
  return withPage(use, [], gateway.url);
}

/** Write an operation, and `play` it. */
async function run(page, operation) {
  await writeOperation(page, operation);
  return play(page, operation);
}

/** Press play, and return what was sent and the response that the test is to write. */
async function play(page, operation) {
  const [, name] = operation.query.match(/\w+ (\w+)/);
  const asked = new Promise((resolve) => {
    script[name] = (response, headers) => resolve({ response, headers });
  });
  await button(page, "Execute").click();
  return asked;
}

function button(page, name) {
  return page.getByRole("button", { name: new RegExp(`^${name} query`) });
}

const event = (at) =>
  `event: next\ndata: ${JSON.stringify({ data: { approvalChanged: { at } } })}\n\n`;

const part = (value) =>
  `\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(value)}\r\n---`;

test("the events of a subscription are shown as they come", TEST, () =>
  withPage(async (page) => {
    const { response, headers } = await run(page, {
      ...SUBSCRIPTION,
      headers: { Authorization: "Bearer demo-clerk" },
    });
    response.writeHead(200, STREAM).write(`:\n\n${event("first")}`);
    const first = await result(page);
    // Within an event, and within the three bytes of a character.
    const bytes = Buffer.from(`:\n\n${event("second €")}`);
    const border = bytes.indexOf("€") + 1;
    response.write(bytes.subarray(0, border));
    await page.waitForTimeout(100);
    const between = await result(page);
    response.write(bytes.subarray(border));
    const second = await result(
      page,
      ({ data }) => data.approvalChanged.at !== "first",
    );
    await button(page, "Stop").waitFor();
    response.end("event: complete\ndata:\n\n");
    await button(page, "Execute").waitFor();

    assert.equal(headers.accept, "text/event-stream");
    assert.equal(headers.authorization, "Bearer demo-clerk");
    assert.deepEqual(first, { data: { approvalChanged: { at: "first" } } });
    assert.deepEqual(between, first);
    assert.deepEqual(second, { data: { approvalChanged: { at: "second €" } } });
  }),
);

test("a subscription is stopped, and its server sees it", TEST, () =>
  withPage(async (page) => {
    const { response } = await run(page, SUBSCRIPTION);
    response.writeHead(200, STREAM).write(event("first"));
    await result(page);
    const closed = once(response, "close");

    await button(page, "Stop").click();
    await closed;
    await button(page, "Execute").waitFor();

    assert.deepEqual(await result(page), {
      data: { approvalChanged: { at: "first" } },
    });
  }),
);

test("a subscription ends when its tab is left, or another is added", TEST, () =>
  withPage(async (page) => {
    const [first] = await tabTitles(page);
    for (const leave of [
      () => openTab(page, first),
      () => page.locator(".graphiql-tab-add").click(),
    ]) {
      const { response } = await run(page, SUBSCRIPTION);
      response.writeHead(200, STREAM).write(event("first"));
      await result(page);
      const closed = once(response, "close");

      await leave();
      await closed;
      await button(page, "Execute").waitFor();

      assert.equal(await resultPane(page), "");
    }
  }),
);

test("an error instead of a stream is an answer", TEST, () =>
  withPage(
    async (page) => {
      const answer = { errors: [{ message: "Who are you?" }] };
      const { response } = await run(page, SUBSCRIPTION);
      response
        .writeHead(401, { "content-type": "application/json; charset=utf-8" })
        .end(JSON.stringify(answer));

      assert.deepEqual(await result(page), answer);
      await button(page, "Execute").waitFor();
    },
    [
      "console: Failed to load resource: the server responded with a status of 401 " +
        "(Unauthorized)",
    ],
  ),
);

test("a stream that is cut off says so", TEST, () =>
  withPage(async (page) => {
    const { response } = await run(page, SUBSCRIPTION);
    response.writeHead(200, STREAM).write(event("first"));
    await result(page);
    response.end();
    const cut = await result(page, ({ errors }) => errors);
    await button(page, "Execute").waitFor();

    assert.deepEqual(cut, {
      errors: [{ message: "The answer ended before it was complete." }],
    });
  }),
);

test("what is deferred is merged as it comes", TEST, () =>
  withPage(async (page) => {
    const { response, headers } = await run(page, DEFERRED);
    response.writeHead(200, PARTS).write(
      `---${part({
        data: {
          list: [
            { a: 1, in: { b: 2 } },
            { a: 3, in: { b: 4 } },
          ],
        },
        pending: [
          { id: "0", path: ["list", 0] },
          { id: "1", path: ["list", 1] },
        ],
        hasNext: true,
      })}`,
    );
    const first = await result(page);
    response.write(
      part({
        incremental: [
          { id: "0", data: { c: 5 } },
          { id: "0", subPath: ["in"], data: { d: 6 } },
        ],
        completed: [{ id: "0" }],
        hasNext: true,
      }),
    );
    const second = await result(page, ({ data }) => data.list[0].c);
    response.end(
      `${part({
        completed: [{ id: "1", errors: [{ message: "No." }] }],
        hasNext: false,
      })}--\r\n`,
    );
    const third = await result(page, ({ errors }) => errors);
    await button(page, "Execute").waitFor();

    assert.match(headers.accept, /^multipart\/mixed;incrementalSpec=v0\.2, /);
    assert.deepEqual(first, {
      data: {
        list: [
          { a: 1, in: { b: 2 } },
          { a: 3, in: { b: 4 } },
        ],
      },
    });
    const merged = {
      list: [
        { a: 1, in: { b: 2, d: 6 }, c: 5 },
        { a: 3, in: { b: 4 } },
      ],
    };
    assert.deepEqual(second, { data: merged });
    assert.deepEqual(third, { data: merged, errors: [{ message: "No." }] });
  }),
);

test("a query is ended when it is stopped", TEST, () =>
  withPage(async (page) => {
    const { response } = await run(page, DEFERRED);
    const closed = once(response, "close");

    await button(page, "Stop").click();
    await closed;
    await button(page, "Execute").waitFor();

    assert.equal(await resultPane(page), "");
  }),
);

test("a mutation goes on when it is stopped, and its answer is shown", TEST, () =>
  withPage(async (page) => {
    const answer = { data: { approve: { outcome: "APPLIED" } } };
    const { response } = await run(page, MUTATION);

    await button(page, "Stop").click();
    await button(page, "Execute").waitFor();
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(answer));

    assert.deepEqual(await result(page), answer);
    assert.equal(await page.locator(".notice").textContent(), "");
  }),
);

test("the answer of a mutation is not lost when it is run again", TEST, () =>
  withPage(async (page) => {
    const answer = (at) => JSON.stringify({ data: { approve: { at } } });
    const json = { "content-type": "application/json" };
    const first = await run(page, MUTATION);
    await button(page, "Stop").click();
    const second = await play(page, MUTATION);

    first.response.writeHead(200, json).end(answer(1));
    await page.locator(".notice", { hasText: answer(1) }).waitFor();
    second.response.writeHead(200, json).end(answer(2));

    assert.equal(JSON.stringify(await result(page)), answer(2));
    assert.equal(await page.locator(".notice", { hasText: answer(2) }).count(), 0);
  }),
);

test("the answer of a mutation whose tab was left is never another's", TEST, () =>
  withPage(async (page) => {
    const [first] = await tabTitles(page);
    const { response } = await run(page, MUTATION);

    await openTab(page, first);
    response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"data":{"approve":{"outcome":"APPLIED"}}}');
    const notice = page.locator(".notice", { hasText: "Decision" });
    await notice.waitFor();

    assert.equal(
      await notice.textContent(),
      "Decision, which you no longer watch, answered: " +
        '{"data":{"approve":{"outcome":"APPLIED"}}}Close',
    );
    assert.equal(await resultPane(page), "");
    await notice.getByRole("button", { name: "Close" }).click();
    assert.equal(await page.locator(".notice").isVisible(), false);
  }),
);

test("a gateway that is gone is an answer", TEST, () =>
  withPage(
    async (page) => {
      const { response } = await run(page, MUTATION);
      // The browser itself tries once more.
      script.Decision = (again) => again.destroy();
      response.destroy();

      assert.deepEqual(await result(page), {
        errors: [{ message: "The gateway cannot be reached: Failed to fetch" }],
      });
    },
    ["console: Failed to load resource: net::ERR_EMPTY_RESPONSE"],
  ),
);

test(
  "the example of a subscription tells of a decision until it is stopped",
  TEST,
  () =>
    withGateway(async (page) => {
      const { examples } = JSON.parse(await page.locator("#page").textContent());
      const [watch, decide] = ["ApprovalChanged", "Approve"].map((name) =>
        examples.find(({ query }) => query.includes(` ${name}(`)),
      );
      const variables = JSON.parse(decide.variables);
      await writeOperation(page, {
        query: watch.query,
        variables: { ids: [variables.input.id] },
        headers: { "X-Request-ID": "watches" },
      });
      const streaming = page.waitForResponse((response) =>
        response.headers()["content-type"].startsWith("text/event-stream"),
      );
      await page.locator(".graphiql-execute-button").click();
      await streaming;

      await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: decide.query, variables }),
      });
      const { data, errors } = await result(page);
      const ended = () => /"event": "request".*"watches"/.test(gateway.output());
      const endedBefore = ended();
      await page.getByRole("button", { name: /^Stop query/ }).click();
      while (!ended()) {
        await page.waitForTimeout(50);
      }

      assert.equal(errors, undefined);
      assert.equal(data.approvalChanged.cause, "GATEWAY");
      assert.equal(data.approvalChanged.approvable.id, variables.input.id);
      assert.equal(endedBefore, false);
    }),
);

test("the example of @defer comes in parts", TEST, () =>
  withGateway(async (page) => {
    const answered = page.waitForResponse(
      (response) =>
        response.request().postDataJSON()?.operationName === "DeferredApprovers",
    );
    await runTab(page, "DeferredApprovers");
    const { data } = await result(page, ({ data }) =>
      data.invoices.nodes.every(({ approvers }) => approvers),
    );

    assert.equal(
      (await answered).headers()["content-type"],
      'multipart/mixed; boundary="-"; incrementalSpec=v0.2',
    );
    assert.equal(data.invoices.nodes.length, 5);
  }),
);
