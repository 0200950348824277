// graphql-sse 2 in its mode of distinct connections:
// https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createClient } from "graphql-sse";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  FIRST,
  approveInvoice,
  changed,
  collect,
  findInvoice,
  readDocument,
} from "./helpers.mjs";

const WATCH = readDocument("WatchApproval");
const BY_NUMBER = readDocument("InvoiceByNumber");
const TYPENAME = "{ __typename }";
const FORCE =
  "mutation ($id: ID!) { approve(input: {id: $id, force: true}) { outcome } }";

let gateway;

before(async () => {
  gateway = await startGateway();
}, START);

after(async () => {
  await gateway?.stop();
}, START);

function connect(options = {}) {
  return createClient({
    url: `${gateway.url}/graphql`,
    retryAttempts: 0,
    ...options,
  });
}

/** Run an operation; `connected` resolves once the server has begun its stream. */
function run(client, request) {
  let connected;
  const opened = new Promise((resolve) => {
    connected = resolve;
  });
  const running = collect((sink) => client.subscribe(request, sink, { connected }));
  return { ...running, opened };
}

test("a subscription sees a change that a mutation made", TEST, async () => {
  const id = await findInvoice(gateway.url, "INV-1002");
  const client = connect();

  const watching = run(client, { query: WATCH, variables: { ids: [id] } });
  await watching.opened;
  await approveInvoice(gateway.url, id);

  assert.deepEqual(await watching.take(1), [
    { data: { approvalChanged: changed(id) } },
  ]);
  watching.stop();
  assert.equal((await watching.end()).length, 1);
});

test("a query is one result, and the end", TEST, async () => {
  const query = run(connect(), {
    query: BY_NUMBER,
    variables: { number: FIRST.number },
    operationName: "InvoiceByNumber",
  });

  assert.deepEqual(await query.end(), [{ data: { invoices: { nodes: [FIRST] } } }]);
});

test("who calls is said in a header", TEST, async () => {
  const id = await findInvoice(gateway.url, "INV-1003");
  const client = connect({ headers: { Authorization: "Bearer demo-clerk" } });

  const mutation = run(client, { query: FORCE, variables: { id } });

  assert.deepEqual(await mutation.end(), [
    { data: { approve: { outcome: "REFUSED" } } },
  ]);
});

test("one that is cancelled ends, and others go on", TEST, async () => {
  const id = await findInvoice(gateway.url, "INV-1005");
  const client = connect();
  const request = { query: WATCH, variables: { ids: [id] } };
  const cancelled = run(client, request);
  const other = run(client, request);
  await Promise.all([cancelled.opened, other.opened]);

  cancelled.stop();
  await cancelled.end();
  await approveInvoice(gateway.url, id);

  assert.deepEqual(await other.take(1), [{ data: { approvalChanged: changed(id) } }]);
  assert.deepEqual(cancelled.values, []);
  client.dispose();
});

test(
  "what is wrong with the document is an answer before the stream",
  TEST,
  async () => {
    const rejected = await run(connect(), { query: "{" })
      .end()
      .catch((error) => error);

    assert.equal(rejected.response.status, 400);
    assert.deepEqual(await codes(rejected.response), ["GRAPHQL_PARSE_FAILED"]);
  },
);

test("somebody who is not known is 401 before the stream", TEST, async () => {
  const client = connect({ headers: { Authorization: "Bearer demo-nobody" } });

  const rejected = await run(client, { query: TYPENAME })
    .end()
    .catch((error) => error);

  assert.equal(rejected.response.status, 401);
  assert.deepEqual(await codes(rejected.response), ["UNAUTHENTICATED"]);
});

test("the mode of a single connection is not spoken", TEST, async () => {
  const client = connect({ singleConnection: true });

  const rejected = await collect((sink) => client.subscribe({ query: TYPENAME }, sink))
    .end()
    .catch((error) => error);

  assert.equal(rejected.response.status, 405);
  assert.equal(rejected.response.headers.get("allow"), "GET, POST");
});

test("the stream is what the protocol says", TEST, async () => {
  const parameters = new URLSearchParams({ query: TYPENAME });
  const response = await fetch(`${gateway.url}/graphql?${parameters}`, {
    headers: { accept: "text/event-stream" },
  });

  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^text\/event-stream(;|$)/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("content-encoding"), null);
  assert.equal(
    await response.text(),
    [
      // A comment, so that a client knows at once that it is open.
      ":",
      'event: next\ndata: {"data":{"__typename":"Query"}}',
      "event: complete\ndata:",
      "",
    ].join("\n\n"),
  );
});

async function codes(response) {
  const { errors } = await response.json();
  return errors.map(({ extensions }) => extensions.code);
}
