// Relay 21: a small app's queries, compiled with persisted texts, by relay-runtime.
// Its network sends their ids: https://relay.dev/docs/guides/persisted-queries/

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";

import { createClient } from "graphql-ws";
import relayCompiler from "relay-compiler";
import relay from "relay-runtime";
import { WebSocket } from "ws";

import { START, TEST, startGateway } from "../gateway.mjs";
import { CLIENTS, SCHEMA, approved, changed, collect, makeFolder } from "./helpers.mjs";

const {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getSelector,
  requestSubscription,
} = relay;

let temporary;
let persisted;
let artifact;
let gateway;

before(async () => {
  temporary = makeFolder();
  const { folder } = temporary;
  cpSync(path.join(CLIENTS, "relay"), path.join(folder, "src"), { recursive: true });
  cpSync(SCHEMA, path.join(folder, "schema.graphql"));
  const config = {
    src: "./src",
    schema: "./schema.graphql",
    language: "javascript",
    artifactDirectory: "./artifacts",
    eagerEsModules: false,
    persistConfig: { file: "./persisted.json" },
  };
  writeFileSync(path.join(folder, "relay.config.json"), JSON.stringify(config));
  // The compiler adds to both, and makes neither.
  writeFileSync(path.join(folder, "persisted.json"), "{}");
  mkdirSync(path.join(folder, "artifacts"));
  execFileSync(relayCompiler, ["relay.config.json", "--output", "quiet"], {
    cwd: folder,
  });
  persisted = JSON.parse(readFileSync(path.join(folder, "persisted.json")));
  const require = createRequire(path.join(folder, "artifacts/"));
  artifact = (name) => require(`./${name}.graphql.js`);
  gateway = await startGateway({
    env: {
      GATEWAY_OPERATIONS__MODE: "ids",
      GATEWAY_OPERATIONS__MANIFESTS: path.join(folder, "persisted.json"),
    },
  });
}, START);

after(async () => {
  await gateway?.stop();
  temporary?.remove();
}, START);

