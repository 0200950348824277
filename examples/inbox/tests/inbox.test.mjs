// The inbox in a browser, over the real gateway and the simulators of all providers.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { choose, openInbox, reach, rowOf, show, startWorld } from "./world.mjs";

const START = { timeout: 120_000 };
const TEST = { timeout: 60_000 };
const PROVIDERS = ["Ottimate", "BILL", "Productive", "Accounteer"];
const PHONE = { width: 360, height: 780 };

let world;

before(async () => {
  world = await startWorld();
}, START);

afterEach(() => world?.behaveWell());

after(() => world?.stop(), START);

/** Open the inbox for one test, which fails where the page had a fault. */
async function withInbox(use, options) {
  const page = await openInbox(world, options);
  try {
    await page.locator(".row, .warning").first().waitFor();
    await use(page);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
}

/** Show a provider's queue, and return what of it is the person's to decide. */
async function waiting(page, provider, isMeant = () => true) {
  const rows = await show(page, provider);
  return rows.filter((row) => row.viewerActions.includes("APPROVE") && isMeant(row));
}

/** Wait until the gateway was asked to tell of an object, and had time to read that. */
async function isWatched(page, id) {
  while (
    !page.sent.some(
      ({ name, variables }) => name === "Changed" && variables.ids.includes(id),
    )
  ) {
    await page.waitForTimeout(50);
  }
  await page.waitForTimeout(500);
}

const decisionsSent = (page) =>
  page.sent.filter(({ name }) => name === "Approve" || name === "Reject");

/** A picture of a page or a row for README.md, where SCREENSHOTS is set. */
async function picture(shown, name) {
  if (!process.env.SCREENSHOTS) return;
  const file = fileURLToPath(new URL(`../screenshots/${name}.png`, import.meta.url));
  await shown.screenshot({ path: file });
}

const button = (row, name) => row.getByRole("button", { name, exact: true });

test("the queue has rows of every provider, page by page", TEST, () =>
  withInbox(async (page) => {
    assert.equal(await page.locator(".row").count(), 20);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator(".row").nth(39).waitFor();
    const titles = await page
      .locator(".row")
      .evaluateAll((rows) => rows.map(({ id }) => id));
    assert.equal(new Set(titles).size, 40);

    for (const name of PROVIDERS) {
      await show(page, name);
      const badges = await page.locator(".row .badge").allTextContents();
      assert.deepEqual([...new Set(badges)], [name]);
    }
    await page.getByText("There may be more in Ottimate").waitFor();
  }),
);

test("a row says who, how much, when, and how far it is", TEST, () =>
  withInbox(async (page) => {
    const [bill] = await waiting(
      page,
      "BILL",
      ({ progress }) => progress.approved === 1,
    );
    const text = await rowOf(page, bill).innerText();

    assert.match(text, new RegExp(`From\\s+${bill.counterparty.name}`));
    assert.match(text, /currency not told/);
    assert.match(text, /Due\s+\d+ \w+ 20\d\d/);
    assert.match(text, new RegExp(`1 of ${bill.progress.required} approved`));

    await show(page, "Ottimate");
    const untold = page.locator(".row").first();
    assert.match(await untold.innerText(), /How many have approved is not told/);
    // A provider that takes no note, and no rejection, has no field for the one or the other.
    assert.deepEqual(await untold.getByRole("button").allTextContents(), ["Approve"]);

    await show(page, "Productive");
    await page.getByText("1 must approve; how many have is not told").first().waitFor();
  }),
);

test("an approval is shown at once, sent once, and then as it is known", TEST, () =>
  withInbox(async (page) => {
    const [bill] = await waiting(
      page,
      "BILL",
      ({ progress }) => progress.approved === 0 && progress.required > 1,
    );
    await world.behave({
      bill: { fault: "slow", fault_calls: ["Approve"], fault_seconds: 2 },
    });
    const row = rowOf(page, bill);

    await button(row, "Note").click();
    await page.getByLabel("Note").fill("As agreed in May.");
    await button(row, "Approve").dblclick();
    await reach(row, "sending");
    assert.match(await row.innerText(), /1 of \d approved[^]*Approving/);
    assert.equal(await row.getByRole("button").count(), 0);

    await reach(row, "done");
    assert.match(
      await row.innerText(),
      /1 of \d approved[^]*Approved\. It still waits/,
    );
    assert.deepEqual(decisionsSent(page), [
      {
        name: "Approve",
        variables: {
          input: {
            id: bill.id,
            expectedVersion: bill.version,
            note: "As agreed in May.",
          },
        },
      },
    ]);
    const { node } = await world.ask("Look", { id: bill.id });
    assert.equal(node.progress.approved, 1);
    await button(page.locator(".row:not(.over)").first(), "Note").click();
    await page.getByLabel("Note").fill("Only if it came complete.");
    await picture(page, "desktop");
  }),
);

test("a rejection with a note", TEST, () =>
  withInbox(async (page) => {
    const [target] = await waiting(page, "Productive", ({ viewerActions }) =>
      viewerActions.includes("REJECT"),
    );
    const row = rowOf(page, target);

    await button(row, "Note").click();
    await page.getByLabel("Note").fill("Nobody is left for that week.");
    await button(row, "Reject").click();
    await reach(row, "done");

    assert.match(await row.innerText(), /Rejected\./);
    const { node } = await world.ask("Look", { id: target.id });
    assert.equal(node.approvalState, "REJECTED");
  }),
);

test("what is final is asked about first", TEST, () =>
  withInbox(async (page) => {
    // The first of them are in a period that is closed.
    const document = (await waiting(page, "Accounteer")).at(-1);
    const row = rowOf(page, document);
    const question = page.getByRole("dialog", { name: "Approve for good?" });

    await button(row, "Approve").click();
    await question.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    assert.deepEqual(decisionsSent(page), []);

    await button(row, "Approve").click();
    await question.getByRole("button", { name: "Approve for good" }).click();
    await reach(row, "done");
    const { node } = await world.ask("Look", { id: document.id });
    assert.equal(node.approvalState, "APPROVED");
  }),
);

test("a refusal is shown with the reason", TEST, () =>
  withInbox(
    async (page) => {
      // The buyer may only read in Accounteer.
      await show(page, "Accounteer");
      const row = page.locator(".row").first();

      await button(row, "Approve").click();
      await page.getByRole("button", { name: "Approve for good" }).click();
      await reach(row, "refused");

      assert.match(await row.locator(".outcome").innerText(), /Not approved\. \w+/);
      await row.getByText("Not yours to decide now.").waitFor();
    },
    { person: "buyer" },
  ),
);

test("what changed since it was looked at is shown, and asked about again", TEST, () =>
  withInbox(async (page) => {
    const document = (
      await waiting(page, "Accounteer", ({ kind }) => kind === "PURCHASE")
    ).at(-1);
    const row = rowOf(page, document);
    await changeDueDate(document.id, "2027-02-03");

    await button(row, "Approve").click();
    await page.getByRole("button", { name: "Approve for good" }).click();
    await reach(row, "stale");
    const words = await row.locator(".outcome").innerText();
    assert.match(words, /changed since you looked, and nothing was sent/);
    assert.match(words, /Due: \d+ \w+ 2026 → 3 Feb 2027/);
    await picture(row, "changed");

    await button(row, "Approve").click();
    await page.getByRole("button", { name: "Approve for good" }).click();
    await reach(row, "done");
    const [first, second] = decisionsSent(page).map(({ variables }) => variables.input);
    assert.equal(first.expectedVersion, document.version);
    assert.notEqual(second.expectedVersion, document.version);
  }),
);

test(
  "a lost answer is said to be lost, and looked for before anything else",
  TEST,
  () =>
    withInbox(async (page) => {
      const [invoice] = await waiting(page, "Ottimate");
      await world.behave({
        ottimate: { fault: "bad_gateway", fault_calls: ["approve"] },
      });
      const row = rowOf(page, invoice);

      await button(row, "Approve").click();
      await reach(row, "unknown");
      assert.match(
        await row.innerText(),
        /answer was lost[^]*look in Ottimate before you decide/,
      );
      assert.equal(await button(row, "Approve").isEnabled(), false);
      await picture(row, "lost");

      // Neither another queue nor the same one makes it forget.
      await choose(page, "BILL");
      await choose(page, "Ottimate");
      await reach(row, "unknown");
      await world.behaveWell();
      await button(row, "Look again").click();
      await reach(row, "looked");
      await button(row, "Approve").click();
      await reach(row, "done");
      assert.equal(decisionsSent(page).length, 2);
    }),
);

test("an answer that is lost on the way here is lost as well", TEST, () =>
  withInbox(async (page) => {
    const [invoice] = await waiting(page, "Ottimate");
    const row = rowOf(page, invoice);
    await page.route("**/graphql/*", async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      await route.fetch();
      return route.abort();
    });

    await button(row, "Approve").click();
    await reach(row, "unknown");
    await button(row, "Look again").click();
    await row.getByText("Read anew: it is approved.").waitFor();

    assert.equal(decisionsSent(page).length, 1);
    page.faults = page.faults.filter((fault) => !fault.includes("net::ERR_FAILED"));
  }),
);

