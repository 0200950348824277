// The server audits of graphql-http, run by the package itself.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { serverAudits } from "graphql-http";

import { START, TEST, startGateway } from "../gateway.mjs";

let gateway;

before(async () => {
  gateway = await startGateway();
}, START);

after(async () => {
  await gateway?.stop();
}, START);

const AUDITS = serverAudits({ url: () => `${gateway.url}/graphql` });

// The Python tests name each of these, too.
test("the package has the audits that are listed, 61 of them", () => {
  const listed = JSON.parse(readFileSync(new URL("audits.json", import.meta.url)));

  assert.deepEqual(
    AUDITS.map(({ id, name }) => ({ id, name })),
    listed,
  );
  assert.equal(AUDITS.length, 61);
});

for (const { id, name, fn } of AUDITS) {
  test(`${id} ${name}`, TEST, async () => {
    const { status, reason } = await fn();

    assert.deepEqual({ status, reason }, { status: "ok", reason: undefined });
  });
}
