import "./workers.js";
import "./styles.css";

import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import { props, root } from "../static/page.js";

createRoot(root).render(
  createElement(
    GraphiQL,
    props,
    createElement(GraphiQL.Logo, null, "Approvals gateway"),
  ),
);
