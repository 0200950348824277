// The operations that frontends send, run in the page one after the other, as a
// person would: what one answers, the next one uses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { ROOT, START, TEST, startGateway, startSandbox } from "../gateway.mjs";
import {
  identify,
  openPage,
  result,
  runOperation,
  startBrowser,
  writeOperation,
} from "./helpers.mjs";

const OPERATIONS = process.env.OPERATIONS ?? path.join(ROOT, "tests/operations");
const PETER = "136597";
const CONTROLLER = "00601CONTROLLER00000";
const BUYER = "00601BUYER0000000000";
const DIRECTOR = "00601DIRECTOR0000000";
const DRAFT = ["ACCOUNTEER", "1d01fe0864f2227bb58f1a3cf03550c9c151c93f", "invoices"];
const OTHER_DRAFT = [
  "ACCOUNTEER",
  "2026b24967f4d48e5f16c33d8ff2ad46c81548d1",
  "purchases",
];

// In the order in which they run. `name` is the document, `operation` the one of its
// operations where it has several; `variables` may use what was answered before, by
// operation; `check` gets the data of this one.
const OTTIMATE = [
  {
    name: "InvoiceList",
    variables: () => ({ filter: { providers: ["OTTIMATE"], search: "INV-1009" } }),
    check: ({ invoices }) => {
      assert.deepEqual(
        invoices.edges.map(({ node }) => node.number),
        ["INV-1009"],
      );
      assert.deepEqual(invoices.sources, [
        { provider: "OTTIMATE", ok: true, error: null },
      ]);
    },
  },
  {
    name: "InvoiceApprovers",
    variables: (answered) => ({
      provider: "OTTIMATE",
      sourceId: row(answered).sourceId,
    }),
    check: ({ invoiceBySource }, answered) => {
      assert.equal(invoiceBySource.id, row(answered).id);
      assert.equal(invoiceBySource.approvalState, "PENDING");
    },
  },
  {
    name: "InvoiceCard",
    variables: (answered) => ({ id: row(answered).id }),
    check: ({ node }) => {
      assert.equal(node.__typename, "Invoice");
      assert.equal(node.total.amount, "48.9");
    },
  },
  {
    name: "Nodes",
    variables: (answered) => ({ ids: [row(answered).id] }),
    check: ({ nodes }, answered) =>
      assert.deepEqual(nodes, [
        {
          __typename: "Invoice",
          id: row(answered).id,
          number: "INV-1009",
          total: { amount: "48.9", currency: "USD" },
        },
      ]),
  },
  {
    name: "AddApprover",
    variables: (answered) => ({
      input: { invoiceId: row(answered).id, userSourceId: PETER },
    }),
    check: ({ addApprover: { approver, invoice, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(approver.user.sourceId, PETER);
      assert.equal(approver.isManual, true);
      assert.ok(invoice.approvers.some(({ id }) => id === approver.id));
    },
  },
  {
    name: "RemoveApprover",
    variables: (answered) => ({
      input: { approverId: answered.AddApprover.addApprover.approver.id },
    }),
    check: ({ removeApprover: { removedApproverId, userErrors } }, answered) => {
      assert.deepEqual(userErrors, []);
      assert.equal(removedApproverId, answered.AddApprover.addApprover.approver.id);
    },
  },
  {
    name: "Approve",
    variables: (answered) => ({ input: { id: row(answered).id, force: true } }),
    check: ({ approve: { approvable, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(approvable.approvalState, "APPROVED");
    },
  },
  {
    // Ottimate has no call for this, nor for the next.
    name: "SetApprovers",
    variables: (answered) => ({
      input: { invoiceId: row(answered).id, userSourceIds: [PETER] },
    }),
    check: ({ setApprovers }) =>
      assert.deepEqual(
        setApprovers.userErrors.map(({ code }) => code),
        ["UNSUPPORTED"],
      ),
  },
  {
    name: "Reject",
    variables: (answered) => ({ input: { id: row(answered).id, note: "Not ours." } }),
    check: ({ reject }) =>
      assert.deepEqual(
        reject.userErrors.map(({ code }) => code),
        ["UNSUPPORTED"],
      ),
  },
];

const BILL = [
  {
    name: "InvoiceList",
    variables: () => ({
      first: 100,
      filter: { providers: ["BILL"], search: "BILL-10" },
    }),
    check: ({ invoices }) => {
      assert.equal(invoices.edges.length, 24);
      assert.equal(invoices.totalCount, 24);
      assert.deepEqual(
        bill({ InvoiceList: { invoices } }, "BILL-1001").approvers.map(
          ({ isManual, status, user }) => [isManual, status, user.displayName],
        ),
        [
          [null, "PENDING", "Carla Mendes"],
          [null, "UPCOMING", "Adam Novak"],
        ],
      );
      assert.deepEqual(invoices.sources, [{ provider: "BILL", ok: true, error: null }]);
    },
  },
  {
    name: "Approve",
    variables: (answered) => ({ input: { id: bill(answered, "BILL-1001").id } }),
    check: ({ approve: { outcome, approvable, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.approvalState, "PENDING");
      assert.deepEqual(approvable.progress, {
        rule: "IN_ORDER",
        required: 2,
        approved: 1,
        rejected: 0,
      });
    },
  },
  {
    name: "Reject",
    variables: (answered) => ({
      input: { id: bill(answered, "BILL-1004").id, note: "Not ours." },
    }),
    check: ({ reject: { outcome, approvable, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.approvalState, "REJECTED");
    },
  },
  {
    name: "SetApprovers",
    variables: (answered) => ({
      input: {
        invoiceId: bill(answered, "BILL-1009").id,
        userSourceIds: [BUYER, CONTROLLER],
      },
    }),
    check: ({ setApprovers: { outcome, invoice, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.deepEqual(
        invoice.approvers.map(({ position, status, user }) => [
          position,
          status,
          user.sourceId,
        ]),
        [
          [1, "PENDING", BUYER],
          [2, "UPCOMING", CONTROLLER],
        ],
      );
    },
  },
  {
    name: "PolicyLifecycle",
    operation: "CreatePolicy",
    variables: () => ({
      input: {
        amountThreshold: "750.50",
        minimumApprovers: 1,
        mandatoryApproverSourceIds: [DIRECTOR],
      },
    }),
    check: ({ createPolicy: { outcome, policy, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(policy.amountThreshold.amount, "750.50");
      assert.deepEqual(policy.mandatoryApprovers, [
        { sourceId: DIRECTOR, displayName: "Dana Whitfield" },
      ]);
    },
  },
  {
    name: "PolicyLifecycle",
    operation: "UpdatePolicy",
    variables: (answered) => ({
      input: { policyId: made(answered), amountThreshold: "800", minimumApprovers: 2 },
    }),
    check: ({ updatePolicy: { policy, userErrors } }, answered) => {
      assert.deepEqual(userErrors, []);
      assert.deepEqual(
        [policy.id, policy.amountThreshold.amount, policy.minimumApprovers],
        [made(answered), "800.00", 2],
      );
    },
  },
  {
    name: "PolicyLifecycle",
    operation: "DeletePolicy",
    variables: (answered) => ({ input: { policyId: made(answered) } }),
    check: ({ deletePolicy: { policy, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(policy.isActive, false);
    },
  },
  {
    name: "PolicyLifecycle",
    operation: "RestorePolicy",
    variables: (answered) => ({ input: { policyId: made(answered) } }),
    check: ({ restorePolicy: { policy, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(policy.isActive, true);
    },
  },
  {
    name: "Policies",
    variables: () => ({ filter: { providers: ["BILL"] } }),
    check: ({ policies }, answered) => {
      // The six of the organization, and the one that was made, which is the newest.
      assert.equal(policies.nodes.length, 7);
      assert.deepEqual(policies.nodes[0], {
        ...policies.nodes[0],
        id: made(answered),
        provider: "BILL",
        name: "Bills of $800.00 or more require at least 2 approvers",
        appliesTo: "BILL",
        isActive: true,
      });
    },
  },
];

const PRODUCTIVE = [
  {
    name: "ApprovalStatuses",
    variables: () => ({ first: 60 }),
    check: ({ approvalStatuses: { edges, pageInfo } }) => {
      assert.equal(edges.length, 60);
      assert.equal(pageInfo.hasNextPage, true);
      assert.deepEqual([...new Set(edges.map(({ node }) => typeOf(node)))].sort(), [
        "Booking",
        "Expense",
        "TimeEntry",
      ]);
    },
  },
  {
    // Any of two may approve it, so that one does for all.
    name: "Approve",
    variables: (answered) => ({
      input: { id: status(answered, "5006").id, note: "Cover is arranged." },
    }),
    check: ({ approve: { outcome, approvable, approvalStatus, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.__typename, "Booking");
      assert.equal(approvable.approvalState, "APPROVED");
      assert.equal(approvalStatus.note, "Cover is arranged.");
      assert.equal(approvalStatus.actualApprover.displayName, "Carla Mendes");
    },
  },
  {
    // A booking itself, on which the manager is asked.
    name: "Approve",
    variables: (answered) => ({ input: { id: status(answered, "5021").target.id } }),
    check: ({ approve: { outcome, approvable, approvalStatus, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.approvalState, "APPROVED");
      assert.deepEqual(approvable.progress, {
        rule: "ALL",
        required: 1,
        approved: 1,
        rejected: 0,
      });
      assert.equal(approvalStatus.state, "APPROVED");
    },
  },
  {
    name: "Reject",
    variables: (answered) => ({
      input: { id: status(answered, "5050").id, note: "The receipt is missing." },
    }),
    check: ({ reject: { outcome, approvable, approvalStatus, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.__typename, "Expense");
      assert.equal(approvable.approvalState, "REJECTED");
      assert.equal(approvalStatus.note, "The receipt is missing.");
    },
  },
  {
    name: "Inbox",
    variables: () => ({ first: 100 }),
    check: ({ viewer: { approvals, sources } }, answered) => {
      const waiting = approvals.edges
        .map(({ node }) => node)
        .filter(({ provider }) => provider === "PRODUCTIVE");
      assert.deepEqual([...new Set(waiting.map((node) => node.__typename))].sort(), [
        "Booking",
        "Expense",
        "TimeEntry",
      ]);
      assert.ok(waiting.every(({ approvalState }) => approvalState === "PENDING"));
      for (const sourceId of ["5006", "5021", "5050"]) {
        const { id } = status(answered, sourceId).target;
        assert.ok(waiting.every((node) => node.id !== id));
      }
      assert.deepEqual(
        sources.map(({ provider, ok }) => [provider, ok]),
        [
          ["OTTIMATE", true],
          ["BILL", true],
          ["PRODUCTIVE", true],
          ["ACCOUNTEER", true],
        ],
      );
    },
  },
];

const ACCOUNTEER = [
  {
    name: "InvoiceList",
    variables: () => ({ filter: { providers: ["ACCOUNTEER"], search: "AF-90112" } }),
    check: ({ invoices }) => {
      assert.deepEqual(
        invoices.edges.map(({ node }) => [node.number, node.approvers]),
        [["AF-90112", []]],
      );
      assert.deepEqual(invoices.sources, [
        { provider: "ACCOUNTEER", ok: true, error: null },
      ]);
    },
  },
  {
    name: "InvoiceApprovers",
    variables: (answered) => ({
      provider: "ACCOUNTEER",
      sourceId: row(answered).sourceId,
    }),
    check: ({ invoiceBySource }, answered) => {
      assert.equal(invoiceBySource.id, row(answered).id);
      assert.equal(invoiceBySource.approvalState, "PENDING");
      assert.deepEqual(invoiceBySource.approvers, []);
    },
  },
  {
    name: "InvoiceCard",
    variables: (answered) => ({ id: row(answered).id }),
    check: ({ node }) => {
      assert.equal(node.__typename, "Invoice");
      assert.equal(node.total.amount, "385.02");
    },
  },
  {
    name: "Nodes",
    variables: (answered) => ({ ids: [row(answered).id] }),
    check: ({ nodes }, answered) =>
      assert.deepEqual(nodes, [
        {
          __typename: "Invoice",
          id: row(answered).id,
          number: "AF-90112",
          total: { amount: "385.02", currency: "EUR" },
        },
      ]),
  },
  {
    // It knows no rejection, and no approvers.
    name: "Reject",
    variables: (answered) => ({ input: { id: row(answered).id, note: "Not ours." } }),
    check: ({ reject }) =>
      assert.deepEqual(
        reject.userErrors.map(({ code }) => code),
        ["UNSUPPORTED"],
      ),
  },
  {
    name: "SetApprovers",
    variables: (answered) => ({
      input: { invoiceId: row(answered).id, userSourceIds: [PETER] },
    }),
    check: ({ setApprovers }) =>
      assert.deepEqual(
        setApprovers.userErrors.map(({ code }) => code),
        ["UNSUPPORTED"],
      ),
  },
  {
    name: "Approve",
    variables: (answered) => ({ input: { id: row(answered).id } }),
    check: ({ approve: { outcome, approvable, userErrors } }) => {
      assert.deepEqual(userErrors, []);
      assert.equal(outcome, "APPLIED");
      assert.equal(approvable.approvalState, "APPROVED");
      assert.deepEqual(approvable.progress, {
        rule: "ANY",
        required: 1,
        approved: 1,
        rejected: 0,
      });
    },
  },
];

const SEVERAL = [
  {
    name: "Decide",
    variables: () => ({
      input: {
        decisions: [
          {
            id: graphId("Invoice", "BILL", "vcr01VC1001AAAAAAAAA"),
            decision: "REJECT",
            note: "Not ours.",
          },
          { id: graphId("Invoice", ...DRAFT), decision: "APPROVE" },
          // Who looked at something else decides nothing.
          {
            id: graphId("Invoice", ...OTHER_DRAFT),
            decision: "APPROVE",
            expectedVersion: "1.other",
          },
        ],
      },
    }),
    check: ({ decide: { results } }) =>
      assert.deepEqual(
        results.map(({ outcome, approvable, userErrors }) => [
          outcome,
          approvable.approvalState,
          userErrors.map(({ code }) => code),
        ]),
        [
          ["APPLIED", "REJECTED", []],
          ["APPLIED", "APPROVED", []],
          ["REFUSED", "PENDING", ["STALE"]],
        ],
      ),
  },
];

// The sandbox inside the gateway, and one elsewhere, reached by real settings, where
// a person is known by their key.
const WORLDS = {
  "over its own sandbox": async () => ({ env: {}, stop: async () => {} }),
  "over a sandbox on another port": async () => {
    const { settings, stop } = await startSandbox();
    const open = { GATEWAY_GRAPHIQL: "true", GATEWAY_INTROSPECTION: "true" };
    return {
      env: { ...settings, ...open },
      stop,
      headers: { "X-API-Key": "demo-controller" },
    };
  },
};

for (const [world, startWorld] of Object.entries(WORLDS)) {
  describe(world, () => {
    let behind;
    let gateway;
    let browser;
    let page;

    before(async () => {
      behind = await startWorld();
      gateway = await startGateway({ env: behind.env });
      browser = await startBrowser();
      page = await openPage(browser, gateway.url);
      if (behind.headers) {
        await identify(page, behind.headers);
      }
    }, START);

    after(async () => {
      await browser?.close();
      await gateway?.stop();
      await behind?.stop();
    }, START);

    for (const [provider, steps] of Object.entries({
      Ottimate: OTTIMATE,
      BILL,
      Productive: PRODUCTIVE,
      Accounteer: ACCOUNTEER,
      "several providers": SEVERAL,
    })) {
      const answered = {};
      for (const { name, operation, variables, check } of steps) {
        test(`${operation ?? name} runs on ${provider} in the page`, TEST, async () => {
          const query = readOperation(name);

          const { data, errors } = await runOperation(page, {
            query,
            variables: variables(answered),
            headers: behind.headers,
            operationName: operation,
          });

          assert.equal(errors, undefined);
          check(data, answered);
          answered[operation ?? name] = data;
          assert.deepEqual(page.faults, []);
        });
      }
    }

    test("ApprovalChanged tells the page of a decision elsewhere", TEST, async () => {
      const id = graphId("Invoice", ...OTHER_DRAFT);
      const query = readOperation("ApprovalChanged");
      const { headers } = behind;
      await writeOperation(page, { query, variables: { ids: [id] }, headers });
      const streaming = page.waitForResponse((response) =>
        response.headers()["content-type"].startsWith("text/event-stream"),
      );
      await page.locator(".graphiql-execute-button").click();
      await streaming;

      await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({
          query: readOperation("Approve"),
          variables: { input: { id } },
        }),
      });
      const { data, errors } = await result(page);

      assert.equal(errors, undefined);
      assert.equal(data.approvalChanged.cause, "GATEWAY");
      assert.deepEqual(data.approvalChanged.approvable, {
        __typename: "Invoice",
        id,
        approvalState: "APPROVED",
        progress: { approved: 1, required: 1 },
      });
      assert.deepEqual(page.faults, []);
    });
  });
}

function readOperation(name) {
  return readFileSync(path.join(OPERATIONS, `${name}.graphql`), "utf8");
}

/** The graph's id of an object of a provider, and of what the provider keeps it in. */
function graphId(type, provider, sourceId, parent = "") {
  const key = JSON.stringify([1, type, provider, sourceId, parent]);
  return Buffer.from(key).toString("base64url");
}

/** The one invoice that the list answered. */
function row({ InvoiceList }) {
  return InvoiceList.invoices.edges[0].node;
}

/** The invoice of this number that the list answered. */
function bill({ InvoiceList }, number) {
  return InvoiceList.invoices.edges
    .map(({ node }) => node)
    .find((node) => node.number === number);
}

/** The approval status with the provider's own id that the list answered. */
function status({ ApprovalStatuses }, sourceId) {
  return ApprovalStatuses.approvalStatuses.edges
    .map(({ node }) => node)
    .find((node) => node.sourceId === sourceId);
}

/** The type of what an approval status is about. */
function typeOf({ target }) {
  return target.__typename;
}

/** The id of the policy that was made. */
function made({ CreatePolicy }) {
  return CreatePolicy.createPolicy.policy.id;
}
