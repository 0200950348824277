// A plugin for Vite that makes persisted documents.
//
// Importing a .graphql file gives its operations, ready for Apollo Client, and their
// `ids`. What the ids stand for is written to a manifest, which the gateway reads: it
// is all that ever leaves this folder as text. Nothing else may be asked. With CI set a
// manifest that is not current is an error: it belongs into the repository.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import { InMemoryCache } from "@apollo/client/cache";
import {
  buildSchema,
  isAbstractType,
  parse,
  print,
  separateOperations,
  validate,
} from "graphql";

export function persistedDocuments({ schema: schemaFile, manifest }) {
  const schema = buildSchema(readFileSync(schemaFile, "utf8"));
  return {
    name: "persisted-documents",
    transform(text, file) {
      if (!file.endsWith(".graphql")) return undefined;
      const [error] = validate(schema, parse(text));
      if (error) this.error(`${error}`);
      const documents = readDocuments(text);
      const operations = Object.entries(documents).map(describe);
      const format = { format: "apollo-persisted-query-manifest", version: 1 };
      const written = `${JSON.stringify({ ...format, operations }, null, 2)}\n`;
      if (process.env.CI && readFileSync(manifest, "utf8") !== written) {
        this.error(`${manifest} is not current: build without CI, and commit it.`);
      }
      writeFileSync(manifest, written);
      const ids = Object.fromEntries(operations.map(({ name, id }) => [name, id]));
      return Object.entries({ ids, possibleTypes: possibleTypes(schema), ...documents })
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join("\n");
    },
  };
}

/** Each operation as a document with the fragments that it needs. */
function readDocuments(text) {
  const whole = parse(text, { noLocation: true });
  // The cache asks for __typename everywhere; the gateway is to know that very text.
  return separateOperations(new InMemoryCache().transformDocument(whole));
}

function describe([name, document]) {
  const body = print(document);
  const id = createHash("sha256").update(body).digest("hex");
  const { operation: type } = document.definitions.find((one) => "operation" in one);
  return { id, name, type, body };
}

/** Which types an interface stands for, so that the cache can match fragments. */
function possibleTypes(schema) {
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const names = (type) => schema.getPossibleTypes(type).map(({ name }) => name);
  return Object.fromEntries(abstract.map((type) => [type.name, names(type)]));
}
