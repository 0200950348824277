// graphql-ws 6, and the frames of its protocol that a well-behaved client never sends:
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  FIRST,
  approveInvoice,
  approved,
  changed,
  collect,
  digest,
  findInvoice,
  readDocument,
} from "./helpers.mjs";

const WATCH = readDocument("WatchApproval");
const BY_NUMBER = readDocument("InvoiceByNumber");
const TYPENAME = "{ __typename }";
const CLERK = { Authorization: "Bearer demo-clerk" };
const SUBPROTOCOL = "graphql-transport-ws";

let gateway;
let address;

before(async () => {
  gateway = await startGateway();
  address = `${gateway.url.replace("http", "ws")}/graphql`;
}, START);

after(async () => {
  await gateway?.stop();
}, START);

/** Use a client, and close its connection. */
async function withClient(options, use) {
  const client = createClient({
    url: address,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
  try {
    return await use(client);
  } finally {
    await client.dispose();
  }
}

function run(client, payload) {
  return collect((sink) => client.subscribe(payload, sink));
}

describe("the client of graphql-ws", () => {
  test("sees a change that a mutation over HTTP made", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1002");

    await withClient({}, async (client) => {
      const watching = run(client, { query: WATCH, variables: { ids: [id] } });
      // Its answer proves that the subscription before it was read.
      await run(client, { query: TYPENAME }).end();
      await approveInvoice(gateway.url, id);

      assert.deepEqual(await watching.take(1), [
        { data: { approvalChanged: changed(id) } },
      ]);
      watching.stop();
      assert.deepEqual(await watching.end(), [
        { data: { approvalChanged: changed(id) } },
      ]);
    });
  });

  test("runs a query", TEST, async () => {
    await withClient({}, async (client) => {
      const query = run(client, {
        query: BY_NUMBER,
        variables: { number: FIRST.number },
      });

      assert.deepEqual(await query.end(), [{ data: { invoices: { nodes: [FIRST] } } }]);
    });
  });

  test("runs a mutation, and tells a subscription beside it", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1003");

    await withClient({}, async (client) => {
      const watching = run(client, { query: WATCH, variables: { ids: [id] } });
      await run(client, { query: TYPENAME }).end();
      const mutation = run(client, {
        query: readDocument("ApproveInvoice"),
        variables: { id },
      });

      assert.deepEqual(await mutation.end(), [{ data: { approve: approved(id) } }]);
      assert.deepEqual(await watching.take(1), [
        { data: { approvalChanged: changed(id) } },
      ]);
    });
  });

  test("says who calls in its connectionParams", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1005");
    const query =
      "mutation ($id: ID!) { approve(input: {id: $id, force: true}) { outcome } }";

    await withClient({ connectionParams: CLERK }, async (client) => {
      assert.deepEqual(await run(client, { query, variables: { id } }).end(), [
        { data: { approve: { outcome: "REFUSED" } } },
      ]);
    });
  });

  test("is told why an operation cannot run", TEST, async () => {
    await withClient({}, async (client) => {
      for (const [query, code] of [
        ["{", "GRAPHQL_PARSE_FAILED"],
        ["{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
        ["subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"],
      ]) {
        const rejected = await run(client, { query })
          .end()
          .catch((error) => error);

        assert.ok(Array.isArray(rejected), `${query} was answered`);
        assert.deepEqual(
          rejected.map(({ extensions }) => extensions.code),
          [code],
        );
      }
      // The connection stands.
      assert.deepEqual(await run(client, { query: TYPENAME }).end(), [
        { data: { __typename: "Query" } },
      ]);
    });
  });

  test("sends a hash alone, and an empty text beside it", TEST, async () => {
    const sha256Hash = digest(BY_NUMBER);
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    const variables = { number: FIRST.number };
    const answer = [{ data: { invoices: { nodes: [FIRST] } } }];

    await withClient({}, async (client) => {
      const send = (query) => run(client, { query, variables, extensions }).end();
      // The client lets no payload go without a text.
      const missed = await send("").catch((error) => error);
      const registered = await send(BY_NUMBER);
      const found = await send("");

      assert.deepEqual(
        missed.map(({ message, extensions }) => [message, extensions.code]),
        [["PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"]],
      );
      assert.deepEqual([registered, found], [answer, answer]);
    });
  });

  test("pings, and is answered", TEST, async () => {
    const heard = [];
    const ponged = defer();

    await withClient(
      {
        lazy: false,
        keepAlive: 50,
        on: {
          ping: (received) => heard.push(received ? "ping received" : "ping sent"),
          pong: (received) => {
            heard.push(received ? "pong received" : "pong sent");
            ponged.resolve();
          },
        },
      },
      async () => {
        await ponged.promise;

        assert.deepEqual(heard, ["ping sent", "pong received"]);
      },
    );
  });

  test("has many subscriptions on one connection", TEST, async () => {
    const id = await findInvoice(gateway.url, "INV-1008");
    let connections = 0;
    const on = { connected: () => (connections += 1) };

    await withClient({ on }, async (client) => {
      const watching = Array.from({ length: 10 }, () =>
        run(client, { query: WATCH, variables: { ids: [id] } }),
      );
      await run(client, { query: TYPENAME }).end();
      await approveInvoice(gateway.url, id);

      for (const one of watching) {
        assert.deepEqual(await one.take(1), [
          { data: { approvalChanged: changed(id) } },
        ]);
      }
      assert.equal(connections, 1);
    });
  });

  test("is refused with 4403 where nobody is known by what it says", TEST, async () => {
    const connectionParams = { Authorization: "Bearer demo-nobody" };

    await withClient({ connectionParams }, async (client) => {
      const refusal = await run(client, { query: TYPENAME })
        .end()
        .catch((event) => event);

      assert.equal(refusal.code, 4403);
    });
  });
});

