// The modules of the page that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";

const STATIC = new URL("../../gateway/server/graphiql/static/", import.meta.url);
const { readEvents, readParts } = await import(new URL("streams.js", STATIC));
const { createLink, readLink } = await import(new URL("links.js", STATIC));
const { findOperations } = await import(new URL("operations.js", STATIC));

// One, two, three and four bytes in UTF-8, and a line break to all but JSON.
const HARD = "a é € 🎉 \u2028";
const RESULTS = [{ data: { at: HARD } }, { data: null, errors: [{ message: "--" }] }];

/** Return a body that comes in chunks of this many bytes. */
function inChunks(text, size) {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
}

async function collect(results) {
  const collected = [];
  for await (const result of results) {
    collected.push(result);
  }
  return collected;
}

/** Return a body that is written by hand. */
function byHand() {
  const encoder = new TextEncoder();
  let controller;
  const body = new ReadableStream({
    start(own) {
      controller = own;
    },
  });
  return { body, write: (text) => controller.enqueue(encoder.encode(text)) };
}

function events(lineBreak) {
  const [first, second] = RESULTS.map((result) => JSON.stringify(result));
  const lines = [
    ":",
    "",
    "event: next",
    `data: ${first}`,
    "",
    ": alive",
    "id: 7",
    "event:next",
    `data:${second.slice(0, 13)}`,
    ":",
    `data:${second.slice(13)}`,
    "",
    "event: other",
    "data: no JSON",
    "",
    "event: complete",
    "data:",
    "",
    "event: next",
    "data: too late",
    "",
    "",
  ];
  return lines.join(lineBreak);
}

for (const [name, lineBreak] of [
  ["LF", "\n"],
  ["CR LF", "\r\n"],
  ["CR", "\r"],
]) {
  test(`events are whole wherever the chunks end (${name})`, async () => {
    const text = events(lineBreak);
    for (let size = 1; size <= text.length + 10; size += 1) {
      const read = await collect(readEvents(inChunks(text, size)));

      assert.deepEqual(read, RESULTS, `chunks of ${size}`);
    }
  });
}

test("an event is passed on as soon as it is whole", async () => {
  const { body, write } = byHand();
  const read = readEvents(body);

  write('event: next\ndata: {"data":1}\n\nevent: next\ndata: {"da');
  const first = await read.next();
  write('ta":2}\n\n');
  const second = await read.next();

  assert.deepEqual([first.value, second.value], [{ data: 1 }, { data: 2 }]);
});

test("events that end without a last one are an error", async () => {
  const read = readEvents(inChunks('event: next\ndata: {"data":1}\n\n', 9));

  assert.deepEqual((await read.next()).value, { data: 1 });
  await assert.rejects(read.next(), {
    message: "The answer ended before it was complete.",
  });
});

function parts(boundary, begin) {
  return [
    begin,
    ...RESULTS.map(
      (result) =>
        `--${boundary}\r\nContent-Type: application/json\r\n\r\n` +
        `${JSON.stringify(result)}\r\n`,
    ),
    `--${boundary}--\r\n`,
  ].join("");
}

for (const [boundary, begin] of [
  ["-", ""],
  ["-", "\r\n"],
  ["a=b'c", "a preamble\r\n"],
]) {
  const name = JSON.stringify([boundary, begin]);
  test(`parts are whole wherever the chunks end ${name}`, async () => {
    const text = parts(boundary, begin);
    for (let size = 1; size <= text.length + 10; size += 1) {
      const read = await collect(readParts(inChunks(text, size), boundary));

      assert.deepEqual(read, RESULTS, `chunks of ${size}`);
    }
  });
}

test("a part is passed on as soon as its end is there", async () => {
  const { body, write } = byHand();
  const read = readParts(body, "-");

  write('---\r\nContent-Type: application/json\r\n\r\n{"hasNext":true}\r\n---');
  const first = await read.next();
  write('\r\nContent-Type: application/json\r\n\r\n{"hasNext":false}\r\n-----\r\n');
  const second = await read.next();

  assert.deepEqual(
    [first.value, second.value],
    [{ hasNext: true }, { hasNext: false }],
  );
  assert.equal((await read.next()).done, true);
});