test("a fault gives the row back, and sends again only when it is told to", TEST, () =>
  withInbox(async (page) => {
    const [bill] = await waiting(page, "BILL");
    await world.behave({ bill: { fault: "busy" } });
    const row = rowOf(page, bill);
    const before = await row.locator(".progress").innerText();

    await button(row, "Reject").click();
    await reach(row, "fault");
    assert.match(await row.innerText(), /Nothing was decided\. \w+/);
    assert.equal(await row.locator(".progress").innerText(), before);
    assert.equal(decisionsSent(page).length, 1);

    await world.behaveWell();
    await button(row, "Try again").click();
    await reach(row, "done");
    assert.equal(decisionsSent(page).length, 2);
  }),
);

test("a provider that is down is named, and the others are shown", TEST, async () => {
  await world.behave({ bill: { fault: "bad_gateway_html" } });
  await withInbox(async (page) => {
    await page.getByText("BILL does not answer.").waitFor();
    assert.equal(await page.locator(".row").count(), 20);
    assert.equal(await page.locator(".row .BILL").count(), 0);
    await picture(page, "provider-down");

    await world.behaveWell();
    await page.locator(".warning").getByRole("button", { name: "Try again" }).click();
    await page.getByText("BILL does not answer.").waitFor({ state: "detached" });
    await page.locator(".row .BILL").first().waitFor();
  });
});

