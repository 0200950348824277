// Apollo Client 4: its links for HTTP, batches, persisted queries and graphql-ws, its
// two forms of @defer, and its generator of manifests.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  gql,
} from "@apollo/client";
import {
  Defer20220824Handler,
  GraphQL17Alpha9Handler,
} from "@apollo/client/incremental";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { print } from "@apollo/client/utilities";
import {
  createPersistedQueryManifestVerificationLink,
  generatePersistedQueryIdsAtRuntime,
  generatePersistedQueryIdsFromManifest,
} from "@apollo/persisted-query-lists";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { START, TEST, startGateway, startSandbox } from "../gateway.mjs";
import {
  APPROVERS,
  CLIENTS,
  DOCUMENTS,
  FIRST,
  approveInvoice,
  approved,
  changed,
  collect,
  digest,
  findInvoice,
  makeFolder,
  readDocument,
  recordFetch,
} from "./helpers.mjs";

const BY_NUMBER = gql(readDocument("InvoiceByNumber"));
const APPROVE = gql(readDocument("ApproveInvoice"));
const WATCH = gql(readDocument("WatchApproval"));
const DEFERRED = gql(readDocument("DeferredApprovers"));
// Apollo Client knows the `__typename` of the root without asking.
const SOURCES = gql("query Sources { sources { provider } }");
const CONTROLLER = { "x-api-key": "demo-controller" };
// Node 20 has none; GraphQLWsLink looks for it where a connection fails.
globalThis.WebSocket ??= WebSocket;
// As Apollo Client asks, with `__typename` in each object.
const INVOICES = {
  invoices: {
    __typename: "InvoiceConnection",
    nodes: [
      {
        __typename: "Invoice",
        ...FIRST,
        total: { __typename: "Money", ...FIRST.total },
      },
    ],
  },
};

/** Return a client, and the calls that it makes. */
function connect(url, { links = [], Link = HttpLink, headers, ...options } = {}) {
  const { fetch, calls } = recordFetch();
  const http = new Link({ uri: `${url}/graphql`, fetch, headers });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([...links, http]),
    ...options,
  });
  return { client, calls };
}

/** Return what Apollo Client answers for an approval, which has `__typename`. */
function typed({ approvable, ...payload }) {
  return {
    __typename: "ApprovePayload",
    ...payload,
    approvable: { __typename: "Invoice", ...approvable },
  };
}

/** Return the text that the client sends: with `__typename`, and printed. */
function sentText(document) {
  return print(new InMemoryCache().transformDocument(document));
}

