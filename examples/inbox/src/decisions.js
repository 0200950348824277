// Decisions: each is sent once, and what is known of it is told as it is.
//
// A decision goes through these phases; the rows show them.
//
//   sending   it is on its way; the row shows it at once, as Apollo Client's optimistic
//             answer, which is taken back by itself where it does not come true
//   done      APPLIED, or ALREADY_APPLIED: then nothing was sent
//   refused   it did not happen, and userErrors say why
//   stale     nothing was sent, because the object is not what the person looked at
//   fault     nothing was decided; `retryable` says that it can be sent again
//   unknown   nobody knows: first look at the object anew, then decide again
//   looked    that was done, and it is still there; else
//   gone      it is not, or not for this person
//
// Nothing here sends again by itself. They live here, and not in a row, so that a row
// that comes back from another filter still knows what happened to it.

import { CombinedGraphQLErrors } from "@apollo/client/errors";

import { client } from "./client.js";
import { Approve, Look, Reject } from "./operations.graphql";

const MUTATIONS = { APPROVE: Approve, REJECT: Reject };
const PAYLOADS = { APPROVE: "ApprovePayload", REJECT: "RejectPayload" };
const SENDABLE = new Set([undefined, "refused", "stale", "fault", "looked"]);

const known = new Map();
const watchers = new Set();

export const decisions = {
  get: (id) => known.get(id),
  watch(tell) {
    watchers.add(tell);
    return () => watchers.delete(tell);
  },

  /** Whether a decision may be sent; not while one is under way, or in doubt. */
  canSend: (id) => SENDABLE.has(known.get(id)?.phase),

  /** Send a decision on what `row` shows, unless one is under way. */
  async send(row, decision, note) {
    if (!this.canSend(row.id)) return;
    set(row.id, { phase: "sending", decision, note });
    const { data, error } = await client
      .mutate({
        mutation: MUTATIONS[decision],
        variables: {
          input: { id: row.id, expectedVersion: row.version, note: note || null },
        },
        optimisticResponse: { decision: expected(row, decision) },
        errorPolicy: "all",
      })
      .catch((thrown) => ({ error: thrown }));
    set(row.id, { decision, note, ...judge(data?.decision, error) });
  },

  /** Read one object anew, after which it may be decided on again. */
  async look({ id }) {
    const before = known.get(id);
    set(id, { ...before, looking: true, failure: null });
    const { data, error } = await client
      .query({ query: Look, variables: { id }, fetchPolicy: "network-only" })
      .catch((thrown) => ({ error: thrown }));
    const phase = data?.node ? "looked" : "gone";
    set(id, error ? { ...before, failure: error.message } : { ...before, phase });
  },

  /** The decisions that are over: for `forget`, once the queue was read after them. */
  over() {
    const isOver = ([, { phase }]) => phase !== "sending" && phase !== "unknown";
    return new Map([...known].filter(isOver));
  },

  forget(over) {
    for (const [id, state] of over) if (known.get(id) === state) known.delete(id);
    for (const tell of watchers) tell();
  },
};

function set(id, state) {
  known.set(id, state);
  for (const tell of watchers) tell();
}

/** What the row shows until the answer is there. */
function expected(row, decision) {
  const { progress } = row;
  const approved = progress?.approved == null ? null : progress.approved + 1;
  const approvable =
    decision === "REJECT"
      ? { ...row, approvalState: "REJECTED" }
      : { ...row, progress: progress && { ...progress, approved } };
  return {
    __typename: PAYLOADS[decision],
    outcome: "APPLIED",
    userErrors: [],
    approvable,
  };
}

/** What is known after an answer, or after none. */
function judge(payload, error) {
  if (payload) {
    const { outcome, userErrors } = payload;
    const words = userErrors.map(({ message }) => message);
    switch (outcome) {
      case "APPLIED":
      case "ALREADY_APPLIED":
        return { phase: "done", outcome, words };
      case "REFUSED":
        return userErrors.some(({ code }) => code === "STALE")
          ? { phase: "stale", words }
          : { phase: "refused", words };
      default:
        return { phase: "unknown", words };
    }
  }
  // Only the gateway can say that nothing was sent. No answer says nothing.
  if (!CombinedGraphQLErrors.is(error)) return { phase: "unknown", words: [] };
  const words = error.errors.map(({ message }) => message);
  const retryable = error.errors.every(({ extensions }) => extensions?.retryable);
  // Without `data` the request was turned away before anything ran.
  const ran = error.data != null;
  return ran && !retryable
    ? { phase: "unknown", words }
    : { phase: "fault", retryable, words };
}