test("a gateway that does not answer takes nothing away", TEST, () =>
  withInbox(async (page) => {
    await page.route("**/graphql/*", (route) => route.abort());
    await page.getByRole("button", { name: "Read anew" }).click();
    await page.getByText("The gateway does not answer.").waitFor();
    assert.equal(await page.locator(".row").count(), 20);

    await page.unroute("**/graphql/*");
    await page.locator(".warning").getByRole("button", { name: "Try again" }).click();
    await page.locator(".warning").waitFor({ state: "detached" });
    assert.equal(await page.locator(".row").count(), 20);
    page.faults = page.faults.filter((fault) => !fault.includes("net::ERR_FAILED"));
  }),
);

test("a change that is made elsewhere appears by itself", TEST, () =>
  withInbox(async (page) => {
    // Any one of those who are asked approves it for all.
    const [target] = await waiting(
      page,
      "Productive",
      ({ progress }) => progress.rule === "ANY",
    );
    await page.locator(".connection.live").waitFor();
    await isWatched(page, target.id);

    await world.ask("Approve", { input: { id: target.id } });

    await rowOf(page, target).getByText("It was approved elsewhere.").waitFor();
    assert.deepEqual(decisionsSent(page), []);
    await page.getByRole("button", { name: "Read anew" }).click();
    await rowOf(page, target).waitFor({ state: "detached" });
  }),
);

test(
  "a connection that is lost comes back, and the queue is read anew",
  TEST,
  async () => {
    const connections = [];
    await withInbox(
      async (page) => {
        await page.locator(".connection.live").waitFor();
        const reads = () => page.sent.filter(({ name }) => name === "Queue").length;
        assert.equal(reads(), 1);

        await connections[0].close({ code: 1012, reason: "restarting" });
        await page.getByText("Reconnecting").waitFor();
        await page.locator(".connection.live").waitFor();
        await page.waitForResponse((response) => response.url().includes("/graphql/"));

        assert.equal(connections.length, 2);
        assert.equal(reads(), 2);
      },
      {
        prepare: (page) =>
          page.routeWebSocket("**/graphql", (connection) => {
            connections.push(connection);
            connection.connectToServer();
          }),
      },
    );
  },
);

