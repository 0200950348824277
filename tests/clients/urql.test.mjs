// urql's core, version 6, with its exchanges for persisted queries and subscriptions.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  Client,
  cacheExchange,
  fetchExchange,
  gql,
  stringifyDocument,
  subscriptionExchange,
} from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createStreams } from "graphql-sse";
import { createClient as createSocket } from "graphql-ws";
import { WebSocket } from "ws";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  APPROVERS,
  FIRST,
  approveInvoice,
  approved,
  changed,
  collect,
  digest,
  findInvoice,
  readDocument,
  recordFetch,
} from "./helpers.mjs";

const BY_NUMBER = gql(readDocument("InvoiceByNumber"));
const APPROVE = gql(readDocument("ApproveInvoice"));
const WATCH = gql(readDocument("WatchApproval"));
const DEFERRED = gql(readDocument("DeferredApprovers"));
const NUMBER = { number: FIRST.number };
const INVOICES = { invoices: { nodes: [FIRST] } };
const RESPONSE = "application/graphql-response+json; charset=utf-8";

let gateway;

before(async () => {
  gateway = await startGateway();
}, START);

after(async () => {
  await gateway?.stop();
}, START);

/** Return a client that caches nothing, and the calls that it makes. */
function connect(options = {}) {
  const { fetch, calls } = recordFetch();
  const client = new Client({
    url: `${gateway.url}/graphql`,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    fetch,
    ...options,
  });
  return { client, calls };
}

/** Collect the results of a source of wonka's. */
function watch(source) {
  return collect(({ next }) => source.subscribe(next));
}

