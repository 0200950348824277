// graphql-codegen's client preset 6 with persisted documents, sent by fetch as
// https://the-guild.dev/graphql/codegen/plugins/presets/preset-client has it.
// The preset runs in graphql-codegen's core: its command line needs Node 22.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { buildSchema, parse } from "graphql";
import typescript from "typescript";

import { START, TEST, startGateway } from "../gateway.mjs";
import {
  DOCUMENTS,
  FIRST,
  SCHEMA,
  approved,
  digest,
  makeFolder,
  recordFetch,
} from "./helpers.mjs";

const INVOICES = { invoices: { nodes: [FIRST] } };
// Fragments may come before it.
const OPERATION = /\b(?:query|mutation|subscription) (\w+)/;
const NUMBER = { number: FIRST.number };

let temporary;
let generated;
let gateways;

before(async () => {
  temporary = makeFolder();
  const nodes = await generate("nodes", {});
  const strings = await generate("strings", { documentMode: "string" });
  generated = { nodes, strings };
  const start = (mode) =>
    startGateway({
      env: {
        GATEWAY_OPERATIONS__MODE: mode,
        GATEWAY_OPERATIONS__MANIFESTS: nodes.manifest,
      },
    });
  const [ids, trusted] = await Promise.all([start("ids"), start("trusted")]);
  gateways = { ids, trusted };
}, START);

after(async () => {
  await gateways?.ids.stop();
  await gateways?.trusted.stop();
  temporary?.remove();
}, START);

/** Generate the preset's files, and return its documents and its manifest. */
async function generate(name, config) {
  const folder = path.join(temporary.folder, name);
  mkdirSync(folder);
  const sdl = readFileSync(SCHEMA, "utf8");
  const documents = readdirSync(DOCUMENTS).map((file) => {
    const text = readFileSync(path.join(DOCUMENTS, file), "utf8");
    return { location: file, rawSDL: text, document: parse(text) };
  });
  const outputs = await preset.buildGeneratesSection({
    baseOutputDir: `${folder}/`,
    schema: parse(sdl),
    schemaAst: buildSchema(sdl),
    documents,
    config,
    presetConfig: { persistedDocuments: true },
    plugins: [],
    pluginMap: {},
  });
  await Promise.all(
    outputs.map(async (output) => {
      writeFileSync(output.filename, await codegen(output));
    }),
  );
  const { outputText } = typescript.transpileModule(
    readFileSync(path.join(folder, "graphql.ts"), "utf8"),
    { compilerOptions: { module: "ESNext", target: "ES2022" } },
  );
  const module = path.join(folder, "graphql.mjs");
  writeFileSync(module, outputText);
  return {
    documents: await import(pathToFileURL(module)),
    manifest: path.join(folder, "persisted-documents.json"),
  };
}

function hashOf(document) {
  return document["__meta__"]["hash"];
}

async function send(gateway, body) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

test("the manifest has each document under its prefixed SHA-256", () => {
  const manifest = JSON.parse(readFileSync(generated.nodes.manifest));

  assert.deepEqual(
    Object.values(manifest)
      .map((text) => text.match(OPERATION)[1])
      .sort(),
    readdirSync(DOCUMENTS)
      .map((file) => path.parse(file).name)
      .sort(),
  );
  for (const [id, text] of Object.entries(manifest)) {
    assert.equal(id, `sha256:${digest(text)}`);
  }
});

for (const mode of ["nodes", "strings"]) {
  test(`documents that are ${mode} are sent by documentId`, TEST, async () => {
    const { InvoiceByNumberDocument } = generated[mode].documents;

    const { status, body } = await send(gateways.ids, {
      documentId: hashOf(InvoiceByNumberDocument),
      variables: NUMBER,
    });

    assert.deepEqual(body, { data: INVOICES });
    assert.equal(status, 200);
  });
}

test("a hash without its prefix is the same document", TEST, async () => {
  const { InvoiceByNumberDocument } = generated.nodes.documents;
  const documentId = hashOf(InvoiceByNumberDocument).replace("sha256:", "");

  const { body } = await send(gateways.ids, { documentId, variables: NUMBER });

  assert.deepEqual(body, { data: INVOICES });
});

test("a hash in the extension of persisted queries", TEST, async () => {
  const { ApproveInvoiceDocument } = generated.nodes.documents;
  const id = await findTrusted("INV-1002");

  const { status, body } = await send(gateways.ids, {
    extensions: {
      persistedQuery: { version: 1, sha256Hash: hashOf(ApproveInvoiceDocument) },
    },
    variables: { id },
  });

  assert.deepEqual(body, { data: { approve: approved(id) } });
  assert.equal(status, 200);
});

test("urql sends the hashes that were generated", TEST, async () => {
  const { fetch, calls } = recordFetch();
  const { InvoiceByNumberDocument } = generated.nodes.documents;
  const client = new Client({
    url: `${gateways.ids.url}/graphql`,
    fetch,
    exchanges: [
      persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        generateHash: (_, document) => Promise.resolve(hashOf(document)),
      }),
      fetchExchange,
    ],
  });

  const { data, error } = await client
    .query(InvoiceByNumberDocument, NUMBER)
    .toPromise();

  assert.equal(error, undefined);
  assert.deepEqual(data, INVOICES);
  assert.deepEqual(
    calls.map(({ method, parameters }) => [
      method,
      JSON.parse(parameters.extensions).persistedQuery.sha256Hash,
    ]),
    [["GET", hashOf(InvoiceByNumberDocument)]],
  );
});

for (const [preferGetMethod, method] of [
  [false, "POST"],
  ["force", "GET"],
]) {
  test(`urql sends a document that is its id alone, by ${method}`, TEST, async (t) => {
    // In development urql looks for the operation in the document.
    process.env.NODE_ENV = "production";
    t.after(() => delete process.env.NODE_ENV);
    const { fetch, calls } = recordFetch();
    const documentId = hashOf(generated.nodes.documents.InvoiceByNumberDocument);
    const client = new Client({
      url: `${gateways.ids.url}/graphql`,
      fetch,
      exchanges: [fetchExchange],
      preferGetMethod,
    });

    const { data } = await client
      .query({ kind: "Document", definitions: [], documentId }, NUMBER)
      .toPromise();

    assert.deepEqual(data, INVOICES);
    const [call] = calls;
    assert.equal(call.method, method);
    assert.deepEqual((call.body ?? call.parameters).documentId, documentId);
  });
}

test(
  "in the mode trusted a text of the manifest runs, another does not",
  TEST,
  async () => {
    const manifest = JSON.parse(readFileSync(generated.nodes.manifest));
    const { InvoiceByNumberDocument } = generated.nodes.documents;
    const query = manifest[hashOf(InvoiceByNumberDocument)];

    const known = await send(gateways.trusted, { query, variables: NUMBER });
    const other = await send(gateways.trusted, {
      query: `${query} `,
      variables: NUMBER,
    });

    assert.deepEqual(known, { status: 200, body: { data: INVOICES } });
    assert.equal(other.status, 403);
    assert.deepEqual(
      other.body.errors.map(({ extensions }) => extensions.code),
      ["QUERY_NOT_IN_SAFELIST"],
    );
  },
);

/** Return the id of an invoice of the gateway that takes ids alone. */
async function findTrusted(number) {
  const { InvoiceByNumberDocument } = generated.nodes.documents;
  const { body } = await send(gateways.ids, {
    documentId: hashOf(InvoiceByNumberDocument),
    variables: { number },
  });
  return body.data.invoices.nodes[0].id;
}
