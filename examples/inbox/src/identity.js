// Who calls: a bearer token, which only this tab keeps, and only until it is closed.

const KEY = "token";

export const token = sessionStorage.getItem(KEY) ?? "";

export const headers = token ? { Authorization: `Bearer ${token}` } : {};

/** The sandbox's demo persons; without a token its default person calls. */
export const DEMO = /^demo-/;
export const DEMO_TOKENS = [
  "controller",
  "clerk",
  "accountant",
  "approver",
  "payer",
  "auditor",
  "buyer",
  "visitor",
].map((name) => `demo-${name}`);

/** Call as somebody else: begin anew, so that nothing of the one before is left. */
export function become(next) {
  if (next) sessionStorage.setItem(KEY, next);
  else sessionStorage.removeItem(KEY);
  location.reload();
}
