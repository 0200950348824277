// What the built page and the fallback page share: the page's configuration, and what
// GraphiQL is given. Plain modules without dependencies, because the fallback page gets
// them unbuilt.

import { createFetcher } from "./fetcher.js";
import { say } from "./notices.js";
import { createStorage } from "./storage.js";

const { endpoint, examples } = JSON.parse(document.getElementById("page").textContent);
const { send, followTabs } = createFetcher(endpoint, say);

export { examples };

export const root = document.getElementById("graphiql");

export const props = {
  fetcher: send,
  storage: createStorage(examples[0]),
  defaultTabs: examples,
  onTabChange: followTabs,
  shouldPersistHeaders: false,
  showPersistHeadersSettings: false,
  defaultEditorToolsVisibility: "variables",
};
