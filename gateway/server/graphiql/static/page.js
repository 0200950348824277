// What the built page and the fallback page share: the page's configuration, how
// operations are sent, and what the browser may remember. Plain modules without
// dependencies, because the fallback page gets them unbuilt.

const { endpoint, examples } = JSON.parse(document.getElementById("page").textContent);

/** Send an operation; a subscription answers with an observable of results. */
function send({ operationName, query, variables }, { headers } = {}) {
  // GraphiQL reads the text of a newly opened tab after a pause: until then its name
  // of the operation is that of the tab before.
  const name =
    operationName && new RegExp(`\\b${operationName}\\b`).test(query)
      ? operationName
      : undefined;
  const params = { query, variables, operationName: name };
  return new RegExp(`^\\s*subscription\\s+${name ?? ""}`, "m").test(query)
    ? subscribe(params, headers)
    : request(params, headers);
}

function post(params, headers, accept, signal) {
  const sent = new Headers(headers);
  sent.set("content-type", "application/json");
  if (!sent.has("accept")) {
    sent.set("accept", accept);
  }
  const body = JSON.stringify(params);
  return fetch(endpoint, { method: "POST", headers: sent, body, signal });
}

async function request(params, headers) {
  const accept = "application/graphql-response+json, application/json;q=0.9";
  return read(await post(params, headers, accept));
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    return { errors: [{ message: `The answer is not JSON: ${status}` }] };
  }
}

function subscribe(params, headers) {
  return {
    subscribe: (observer) => {
      const stop = new AbortController();
      receive(params, headers, observer.next, stop.signal).then(
        observer.complete,
        (error) => stop.signal.aborted || observer.error(error),
      );
      return { unsubscribe: () => stop.abort() };
    },
  };
}

/** Pass on what a subscription yields: "distinct connections" of graphql-sse. */
async function receive(params, headers, next, signal) {
  const response = await post(params, headers, "text/event-stream", signal);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    next(await read(response));
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const events = (rest + value.replaceAll("\r", "")).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const result = event.match(/^data: ?(\S.*)$/m);
      if (result) {
        next(JSON.parse(result[1]));
      }
    }
  }
}

// GraphiQL shows the variables and headers of a tab when it is opened, but those of
// the first tab only when it finds them in its storage.
const firstVisit = localStorage.getItem("graphiql:tabState") === null;
const shownFirst = {
  "graphiql:query": examples[0]?.query,
  "graphiql:variables": examples[0]?.variables,
  "graphiql:headers": examples[0]?.headers,
};

// GraphiQL's history keeps the headers of every operation, whatever
// shouldPersistHeaders says; a token must not stay in the browser.
const withoutHeaders = (text) =>
  JSON.stringify(JSON.parse(text), (key, value) =>
    key === "headers" ? undefined : value,
  );

const storage = {
  getItem: (key) =>
    localStorage.getItem(key) ?? (firstVisit ? shownFirst[key] || null : null),
  setItem: (key, value) =>
    localStorage.setItem(
      key,
      /:(queries|favorites)$/.test(key) ? withoutHeaders(value) : value,
    ),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};

export const root = document.getElementById("graphiql");

export const props = {
  fetcher: send,
  storage,
  defaultTabs: examples,
  shouldPersistHeaders: false,
  showPersistHeadersSettings: false,
  defaultEditorToolsVisibility: "variables",
};