/** Without `__typename`, which `gql` leaves to the caching exchange. */
function without(value) {
  if (Array.isArray(value)) {
    return value.map(without);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const { __typename, ...rest } = value;
  return Object.fromEntries(
    Object.entries(rest).map(([name, inner]) => [name, without(inner)]),
  );
}

for (const [name, preferGetMethod, method] of [
  ["a query by POST", false, "POST"],
  ["a query by GET", "force", "GET"],
  ["a short query by GET", true, "GET"],
]) {
  test(name, TEST, async () => {
    const { client, calls } = connect({ preferGetMethod });

    const { data, error } = await client.query(BY_NUMBER, NUMBER).toPromise();

    assert.equal(error, undefined);
    assert.deepEqual(data, INVOICES);
    assert.deepEqual(
      calls.map(({ method, status, type }) => ({ method, status, type })),
      [{ method, status: 200, type: RESPONSE }],
    );
  });
}

test("a mutation, and the cache lets go of what it changed", TEST, async () => {
  const { client, calls } = connect({ exchanges: [cacheExchange, fetchExchange] });
  const variables = { number: "INV-1002" };
  const before = await client.query(BY_NUMBER, variables).toPromise();
  const [{ id, approvalState }] = before.data.invoices.nodes;
  assert.equal(approvalState, "PENDING");

  const { data } = await client.mutation(APPROVE, { id }).toPromise();
  const after = await client.query(BY_NUMBER, variables).toPromise();

  assert.deepEqual(without(data.approve), approved(id));
  assert.equal(after.data.invoices.nodes[0].approvalState, "APPROVED");
  assert.equal(calls.length, 3);
});

test("an error has its code, and a status that fits", TEST, async () => {
  const { client, calls } = connect();

  const { data, error } = await client.query("{ nothing }", {}).toPromise();

  assert.equal(data, undefined);
  assert.deepEqual(
    error.graphQLErrors.map(({ extensions }) => extensions.code),
    ["GRAPHQL_VALIDATION_FAILED"],
  );
  assert.equal(calls[0].status, 400);
});

test("a persisted query is missed, registered, and found", TEST, async () => {
  const exchanges = () => [
    persistedExchange({ preferGetForPersistedQueries: "force" }),
    fetchExchange,
  ];
  const first = connect({ exchanges: exchanges() });
  const second = connect({ exchanges: exchanges() });
  const text = stringifyDocument(BY_NUMBER);

  const registered = await first.client.query(BY_NUMBER, NUMBER).toPromise();
  const found = await second.client.query(BY_NUMBER, NUMBER).toPromise();

  assert.deepEqual([registered.data, found.data], [INVOICES, INVOICES]);
  const sent = ({ method, parameters, status }) => ({
    method,
    status,
    query: parameters.query,
    persistedQuery: JSON.parse(parameters.extensions).persistedQuery,
  });
  const persistedQuery = { version: 1, sha256Hash: digest(text) };
  assert.deepEqual(first.calls.map(sent), [
    { method: "GET", status: 200, query: undefined, persistedQuery },
    // urql says there that it has missed.
    {
      method: "GET",
      status: 200,
      query: text,
      persistedQuery: { ...persistedQuery, miss: true },
    },
  ]);
  assert.deepEqual(second.calls.map(sent), [
    { method: "GET", status: 200, query: undefined, persistedQuery },
  ]);
});

test("a persisted mutation is registered by POST", TEST, async () => {
  const id = await findInvoice(gateway.url, "INV-1003");
  const { client, calls } = connect({
    exchanges: [persistedExchange({ enableForMutation: true }), fetchExchange],
  });

  const { data } = await client.mutation(APPROVE, { id }).toPromise();

  assert.deepEqual(data.approve, approved(id));
  assert.deepEqual(
    calls.map(({ method, body }) => [method, "query" in body]),
    [
      ["POST", false],
      ["POST", true],
    ],
  );
});

test("what is deferred comes after the rest", TEST, async () => {
  const { client, calls } = connect();

  const results = watch(client.query(DEFERRED, NUMBER));
  const all = await results.take(2);
  results.stop();

  const { id, number } = FIRST;
  const seen = all.map(({ data, hasNext }) => ({ data, hasNext }));
  assert.deepEqual(seen[0], {
    data: { invoices: { nodes: [{ id, number }] } },
    hasNext: true,
  });
  assert.deepEqual(seen[1].data, {
    invoices: { nodes: [{ id, number, approvers: APPROVERS }] },
  });
  assert.equal(calls.length, 1);
  assert.equal(calls[0].type, 'multipart/mixed; boundary="-"; incrementalSpec=v0.2');
});

/** Subscribe by an exchange, change the invoice, and check what is told. */
async function seesChange({ exchanges, number, ready, ...options }) {
  const id = await findInvoice(gateway.url, number);
  const { client, calls } = connect({ exchanges, ...options });

  const watching = watch(client.subscription(WATCH, { ids: [id] }));
  await ready();
  await approveInvoice(gateway.url, id);
  const [{ data, error }] = await watching.take(1);
  watching.stop();

  assert.equal(error, undefined);
  assert.deepEqual(data, { approvalChanged: changed(id) });
  return calls;
}

test("a subscription by graphql-ws", TEST, async () => {
  const socket = createSocket({
    url: `${gateway.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({
      unsubscribe: socket.subscribe({ query, variables }, sink),
    }),
  });

  await seesChange({
    number: "INV-1005",
    exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
    // An answer on the same connection proves that the subscription was read.
    ready: () =>
      collect((sink) => socket.subscribe({ query: "{ __typename }" }, sink)).end(),
  });
  await socket.dispose();
});

test("a subscription by graphql-sse", TEST, async () => {
  let opened;
  const ready = new Promise((resolve) => {
    opened = resolve;
  });
  const streams = createStreams({
    url: `${gateway.url}/graphql`,
    retryAttempts: 0,
    on: { connected: () => opened() },
  });
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({
      unsubscribe: streams.subscribe({ query, variables }, sink),
    }),
  });

  await seesChange({
    number: "INV-1008",
    exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
    ready: () => ready,
  });
  streams.dispose();
});

test("a subscription by fetch alone", TEST, async () => {
  let opened;
  const ready = new Promise((resolve) => {
    opened = resolve;
  });
  const { fetch, calls } = recordFetch();

  await seesChange({
    number: "INV-1009",
    fetchSubscriptions: true,
    exchanges: [fetchExchange],
    fetch: async (...request) => {
      const response = await fetch(...request);
      opened();
      return response;
    },
    ready: () => ready,
  });

  assert.equal(calls[0].headers.accept, "text/event-stream, multipart/mixed");
  assert.match(calls[0].type, /^text\/event-stream(;|$)/);
});
