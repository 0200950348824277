// What the browser may remember: everything but headers.

/** Return GraphiQL's storage; *first* is the example that a first visit shows. */
export function createStorage(first) {
  // GraphiQL shows the variables and headers of a tab when it is opened, but those of
  // the first tab only when it finds them in its storage.
  const firstVisit = localStorage.getItem("graphiql:tabState") === null;
  const shownFirst = {
    "graphiql:query": first?.query,
    "graphiql:variables": first?.variables,
    "graphiql:headers": first?.headers,
  };
  return {
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
}

// GraphiQL's history keeps the headers of every operation, whatever
// shouldPersistHeaders says; a token must not stay in the browser.
function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (key, value) =>
    key === "headers" ? undefined : value,
  );
}