describe("a frame that does not fit", () => {
  test("init, ack, subscribe, next and complete are the protocol's", TEST, async () => {
    const socket = await open();
    socket.send({ type: "connection_init" });
    assert.deepEqual(await socket.receive(), { type: "connection_ack" });

    socket.send({ id: "1", type: "subscribe", payload: { query: TYPENAME } });

    assert.deepEqual(await socket.receive(), {
      id: "1",
      type: "next",
      payload: { data: { __typename: "Query" } },
    });
    assert.deepEqual(await socket.receive(), { id: "1", type: "complete" });
    await socket.close();
  });

  test(
    "a ping's payload comes back with the pong, also before init",
    TEST,
    async () => {
      const socket = await open();

      socket.send({ type: "ping", payload: { at: 1 } });

      assert.deepEqual(await socket.receive(), { type: "pong", payload: { at: 1 } });
      await socket.close();
    },
  );

  test("subscribing before init is 4401", TEST, async () => {
    const socket = await open();

    socket.send({ id: "1", type: "subscribe", payload: { query: TYPENAME } });

    assert.deepEqual(await socket.closed, { code: 4401, reason: "Unauthorized" });
  });

  test("a second subscription with the id of the first is 4409", TEST, async () => {
    const socket = await open({ initialised: true });
    const subscribe = {
      id: "same",
      type: "subscribe",
      payload: { query: WATCH, variables: { ids: [FIRST.id] } },
    };

    socket.send(subscribe);
    socket.send(subscribe);

    assert.deepEqual(await socket.closed, {
      code: 4409,
      reason: "Subscriber for same already exists",
    });
  });

  test("a second init is 4429", TEST, async () => {
    const socket = await open({ initialised: true });

    socket.send({ type: "connection_init" });

    assert.deepEqual(await socket.closed, {
      code: 4429,
      reason: "Too many initialisation requests",
    });
  });

  test("no init is 4408 after a while", TEST, async () => {
    const began = Date.now();
    const socket = await open();

    assert.deepEqual(await socket.closed, {
      code: 4408,
      reason: "Connection initialisation timeout",
    });
    assert.ok(Date.now() - began > 2_000);
  });

  for (const [what, data] of [
    ["no JSON", "garbage"],
    ["an array", "[]"],
    ["an unknown type", '{"type":"start","id":"1","payload":{}}'],
    ["no type", "{}"],
    ["a binary frame", Buffer.from([0, 255, 1])],
    ["a subscription without an id", '{"type":"subscribe","payload":{"query":"{a}"}}'],
    ["a subscription without a payload", '{"type":"subscribe","id":"1"}'],
  ]) {
    test(`${what} is 4400`, TEST, async () => {
      const socket = await open({ initialised: true });

      socket.sendRaw(data);

      assert.equal((await socket.closed).code, 4400);
    });
  }

  test(
    "the 101st operation at a time is refused, the connection stands",
    TEST,
    async () => {
      const socket = await open({ initialised: true });
      const subscribe = (id) =>
        socket.send({
          id,
          type: "subscribe",
          payload: { query: WATCH, variables: { ids: [FIRST.id] } },
        });

      for (let number = 1; number <= 101; number += 1) {
        subscribe(`${number}`);
      }
      const refused = await socket.receive();
      socket.send({ type: "ping" });

      assert.equal(refused.id, "101");
      assert.equal(refused.type, "error");
      assert.equal(refused.payload[0].extensions.code, "SUBSCRIPTION_LIMIT");
      assert.deepEqual(await socket.receive(), { type: "pong" });
      await socket.close();
    },
  );

  test("completing what there is not is passed over", TEST, async () => {
    const socket = await open({ initialised: true });

    socket.send({ id: "none", type: "complete" });
    socket.send({ id: "1", type: "subscribe", payload: { query: TYPENAME } });

    assert.equal((await socket.receive()).type, "next");
    await socket.close();
  });

  test("no subprotocol is 4406", TEST, async () => {
    const socket = new WebSocket(address);

    const [code, reason] = await once(socket, "close");

    assert.equal(code, 4406);
    assert.equal(reason.toString(), "Subprotocol not acceptable");
  });

  test("the old subprotocol is not chosen", TEST, async () => {
    const socket = new WebSocket(address, "graphql-ws");

    // What a browser says, too, where none of its protocols is in the handshake.
    const [{ message }] = await once(socket, "error");

    assert.equal(message, "Server sent no subprotocol");
  });

  test("a page of another origin gets no handshake", TEST, async () => {
    const socket = new WebSocket(address, SUBPROTOCOL, {
      origin: "https://other.example",
    });

    const [, { statusCode }] = await once(socket, "unexpected-response");

    assert.equal(statusCode, 403);
  });
});

function defer() {
  const parts = {};
  parts.promise = new Promise((resolve) => {
    parts.resolve = resolve;
  });
  return parts;
}

/** Open a socket whose frames the test writes itself. */
async function open({ initialised = false } = {}) {
  const socket = new WebSocket(address, SUBPROTOCOL);
  const frames = [];
  let wake = () => {};
  socket.on("message", (data) => {
    frames.push(JSON.parse(data));
    wake();
  });
  const closed = once(socket, "close").then(([code, reason]) => ({
    code,
    reason: reason.toString(),
  }));
  await once(socket, "open");
  const opened = {
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendRaw: (data) => socket.send(data),
    async receive() {
      while (frames.length === 0) {
        await Promise.race([
          new Promise((resolve) => {
            wake = resolve;
          }),
          closed.then(({ code }) => assert.fail(`closed with ${code}`)),
        ]);
      }
      return frames.shift();
    },
    async close() {
      socket.close(1000);
      await closed;
      await sleep(0);
    },
  };
  if (initialised) {
    opened.send({ type: "connection_init" });
    assert.deepEqual(await opened.receive(), { type: "connection_ack" });
  }
  return opened;
}