/** Return an environment that sends ids as this member, and what it sends. */
function createEnvironment(member) {
  const bodies = [];
  const socket = createClient({
    url: `${gateway.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const compose = (operation, variables) => ({ [member]: operation.id, variables });
  const fetchOperation = async (operation, variables) => {
    assert.equal(operation.text, null);
    const body = compose(operation, variables);
    bodies.push(body);
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  // graphql-ws wants a text beside an id, and takes none that is empty amiss.
  const sendFrame = (id, variables, sink) =>
    socket.subscribe({ query: "", [member]: id, variables }, sink);
  const subscribe = ({ id }, variables) =>
    Observable.create((sink) => sendFrame(id, variables, sink));
  const environment = new Environment({
    network: Network.create(fetchOperation, subscribe),
    store: new Store(new RecordSource()),
  });
  return { environment, bodies, socket, sendFrame };
}

/** Read a fragment from the store. */
function read(environment, fragment, reference) {
  const { data, isMissingData } = environment.lookup(
    getSelector(artifact(fragment), reference),
  );
  assert.equal(isMissingData, false);
  return data;
}

function rows(environment, root) {
  const { invoices } = read(environment, "Invoices_page", root);
  return {
    numbers: invoices.edges.map(({ node }) => node.number),
    nodes: invoices.edges.map(({ node }) => node),
    pageInfo: invoices.pageInfo,
  };
}

/** Fetch a query, and return its root with references to its fragments. */
async function load(environment, name, variables) {
  const query = artifact(name);
  await fetchQuery(environment, query, variables).toPromise();
  const operation = createOperationDescriptor(query, variables);
  return environment.lookup(operation.fragment).data;
}

function settle(run) {
  return new Promise((resolve, reject) => {
    run({ onCompleted: resolve, onError: reject });
  });
}

test("the compiler persists each text under its MD5", () => {
  const names = Object.values(persisted).map((text) => text.match(/^\w+ (\w+)/)[1]);

  assert.deepEqual(names.sort(), [
    "InvoicesApproveMutation",
    "InvoicesPaginationQuery",
    "InvoicesQuery",
    "InvoicesRefetchQuery",
    "InvoicesWatchSubscription",
  ]);
  for (const [id, text] of Object.entries(persisted)) {
    assert.equal(id, createHash("md5").update(text).digest("hex"));
  }
});

for (const member of ["doc_id", "id", "documentId"]) {
  test(`a connection grows by pages, asked for with ${member}`, TEST, async () => {
    const { environment, bodies } = createEnvironment(member);

    const root = await load(environment, "InvoicesQuery", {});
    const first = rows(environment, root);
    await load(environment, "InvoicesPaginationQuery", {
      first: 2,
      after: first.pageInfo.endCursor,
    });
    const second = rows(environment, root);

    assert.deepEqual(first.numbers, ["INV-1001", "INV-1002", "INV-1003"]);
    assert.equal(first.pageInfo.hasNextPage, true);
    assert.deepEqual(second.numbers, [...first.numbers, "INV-1004", "INV-1005"]);
    assert.deepEqual(
      bodies.map((body) => [Object.keys(body), body[member]]),
      ["InvoicesQuery", "InvoicesPaginationQuery"].map((name) => [
        [member, "variables"],
        artifact(name).params.id,
      ]),
    );
  });
}

test("a node is fetched again, and a mutation changes it", TEST, async () => {
  const { environment } = createEnvironment("doc_id");
  const root = await load(environment, "InvoicesQuery", {});
  const [, node] = rows(environment, root).nodes;
  const card = () => read(environment, "Invoices_card", node);
  assert.deepEqual(card(), {
    number: "INV-1002",
    approvalState: "PENDING",
    id: node.__id,
  });

  const payload = await settle((callbacks) =>
    commitMutation(environment, {
      mutation: artifact("InvoicesApproveMutation"),
      variables: { input: { id: node.__id } },
      ...callbacks,
    }),
  );

  assert.deepEqual(payload, { approve: approved(node.__id) });
  assert.equal(card().approvalState, "APPROVED");
  const { environment: other } = createEnvironment("doc_id");
  const refetched = await load(other, "InvoicesRefetchQuery", { id: node.__id });
  assert.deepEqual(read(other, "Invoices_card", refetched.node), card());
});

test("a subscription tells the store", TEST, async () => {
  const id = await findFifth();
  const { environment, socket, sendFrame } = createEnvironment("doc_id");
  const run = (name, variables) =>
    collect((sink) => sendFrame(artifact(name).params.id, variables, sink)).end();

  const told = collect(({ next, error, complete }) => {
    const { dispose } = requestSubscription(environment, {
      subscription: artifact("InvoicesWatchSubscription"),
      variables: { ids: [id] },
      onNext: next,
      onError: error,
      onCompleted: complete,
    });
    return dispose;
  });
  // An answer on the same connection proves that the subscription was read.
  await run("InvoicesRefetchQuery", { id });
  const [{ data }] = await run("InvoicesApproveMutation", { input: { id } });

  assert.equal(data.approve.outcome, "APPLIED");
  assert.deepEqual(await told.take(1), [{ approvalChanged: changed(id) }]);
  assert.equal(environment.getStore().getSource().get(id).approvalState, "APPROVED");
  told.stop();
  await socket.dispose();
});

test("a text that is not among the persisted is refused", TEST, async () => {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ doc_id: "0".repeat(32), variables: {} }),
  });

  const { errors } = await response.json();
  assert.equal(response.status, 404);
  assert.deepEqual(
    errors.map(({ message, extensions }) => [message, extensions.code]),
    [
      [
        `Persisted query '${"0".repeat(32)}' not found in the persisted query list`,
        "PERSISTED_QUERY_NOT_IN_LIST",
      ],
    ],
  );
});

/** Return the id of the fifth invoice, found by Relay's own query. */
async function findFifth() {
  const { environment } = createEnvironment("doc_id");
  const root = await load(environment, "InvoicesPaginationQuery", {
    first: 5,
    after: null,
  });
  return rows(environment, root).nodes[4].__id;
}
