import "./workers.js";
import "./styles.css";

import {
  ToolbarButton,
  ToolbarMenu,
  pick,
  useGraphiQL,
  useGraphiQLActions,
} from "@graphiql/react";
import { GraphiQL } from "graphiql";
import * as react from "react";
import { createRoot } from "react-dom/client";

import { examples, props, root } from "../static/page.js";
import { createToolbar } from "../static/toolbar.js";

const { createElement, useEffect } = react;

function useEditors() {
  const { addTab, changeTab, setOperationName } = useGraphiQLActions();
  const editors = useGraphiQL(
    pick("tabs", "queryEditor", "variableEditor", "operationName"),
  );
  return { ...editors, addTab, changeTab, setOperationName };
}

// What an operation is for stands in its comments, which are longer than lines are.
function WrappedLines() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  useEffect(() => queryEditor?.updateOptions({ wordWrap: "on" }), [queryEditor]);
  return null;
}

// GraphiQL's style sheets follow the system's look by themselves, its editors do not.
function SystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => theme ?? setTheme(null);
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [theme, setTheme]);
  return null;
}

const toolbar = createToolbar({
  examples,
  react,
  ToolbarButton,
  ToolbarMenu,
  createTrigger: (label, icon) => createElement(ToolbarButton, { label }, icon),
  useEditors,
});

createRoot(root).render(
  createElement(
    GraphiQL,
    props,
    createElement(GraphiQL.Logo, null, "Approvals gateway"),
    createElement(GraphiQL.Toolbar, null, toolbar),
    createElement(SystemTheme),
    createElement(WrappedLines),
  ),
);
