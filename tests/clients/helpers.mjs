// What the clients' tests share: documents, and what went over the wire.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { ROOT } from "../gateway.mjs";

export const CLIENTS = fileURLToPath(new URL(".", import.meta.url));
export const DOCUMENTS = path.join(CLIENTS, "documents");
export const SCHEMA = path.join(ROOT, "schema.graphql");

/** The sandbox's newest invoice of Ottimate, and who is to approve it. */
export const FIRST = {
  id:
    "WzEsIkludm9pY2UiLCJPVFRJTUFURSIsImQ5NjVjZTNjLTA0NWEtNDRiMi1iOTkxLTM3NGNkMzY1" +
    "ZWZhMSIsIiJd",
  number: "INV-1001",
  approvalState: "PENDING",
  total: { amount: "1250.4", currency: "USD" },
};
export const APPROVERS = [
  { user: { displayName: "API User" } },
  { user: { displayName: "Peter" } },
];

/** Return the text of one of the documents, as it stands in its file. */
export function readDocument(name) {
  return readFileSync(path.join(DOCUMENTS, `${name}.graphql`), "utf8");
}

/** Return the SHA-256 of a text, in hex. */
export function digest(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** Make a folder for what generators write, which finds the packages of this one. */
export function makeFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "gateway-clients-"));
  symlinkSync(path.join(CLIENTS, "node_modules"), path.join(folder, "node_modules"));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/**
 * Return a `fetch` that keeps what it sends and what comes back.
 *
 * Each of `calls` has `method`, `parameters` of the address, `headers` and the `body`,
 * parsed where it is JSON, of the request, and `status` and `type` of the answer.
 */
export function recordFetch() {
  const calls = [];
  const record = async (address, options = {}) => {
    const request = new Request(address, options);
    const text = await request.clone().text();
    const response = await fetch(address, options);
    calls.push({
      method: request.method,
      parameters: Object.fromEntries(new URL(request.url).searchParams),
      headers: Object.fromEntries(request.headers),
      body: text ? JSON.parse(text) : null,
      status: response.status,
      type: response.headers.get("content-type"),
    });
    return response;
  };
  return { fetch: record, calls };
}

/** Send one operation as plain JSON, and return the answer's data. */
export async function ask(url, query, variables, headers = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Return the id of the invoice of this number. */
export async function findInvoice(url, number, headers) {
  const data = await ask(url, readDocument("InvoiceByNumber"), { number }, headers);
  const [invoice] = data.invoices.nodes;
  assert.equal(invoice.number, number);
  return invoice.id;
}

/** Approve an invoice by plain HTTP, which changes its state. */
export async function approveInvoice(url, id) {
  const data = await ask(url, readDocument("ApproveInvoice"), { id });
  assert.deepEqual(data.approve, approved(id));
}

/** What `ApproveInvoice` answers for the invoice of this id. */
export function approved(id) {
  return {
    outcome: "APPLIED",
    approvable: { id, approvalState: "APPROVED" },
    userErrors: [],
  };
}

/** What `WatchApproval` tells of that. */
export function changed(id) {
  return { approvable: { id, approvalState: "APPROVED" }, cause: "GATEWAY" };
}

/** Return the values of an observable, or of what subscribes like one, as they come. */
export function collect(subscribe) {
  const values = [];
  let wake = () => {};
  let ended = false;
  let failure = null;
  const handle = subscribe({
    next: (value) => {
      values.push(value);
      wake();
    },
    error: (error) => {
      failure = { error };
      wake();
    },
    complete: () => {
      ended = true;
      wake();
    },
  });
  const step = () =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    values,
    /** Wait until there are `count` values, and return them. */
    async take(count) {
      while (values.length < count) {
        if (failure) {
          throw failure.error;
        }
        assert.ok(!ended, `it ended after ${values.length} values`);
        await step();
      }
      return values.slice(0, count);
    },
    /** Wait for its end, and return all values. */
    async end() {
      while (!ended) {
        if (failure) {
          throw failure.error;
        }
        await step();
      }
      return values;
    },
    stop: () => (typeof handle === "function" ? handle() : handle.unsubscribe()),
  };
}