test("parts that end without the last delimiter are an error", async () => {
  const text = parts("-", "").replace("-----\r\n", "---\r\n");

  await assert.rejects(collect(readParts(inChunks(text, 50), "-")), {
    message: "The answer ended before it was complete.",
  });
});

const PAGE = new URL("https://gateway.example/graphql?query=ignored#old");

test("a link holds the operation, and what reads it finds the same", () => {
  const operation = {
    query: `query Any($text: String = "100 % & more + ${HARD}") { any(text: $text) }\n`,
    variables: '{\n  "text": "#?=&+%"\n}\n',
    operationName: "Any",
  };

  const link = new URL(createLink(operation, PAGE));

  assert.deepEqual(readLink(link), operation);
  assert.equal(link.origin + link.pathname, "https://gateway.example/graphql");
  assert.equal(link.search, "");
});

test("what an operation does not have is not in its link", () => {
  const operation = { query: "{ any }", variables: " \n", operationName: undefined };

  const link = createLink(operation, PAGE);

  assert.equal(link, "https://gateway.example/graphql#query=%7B+any+%7D");
});

test("no link is made of nothing, or of too much", () => {
  const blank = { query: " \n", variables: "{}" };
  const long = { query: `{ ${"a ".repeat(26_000)}}`, variables: "" };

  assert.throws(() => createLink(blank, PAGE), {
    message: "There is no operation to link to.",
  });
  assert.throws(() => createLink(long, PAGE), {
    message: "The operation is too long for a link.",
  });
});

for (const [address, found] of [
  ["", undefined],
  ["?", undefined],
  ["#section", undefined],
  ["?page=2&queries=x#/query", undefined],
  ["?query=%7Ba%7D", { query: "{a}" }],
  ["?query=%7Ba%7D&variables=%7B%7D", { query: "{a}", variables: "{}" }],
  ["?query={from%20search}#query={from+fragment}", { query: "{from fragment}" }],
  [
    "#query={a}&headers={%22X%22:1}&operationName=",
    { query: "{a}", operationName: "" },
  ],
]) {
  test(`the address "${address}" is read`, () => {
    assert.deepEqual(readLink(new URL(address, PAGE.origin)), found);
  });
}

for (const [address, message] of [
  ["#query=%zz", "The link is damaged: part of it cannot be decoded."],
  ["?query=%ff", "The link is damaged: part of it cannot be decoded."],
  ["#query={a}&query={b}", "The link has query twice."],
  ["#variables={}", "The link holds no query."],
  ["#query=+", "The link holds no query."],
  [`#query=${"a".repeat(50_000)}`, "The link is longer than 50000 characters."],
]) {
  test(`the address "${address.slice(0, 40)}" is refused`, () => {
    assert.throws(() => readLink(new URL(address, PAGE.origin)), { message });
  });
}

for (const [text, found] of [
  ["", []],
  ["{ subscription }", [["query", undefined]]],
  ["subscription{ a }", [["subscription", undefined]]],
  [
    "query A { a } mutation B { b }",
    [
      ["query", "A"],
      ["mutation", "B"],
    ],
  ],
  ["# mutation No { a }\nquery Yes { a }", [["query", "Yes"]]],
  ['query A { a(text: "} mutation B { b }") }', [["query", "A"]]],
  ['query A { a(text: """ " )} mutation B { """) }', [["query", "A"]]],
  ['query A { a(text: """ \\""" )} mutation B { """) }', [["query", "A"]]],
  ["query A($subscription: [B] = [{c: 1}]) @d(e: {f: 1}) { a }", [["query", "A"]]],
  ["fragment mutation on T { a } subscription S { s }", [["subscription", "S"]]],
  ['"What it does." query A { a }', [["query", "A"]]],
  ["query @mutation { a }", [["query", undefined]]],
  ["query A B { a }", [["query", "A"]]],
  ["mutation Half { a(", [["mutation", "Half"]]],
]) {
  test(`the operations of ${JSON.stringify(text)} are found`, () => {
    assert.deepEqual(
      findOperations(text).map(({ kind, name }) => [kind, name]),
      found,
    );
  });
}
