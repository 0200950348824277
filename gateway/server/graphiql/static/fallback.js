// The page when no assets were built: React and GraphiQL are globals here, loaded
// by the page's script tags.

import { examples, props, root } from "./page.js";
import { createToolbar } from "./toolbar.js";

const { GraphiQL, React, ReactDOM } = globalThis;
const { ToolbarButton, ToolbarMenu, useEditorContext } = GraphiQL.React;

function useEditors() {
  const editors = useEditorContext({ nonNull: true });
  return { ...editors, operationName: editors.queryEditor?.operationName };
}

const toolbar = createToolbar({
  examples,
  react: React,
  ToolbarButton,
  ToolbarMenu,
  createTrigger: (_, icon) => icon,
  useEditors,
});

ReactDOM.createRoot(root).render(
  React.createElement(
    GraphiQL,
    props,
    React.createElement(GraphiQL.Logo, null, "Approvals gateway"),
    React.createElement(GraphiQL.Toolbar, null, toolbar),
  ),
);
