// The operations that frontends send, run in the page one after the other, as a
// person would: what one answers, the next one uses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import {
  ROOT,
  START,
  TEST,
  openPage,
  runOperation,
  startBrowser,
  startGateway,
  startSandbox,
} from "./helpers.mjs";

const OPERATIONS = process.env.OPERATIONS ?? path.join(ROOT, "tests/operations");
const PETER = "136597";

// In the order in which they run. `variables` may use what was answered before, by
// operation; `check` gets the data of this one.
const STEPS = [
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

// The sandbox inside the gateway, and one elsewhere, reached by real settings.
const WORLDS = {
  "over its own sandbox": async () => ({ env: {}, stop: async () => {} }),
  "over a sandbox on another port": async () => {
    const { settings, stop } = await startSandbox();
    const open = { GATEWAY_GRAPHIQL: "true", GATEWAY_INTROSPECTION: "true" };
    return { env: { ...settings, ...open }, stop };
  },
};

for (const [world, startWorld] of Object.entries(WORLDS)) {
  describe(world, () => {
    const answered = {};
    let behind;
    let gateway;
    let browser;
    let page;

    before(async () => {
      behind = await startWorld();
      gateway = await startGateway({ env: behind.env });
      browser = await startBrowser();
      page = await openPage(browser, gateway.url);
    }, START);

    after(async () => {
      await browser?.close();
      await gateway?.stop();
      await behind?.stop();
    }, START);

    for (const { name, variables, check } of STEPS) {
      test(`${name} runs in the page`, TEST, async () => {
        const query = readFileSync(path.join(OPERATIONS, `${name}.graphql`), "utf8");

        const { data, errors } = await runOperation(page, {
          query,
          variables: variables(answered),
        });

        assert.equal(errors, undefined);
        check(data, answered);
        answered[name] = data;
        assert.deepEqual(page.faults, []);
      });
    }
  });
}

/** The one invoice that the list answered. */
function row({ InvoiceList }) {
  return InvoiceList.invoices.edges[0].node;
}