test(
  "offline says so, and decides nothing; what was missed is read afterwards",
  TEST,
  () =>
    withInbox(async (page) => {
      const [target] = await waiting(page, "Productive");
      const row = rowOf(page, target);

      await page.context().setOffline(true);
      await page.getByText("You are offline.").waitFor();
      assert.equal(await page.locator(".connection").innerText(), "Offline");
      assert.equal(await button(row, "Approve").isEnabled(), false);
      assert.equal((await page.locator(".row").count()) > 0, true);

      await page.context().setOffline(false);
      await page.getByText("You are offline.").waitFor({ state: "detached" });
      assert.equal(await button(row, "Approve").isEnabled(), true);
      page.faults = page.faults.filter(
        (fault) => !fault.includes("ERR_INTERNET_DISCONNECTED"),
      );
    }),
);

test("the app can be installed, opens without a network, and keeps no data", TEST, () =>
  withInbox(async (page) => {
    const scope = await page.evaluate(
      async () => (await navigator.serviceWorker.ready).scope,
    );
    assert.equal(scope, `${world.url}/`);
    const browser = await page.context().newCDPSession(page);
    const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
    await browser.detach();
    assert.deepEqual(
      installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"),
      [],
    );

    const kept = await page.evaluate(async () => {
      const caches = await Promise.all(
        (await window.caches.keys()).map((name) => window.caches.open(name)),
      );
      const requests = await Promise.all(caches.map((cache) => cache.keys()));
      return requests.flat().map(({ url }) => new URL(url).pathname);
    });
    assert.ok(kept.includes("/"));
    assert.deepEqual(
      kept.filter((path) => path.startsWith("/graphql")),
      [],
    );
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);

    await page.context().setOffline(true);
    await page.reload();
    await page.getByRole("heading", { name: "My approvals" }).waitFor();
    await page.getByText("You are offline.").waitFor();
    page.faults = page.faults.filter(
      (fault) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(fault),
    );
  }),
);

test("who calls is asked in a dialog, and kept in this tab alone", TEST, () =>
  withInbox(
    async (page) => {
      const token = world.tokenOf("controller");
      await page.getByText("Your queue could not be read.").waitFor();
      await page.getByRole("button", { name: /default person/ }).click();
      await page.getByLabel("Bearer token").fill(token);
      await page.getByRole("button", { name: "Use it" }).click();

      await page.locator(".row").first().waitFor();
      await page.getByRole("button", { name: /signed in/ }).waitFor();
      assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), { token });
      assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), {});
      page.faults = page.faults.filter((fault) => !/401/.test(fault));
    },
    { person: null },
  ),
);

test("the keyboard is enough, and does not lose its place", TEST, () =>
  withInbox(async (page) => {
    const [bill] = await waiting(page, "BILL");
    const row = rowOf(page, bill);

    await button(row, "Approve").focus();
    await page.keyboard.press("Enter");
    await reach(row, "done");

    assert.equal(await row.evaluate((one) => one === document.activeElement), true);
    await page.keyboard.press("Tab");
    const next = page.locator(".row").nth(1);
    assert.equal(
      await next.evaluate((one) => one.contains(document.activeElement)),
      true,
    );
  }),
);

test("a phone's width is enough, light and dark", TEST, () =>
  withInbox(
    async (page) => {
      const overflow = () =>
        page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      await page.locator(".connection.live").waitFor();
      assert.equal(await overflow(), 0);
      for (const name of PROVIDERS) {
        await show(page, name);
        assert.equal(await overflow(), 0, name);
      }
      await choose(page, "All");
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await picture(page, `phone-${colorScheme}`);
      }
    },
    { viewport: PHONE, hasTouch: true, isMobile: true },
  ),
);

/** Change a purchase in Accounteer itself, past the gateway. */
async function changeDueDate(id, date_due) {
  const [, , , sourceId] = JSON.parse(Buffer.from(id, "base64url"));
  const url = `${world.sandbox.url}/accounteer/api/v0.1/purchases/${sourceId}`;
  const headers = {
    "Content-Type": "application/json",
    Authorization: "Bearer sandbox-accounteer-gateway-token",
  };
  const now = await (await fetch(url, { headers })).json();
  const body = JSON.stringify({ purchase: { supplier_id: now.supplier_id, date_due } });
  const answer = await fetch(url, { method: "PUT", headers, body });
  assert.equal(answer.status, 200, await answer.text());
}
