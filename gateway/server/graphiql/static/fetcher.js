// How operations are sent, and what becomes of their answers.

import { findOperations } from "./operations.js";
import { readEvents, readParts } from "./streams.js";

// GraphiQL merges what is deferred in this form.
const ACCEPT = [
  "multipart/mixed;incrementalSpec=v0.2",
  "application/graphql-response+json",
  "application/json;q=0.9",
].join(", ");
const MOST_SHOWN = 500;

/**
 * Return GraphiQL's fetcher, and what has to hear which tab is open.
 *
 * GraphiQL shows an answer in whichever tab is open when it comes. What runs is
 * therefore ended when its tab is left, but for mutations: nothing takes them back, so
 * their answer is given to *say* instead.
 */
export function createFetcher(endpoint, say) {
  let openTab;
  let leave = () => {};

  function send(params, options = {}) {
    const request = createRequest(params, options.headers);
    return { subscribe: (observer) => start(request, observer, isOfTab(options)) };
  }

  function start(request, observer, ofTab) {
    const stop = new AbortController();
    const end = request.kind === "mutation" ? () => {} : () => stop.abort();
    let awaited = true;
    let left = false;

    const show = (result) => {
      if (left) {
        say(late(request, result));
      } else if (!stop.signal.aborted) {
        observer.next(result);
      }
    };
    const leaveTab = () => {
      left = true;
      end();
      if (awaited) {
        awaited = false;
        // GraphiQL is in the middle of changing its state.
        queueMicrotask(() => observer.complete());
      }
    };
    if (ofTab) {
      leave();
      leave = leaveTab;
    }
    receive(endpoint, request, stop.signal, show).then(() => {
      if (leave === leaveTab) {
        leave = () => {};
      }
      if (awaited) {
        observer.complete();
      }
    });
    const unsubscribe = () => {
      awaited = false;
      end();
    };
    return { unsubscribe };
  }

  function followTabs({ tabs, activeTabIndex }) {
    const tab = tabs[activeTabIndex]?.id;
    const isOther = openTab !== undefined && openTab !== tab;
    openTab = tab;
    if (isOther) {
      leave();
    }
  }

  return { send, followTabs };
}

/** Tell what runs in a tab from the reading of the schema. */
function isOfTab(options) {
  return "documentAST" in options;
}

function createRequest({ query, variables, operationName }, headers) {
  const operations = findOperations(query);
  // GraphiQL reads the text of a newly opened tab after a pause: until then its name
  // of the operation is that of the tab before.
  const operation =
    operations.find(({ name }) => name === operationName) ??
    (operations.length === 1 ? operations[0] : undefined);
  const name = operation?.name;
  const body = JSON.stringify({ query, variables, operationName: name });
  return { kind: operation?.kind ?? "query", name, headers, body };
}

/** Pass on each answer; that there is none, or no more, is one, too. */
async function receive(endpoint, request, signal, show) {
  try {
    const { body } = request;
    const headers = createHeaders(request);
    const response = await fetch(endpoint, { method: "POST", headers, body, signal });
    for await (const result of results(response)) {
      show(result);
    }
  } catch (error) {
    if (!signal.aborted) {
      show({ errors: [{ message: describe(error) }] });
    }
  }
}

function createHeaders({ kind, headers }) {
  let sent;
  try {
    sent = new Headers(headers);
  } catch (error) {
    throw new Error(`The request headers cannot be sent: ${error.message}`);
  }
  sent.set("content-type", "application/json");
  if (!sent.has("accept")) {
    sent.set("accept", kind === "subscription" ? "text/event-stream" : ACCEPT);
  }
  return sent;
}

async function* results(response) {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) {
    yield* readEvents(response.body);
  } else if (type.startsWith("multipart/mixed")) {
    const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? [];
    yield* readParts(response.body, quoted ?? bare ?? "-");
  } else {
    yield await read(response);
  }
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    throw new Error(`The answer is not JSON: ${status}`);
  }
}

function describe(error) {
  // The browser's word for a connection that failed.
  return error instanceof TypeError
    ? `The gateway cannot be reached: ${error.message}`
    : error.message;
}

function late({ name }, result) {
  const text = JSON.stringify(result);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return `${name ?? "A mutation"}, which you no longer watch, answered: ${shown}`;
}