describe("over HTTP", () => {
  let gateway;

  before(async () => {
    gateway = await startGateway();
  }, START);

  after(async () => {
    await gateway?.stop();
  }, START);

  test("a query", TEST, async () => {
    const { client, calls } = connect(gateway.url);

    const { data, error } = await client.query({
      query: BY_NUMBER,
      variables: { number: FIRST.number },
    });

    assert.equal(error, undefined);
    assert.deepEqual(data, INVOICES);
    assert.deepEqual(
      calls.map(({ method, status, type }) => ({ method, status, type })),
      [
        {
          method: "POST",
          status: 200,
          type: "application/graphql-response+json; charset=utf-8",
        },
      ],
    );
  });

  test("a mutation, which the cache sees", TEST, async () => {
    const { client } = connect(gateway.url);
    const query = { query: BY_NUMBER, variables: { number: "INV-1002" } };
    const { data: before } = await client.query(query);
    const [{ id, approvalState }] = before.invoices.nodes;
    assert.equal(approvalState, "PENDING");

    const { data } = await client.mutate({ mutation: APPROVE, variables: { id } });

    assert.deepEqual(data.approve, typed(approved(id)));
    const { data: cached } = await client.query(query);
    assert.equal(cached.invoices.nodes[0].approvalState, "APPROVED");
  });

  test("an error has its code, and a status that fits", TEST, async () => {
    const { client, calls } = connect(gateway.url);

    const error = await client
      .query({ query: gql("query Wrong { nothing }") })
      .catch((thrown) => thrown);

    assert.ok(CombinedGraphQLErrors.is(error));
    assert.deepEqual(
      error.errors.map(({ extensions }) => extensions.code),
      ["GRAPHQL_VALIDATION_FAILED"],
    );
    assert.equal(calls[0].status, 400);
  });

  test("somebody who is not known has a status and a code", TEST, async () => {
    const { client, calls } = connect(gateway.url, {
      headers: { authorization: "Bearer demo-nobody" },
    });

    const error = await client.query({ query: SOURCES }).catch((thrown) => thrown);

    assert.ok(CombinedGraphQLErrors.is(error));
    assert.equal(error.errors[0].extensions.code, "UNAUTHENTICATED");
    assert.equal(calls[0].status, 401);
  });

  test("a batch is refused by default", TEST, async () => {
    const { client, calls } = connect(gateway.url, { Link: BatchHttpLink });

    const error = await client.query({ query: SOURCES }).catch((thrown) => thrown);

    assert.ok(Array.isArray(calls[0].body));
    assert.equal(calls[0].status, 400);
    assert.deepEqual(
      error.errors.map(({ extensions }) => extensions.code),
      ["BATCHING_NOT_ENABLED"],
    );
  });

  test("a persisted query is missed, registered, and found by GET", TEST, async () => {
    const link = () =>
      new PersistedQueryLink({ sha256: digest, useGETForHashedQueries: true });
    const options = { query: BY_NUMBER, variables: { number: FIRST.number } };
    const text = sentText(BY_NUMBER);
    const persistedQuery = { version: 1, sha256Hash: digest(text) };
    const parameters = {
      operationName: "InvoiceByNumber",
      variables: JSON.stringify(options.variables),
    };

    const first = connect(gateway.url, { links: [link()] });
    const { data: registered } = await first.client.query(options);
    const second = connect(gateway.url, { links: [link()] });
    const { data: found } = await second.client.query(options);

    assert.deepEqual([registered, found], [INVOICES, INVOICES]);
    const [missed, sent] = first.calls;
    assert.equal(first.calls.length, 2);
    assert.equal(missed.method, "GET");
    assert.equal(missed.status, 200);
    assert.equal(missed.parameters.query, undefined);
    assert.equal(sent.method, "POST");
    assert.equal(sent.body.query, text);
    assert.deepEqual(sent.body.extensions.persistedQuery, persistedQuery);
    const [hit] = second.calls;
    assert.equal(second.calls.length, 1);
    assert.equal(hit.method, "GET");
    assert.equal(hit.status, 200);
    const { extensions, ...rest } = hit.parameters;
    assert.deepEqual(rest, parameters);
    assert.deepEqual(JSON.parse(extensions).persistedQuery, persistedQuery);
  });

  test("a mutation is registered by POST", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1003");
    const { client, calls } = connect(gateway.url, {
      links: [new PersistedQueryLink({ sha256: digest, useGETForHashedQueries: true })],
    });

    const { data } = await client.mutate({ mutation: APPROVE, variables: { id } });

    assert.deepEqual(data.approve, typed(approved(id)));
    assert.deepEqual(
      calls.map(({ method, body }) => [method, "query" in body]),
      [
        ["POST", false],
        ["POST", true],
      ],
    );
  });

  test("a subscription by GraphQLWsLink", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1005");
    let opened;
    const ready = new Promise((resolve) => {
      opened = resolve;
    });
    const socket = createClient({
      url: `${gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { connected: () => opened() },
    });
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new GraphQLWsLink(socket),
    });
    const subscription = client.subscribe({ query: WATCH, variables: { ids: [id] } });

    const watching = collect((observer) => subscription.subscribe(observer));
    await ready;
    // An answer on the same connection proves that the subscription was read.
    await client.query({ query: SOURCES });
    await approveInvoice(gateway.url, id);
    const [{ data }] = await watching.take(1);
    watching.stop();
    await socket.dispose();

    const { approvable, cause } = changed(id);
    assert.deepEqual(data.approvalChanged, {
      __typename: "ApprovalChange",
      approvable: { __typename: "Invoice", ...approvable },
      cause,
    });
  });

  for (const Handler of [Defer20220824Handler, GraphQL17Alpha9Handler]) {
    test(`what ${Handler.name} does not defer comes in one JSON`, TEST, async () => {
      const { client, calls } = connect(gateway.url, {
        incrementalHandler: new Handler(),
      });
      const text = readDocument("DeferredApprovers").replace(
        "(label:",
        "(if: false, label:",
      );

      const { data } = await client.query({
        query: gql(text),
        variables: { number: FIRST.number },
      });

      assert.deepEqual(data, deferredData({ whole: true }));
      assert.match(calls[0].headers.accept, /^multipart\/mixed;/);
      assert.equal(calls[0].type, "application/graphql-response+json; charset=utf-8");
    });
  }
});

describe("where approvers are slow", () => {
  const SLOW_MS = 1_000;
  let sandbox;
  let gateway;

  before(async () => {
    sandbox = await startSandbox();
    gateway = await startGateway({
      env: { ...sandbox.settings, GATEWAY_LIMITS__BATCH: "10" },
    });
    await setSwitches({
      fault: "slow",
      fault_calls: ["list_approvers"],
      fault_seconds: SLOW_MS / 1_000,
    });
  }, START);

  after(async () => {
    await gateway?.stop();
    await sandbox?.stop();
  }, START);

  async function setSwitches(ottimate) {
    const response = await fetch(`${sandbox.url}/switches`, {
      method: "PATCH",
      body: JSON.stringify({ ottimate }),
    });
    assert.equal(response.status, 200);
  }

  for (const [Handler, spec] of [
    [Defer20220824Handler, "deferSpec=20220824"],
    [GraphQL17Alpha9Handler, "incrementalSpec=v0.2"],
  ]) {
    test(`${Handler.name} shows first what is there`, TEST, async () => {
      const { client, calls } = connect(gateway.url, {
        incrementalHandler: new Handler(),
        headers: CONTROLLER,
      });
      const times = [];
      const watched = client.watchQuery({
        query: DEFERRED,
        variables: { number: FIRST.number },
        notifyOnNetworkStatusChange: false,
      });

      const results = collect((observer) =>
        watched.subscribe({
          ...observer,
          next: (result) => {
            times.push(Date.now());
            observer.next(result);
          },
        }),
      );
      const [partial, whole] = await results.take(2);
      results.stop();

      assert.deepEqual(partial.data, deferredData({ whole: false }));
      assert.equal(partial.dataState, "streaming");
      assert.deepEqual(whole.data, deferredData({ whole: true }));
      assert.equal(whole.dataState, "complete");
      assert.ok(times[1] - times[0] > SLOW_MS / 2, `${times[1] - times[0]} ms between`);
      assert.equal(calls.length, 1);
      assert.equal(calls[0].headers.accept.split(",")[0], `multipart/mixed;${spec}`);
      assert.equal(calls[0].type, `multipart/mixed; boundary="-"; ${spec}`);
    });
  }

  test("a batch is answered in its order", TEST, async () => {
    const { client, calls } = connect(gateway.url, {
      Link: BatchHttpLink,
      headers: CONTROLLER,
    });

    const answers = await Promise.all([
      client.query({ query: BY_NUMBER, variables: { number: FIRST.number } }),
      client.query({ query: SOURCES }),
      client.query({ query: gql("query Wrong { nothing }") }).catch((error) => error),
    ]);

    assert.equal(calls.length, 1);
    assert.deepEqual(
      calls[0].body.map(({ operationName }) => operationName),
      ["InvoiceByNumber", "Sources", "Wrong"],
    );
    assert.deepEqual(answers[0].data, INVOICES);
    assert.deepEqual(
      answers[1].data.sources.map(({ provider }) => provider),
      ["OTTIMATE", "BILL", "PRODUCTIVE", "ACCOUNTEER"],
    );
    assert.equal(answers[2].errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  });
});

describe("with a generated manifest, by id alone", () => {
  const MANIFEST = "persisted-query-manifest.json";
  // Another app's, in the form whose operations are an object, under an id of its own.
  const DEFERRED_MANIFEST = {
    format: "apollo-persisted-query-manifest",
    version: 1,
    operations: {
      "deferred-approvers": {
        name: "DeferredApprovers",
        type: "query",
        body: sentText(DEFERRED),
      },
    },
  };
  let temporary;
  let gateway;
  let manifest;

  before(async () => {
    temporary = makeFolder();
    const file = path.join(temporary.folder, MANIFEST);
    const config = path.join(temporary.folder, "persisted-query-manifest.config.json");
    // The generator runs Apollo Client without what reads @defer, and refuses it.
    const documents = [path.join(DOCUMENTS, "*.graphql"), "!**/Deferred*"];
    writeFileSync(config, JSON.stringify({ documents, output: file }));
    const program = path.join(
      CLIENTS,
      "node_modules/.bin/generate-persisted-query-manifest",
    );
    execFileSync(program, ["--config", config], { cwd: temporary.folder });
    manifest = JSON.parse(readFileSync(file));
    const other = path.join(temporary.folder, "deferred.json");
    writeFileSync(other, JSON.stringify(DEFERRED_MANIFEST));
    gateway = await startGateway({
      env: {
        GATEWAY_OPERATIONS__MODE: "ids",
        GATEWAY_OPERATIONS__MANIFESTS: `${file},${other}`,
      },
    });
  }, START);

  after(async () => {
    await gateway?.stop();
    temporary?.remove();
  }, START);

  test("the manifest has each document, under the hash of its text", () => {
    assert.deepEqual(
      manifest.operations.map(({ name, type, id, body }) => [
        name,
        type,
        id === digest(body),
      ]),
      [
        ["ApproveInvoice", "mutation", true],
        ["InvoiceByNumber", "query", true],
        ["InvoicePage", "query", true],
        ["WatchApproval", "subscription", true],
      ],
    );
  });

  const WAYS = {
    "ids from the manifest": () =>
      generatePersistedQueryIdsFromManifest({ loadManifest: () => manifest }),
    "ids hashed as it runs": () =>
      generatePersistedQueryIdsAtRuntime({ sha256: digest }),
  };

  for (const [way, generate] of Object.entries(WAYS)) {
    for (const useGETForHashedQueries of [false, true]) {
      const method = useGETForHashedQueries ? "GET" : "POST";
      test(`${way}, by ${method}`, TEST, async () => {
        const failures = [];
        const { client, calls } = connect(gateway.url, {
          links: [
            createPersistedQueryManifestVerificationLink({
              loadManifest: () => manifest,
              onVerificationFailed: ({ reason }) => failures.push(reason),
            }),
            new PersistedQueryLink({ ...generate(), useGETForHashedQueries }),
          ],
        });

        const { data } = await client.query({
          query: BY_NUMBER,
          variables: { number: FIRST.number },
        });

        assert.deepEqual(data, INVOICES);
        assert.deepEqual(failures, []);
        assert.equal(calls.length, 1);
        assert.equal(calls[0].method, method);
        assert.equal(calls[0].status, 200);
      });
    }
  }

  test("a mutation by its id", TEST, async () => {
    const { client, calls } = connect(gateway.url, {
      links: [new PersistedQueryLink(WAYS["ids from the manifest"]())],
    });
    const variables = { id: FIRST.id };

    const { data } = await client.mutate({ mutation: APPROVE, variables });

    assert.equal(data.approve.outcome, "APPLIED");
    assert.deepEqual(Object.keys(calls[0].body).sort(), [
      "extensions",
      "operationName",
      "variables",
    ]);
  });

  test("@defer by its id", TEST, async () => {
    const { client, calls } = connect(gateway.url, {
      incrementalHandler: new Defer20220824Handler(),
      links: [new PersistedQueryLink({ generateHash: () => "deferred-approvers" })],
    });

    const { data } = await client.query({
      query: DEFERRED,
      variables: { number: FIRST.number },
    });

    assert.deepEqual(data, deferredData({ whole: true }));
    assert.equal(calls[0].type, 'multipart/mixed; boundary="-"; deferSpec=20220824');
  });

  test("a text is refused, and so is an unknown hash", TEST, async () => {
    const plain = connect(gateway.url);
    const automatic = connect(gateway.url, {
      links: [new PersistedQueryLink({ sha256: digest })],
    });

    const text = await plain.client.query({ query: SOURCES }).catch((error) => error);
    const hash = await automatic.client
      .query({ query: SOURCES })
      .catch((error) => error);

    assert.equal(text.errors[0].extensions.code, "PERSISTED_QUERY_ID_REQUIRED");
    assert.equal(hash.errors[0].extensions.code, "PERSISTED_QUERY_NOT_IN_LIST");
    assert.deepEqual(
      [...plain.calls, ...automatic.calls].map(({ status }) => status),
      [400, 404],
    );
  });
});

/** Return what `DeferredApprovers` answers, before or after the rest has come. */
function deferredData({ whole }) {
  const approvers = APPROVERS.map(({ user }) => ({
    __typename: "Approver",
    user: { __typename: "User", ...user },
  }));
  return {
    invoices: {
      __typename: "InvoiceConnection",
      nodes: [
        {
          __typename: "Invoice",
          id: FIRST.id,
          number: FIRST.number,
          ...(whole ? { approvers } : {}),
        },
      ],
    },
  };
}
