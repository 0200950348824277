// The one WebSocket of the page, and how it is. It is opened at once and opened again
// for as long as the page is; what was missed meanwhile, `onReconnect` is for.

import { createClient } from "graphql-ws";

import { headers } from "./identity.js";

const PING_MS = 12_000;
const PONG_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;

let state = "opening";
const watchers = new Set();
const reconnected = new Set();

function become(next) {
  state = next;
  for (const tell of watchers) tell();
}

let missing;
const client = createClient({
  url: () => `${location.origin.replace(/^http/, "ws")}/graphql`,
  connectionParams: headers,
  lazy: false,
  onNonLazyError: () => become("refused"),
  retryAttempts: Infinity,
  retryWait,
  // A connection that fails or ends is tried again; a bug of ours would loop.
  shouldRetry: (failure) => failure instanceof Event,
  // graphql-ws wants a `query` in every message; one that is left empty is not sent.
  jsonMessageReplacer: (key, value) => (key === "query" && !value ? undefined : value),
  keepAlive: PING_MS,
  on: {
    connected(_socket, _payload, wasRetry) {
      become("live");
      if (wasRetry) for (const tell of reconnected) tell();
    },
    closed() {
      clearTimeout(missing);
      become("reconnecting");
    },
    // A network that is gone says nothing: who does not answer a ping is gone.
    ping(received) {
      if (!received) missing = setTimeout(() => client.terminate(), PONG_MS);
    },
    pong(received) {
      if (received) clearTimeout(missing);
    },
  },
});

/** Longer from one attempt to the next, but at once when the network is back. */
function retryWait(attempts) {
  const longest = Math.min(1_000 * 2 ** attempts, LONGEST_WAIT_MS);
  return new Promise((resolve) => {
    setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    addEventListener("online", resolve, { once: true });
  });
}

export const live = {
  /** Subscribe to a persisted document. */
  subscribe: (documentId, variables, sink) =>
    client.subscribe({ documentId, variables, query: "" }, sink),
  /** "opening", "live", "reconnecting", or "refused": the gateway does not want this connection. */
  getState: () => state,
  watch: (tell) => listen(watchers, tell),
  onReconnect: (tell) => listen(reconnected, tell),
};

function listen(listeners, tell) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
