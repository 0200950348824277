// What we add to GraphiQL's toolbar: links to operations, and the examples.

import { createLink, readLink } from "./links.js";
import { say } from "./notices.js";
import { findOperations } from "./operations.js";

// GraphiQL reads an editor's text after a pause, and then chooses the first operation.
const SETTLED_MS = 300;

const ICONS = {
  link:
    "M6 8.5a2.5 2.5 0 0 0 3.6 0l2.2-2.2a2.5 2.5 0 0 0-3.6-3.6l-1 1" +
    "M8 5.5a2.5 2.5 0 0 0-3.6 0L2.2 7.7a2.5 2.5 0 0 0 3.6 3.6l1-1",
  examples: "M2 3h10M2 7h10M2 11h6",
};

/**
 * Return the toolbar's contents, as GraphiQL's render property.
 *
 * `react` is React, `ToolbarButton` and `ToolbarMenu` are GraphiQL's; `createTrigger`
 * makes the button of a menu; `useEditors` returns the editors and what changes tabs.
 */
export function createToolbar({ examples, react, useEditors, ...parts }) {
  const { ToolbarButton, ToolbarMenu, createTrigger } = parts;
  const { createElement, Fragment } = react;

  function Additions() {
    const editors = useEditors();
    const open = useOpen(react, editors);
    useLinks(react, editors, open);
    return createElement(
      Fragment,
      null,
      createElement(
        ToolbarButton,
        { label: "Copy link", onClick: () => copyLink(editors) },
        icon(createElement, ICONS.link),
      ),
      createElement(
        ToolbarMenu,
        {
          label: "Examples",
          button: createTrigger("Examples", icon(createElement, ICONS.examples)),
        },
        examples.map((example, key) =>
          createElement(
            ToolbarMenu.Item,
            { key, onSelect: () => open(example) },
            findOperations(example.query)[0]?.name,
          ),
        ),
      ),
    );
  }

  return ({ prettify, merge, copy }) =>
    createElement(Fragment, null, prettify, merge, copy, createElement(Additions));
}

function icon(createElement, d) {
  return createElement(
    "svg",
    {
      "aria-hidden": "true",
      className: "graphiql-toolbar-icon",
      fill: "none",
      stroke: "currentColor",
      strokeLinecap: "round",
      strokeWidth: 1,
      viewBox: "0 0 14 14",
    },
    createElement("path", { d }),
  );
}

/** Open the link in the address: when the page is ready, and whenever it changes. */
function useLinks({ useEffect, useRef }, editors, open) {
  const latest = useRef(open);
  latest.current = open;
  const ready = Boolean(editors.queryEditor && editors.variableEditor);
  useEffect(() => {
    if (!ready) {
      return undefined;
    }
    const follow = () => openLink((link) => latest.current(link));
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [ready]);
}

function openLink(open) {
  try {
    const link = readLink(location);
    if (link) {
      // The tab holds it from now on: a reload is not to open it again.
      history.replaceState(null, "", location.pathname);
      open(link);
      say("This operation came with a link. Nothing has run.", { brief: true });
    }
  } catch (error) {
    say(error.message);
  }
}

/**
 * Return what shows an operation: in the tab that holds just that, or in a new one.
 */
function useOpen({ useEffect, useRef }, editors) {
  const { tabs, queryEditor, variableEditor } = editors;
  const added = useRef();
  // GraphiQL 4 empties the editors some time after it was asked to add a tab.
  useEffect(() => {
    if (added.current) {
      queryEditor.setValue(added.current.query);
      variableEditor.setValue(added.current.variables);
      added.current = undefined;
    }
  }, [tabs.length]);

  return ({ query, variables = "", operationName }) => {
    const there = tabs.findIndex(
      (tab) => tab.query === query && (tab.variables ?? "") === variables,
    );
    if (there === -1) {
      added.current = { query, variables };
      editors.addTab();
    } else {
      editors.changeTab(there);
    }
    if (isNamed(query, operationName)) {
      setTimeout(() => editors.setOperationName(operationName), SETTLED_MS);
    }
  };
}

function isNamed(query, operationName) {
  return findOperations(query).some(({ name }) => name && name === operationName);
}

async function copyLink({ queryEditor, variableEditor, operationName }) {
  const query = queryEditor.getValue();
  const operation = {
    query,
    variables: variableEditor.getValue(),
    operationName: isNamed(query, operationName) ? operationName : undefined,
  };
  try {
    await hand(createLink(operation, location));
  } catch (error) {
    say(error.message);
  }
}

async function hand(link) {
  try {
    await navigator.clipboard.writeText(link);
    say("The link is copied. It holds the operation and its variables, no headers.", {
      brief: true,
    });
  } catch {
    // A page that came over plain HTTP, or a person who does not allow it.
    history.replaceState(null, "", new URL(link).hash);
    say("The clipboard is closed to this page; the link is in the address bar.");
  }
}
