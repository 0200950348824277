// What the page watches beside the graph.

import { useSyncExternalStore } from "react";

import { decisions } from "./decisions.js";
import { live } from "./live.js";

/** Whether this device has a network at all. */
export function useOnline() {
  return useSyncExternalStore(watchOnline, () => navigator.onLine);
}

export function useLive() {
  return useSyncExternalStore(live.watch, live.getState);
}

/** What is known of the decision on an object; undefined where there was none. */
export function useDecision(id) {
  return useSyncExternalStore(decisions.watch, () => decisions.get(id));
}

function watchOnline(tell) {
  addEventListener("online", tell);
  addEventListener("offline", tell);
  return () => {
    removeEventListener("online", tell);
    removeEventListener("offline", tell);
  };
}
