// The page when no assets were built: React and GraphiQL are globals here, loaded
// by the page's script tags.

import { props, root } from "./page.js";

const { GraphiQL, React, ReactDOM } = globalThis;

ReactDOM.createRoot(root).render(
  React.createElement(
    GraphiQL,
    props,
    React.createElement(GraphiQL.Logo, null, "Approvals gateway"),
  ),
);
