// The page: who is asked, whether it is live, and the queue.

import { ApolloProvider } from "@apollo/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { client } from "./client.js";
import { useLive, useOnline } from "./hooks.js";
import { Identity } from "./identity.jsx";
import { Queue } from "./queue.jsx";
import "./style.css";

function App() {
  const online = useOnline();
  return (
    <>
      <header>
        <h1>My approvals</h1>
        <Connection online={online} />
        <Identity />
      </header>
      <main>
        <Queue online={online} />
      </main>
    </>
  );
}

const WORDS = {
  opening: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  refused: "Not live",
  offline: "Offline",
};

/** Whether changes elsewhere are seen at once. */
function Connection({ online }) {
  const state = useLive();
  const shown = online ? state : "offline";
  return (
    <p className={`connection ${shown}`} role="status">
      {WORDS[shown]}
    </p>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <App />
    </ApolloProvider>
  </StrictMode>,
);

if (import.meta.env.PROD) navigator.serviceWorker?.register("/sw.js");
