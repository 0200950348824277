// Links that hold an operation: what is in them, and how they are made.
//
// They are read from the query string, as other servers of GraphiQL have them, and
// from the fragment, which no server and no log of one gets to see.

const NAMES = ["query", "variables", "operationName"];
const MOST_CHARACTERS = 50_000;

/**
 * Return the operation in an address, or undefined where it holds none.
 *
 * Whatever else the address names is passed over: a link sets no headers.
 */
export function readLink({ hash, search }) {
  const text = [hash, search].map((part) => part.slice(1)).find(holdsOperation);
  if (text === undefined) {
    return undefined;
  }
  if (text.length > MOST_CHARACTERS) {
    throw new Error(`The link is longer than ${MOST_CHARACTERS} characters.`);
  }
  const link = {};
  for (const [name, value] of pairs(text)) {
    if (name in link) {
      throw new Error(`The link has ${name} twice.`);
    }
    link[name] = decode(value);
  }
  if (!link.query?.trim()) {
    throw new Error("The link holds no query.");
  }
  return link;
}

/** Return the link to an operation on the page at *address*. */
export function createLink({ query, variables, operationName }, address) {
  if (!query.trim()) {
    throw new Error("There is no operation to link to.");
  }
  const fields = Object.entries({ query, variables, operationName });
  const text = new URLSearchParams(fields.filter(([, value]) => value?.trim()));
  if (`${text}`.length > MOST_CHARACTERS) {
    throw new Error("The operation is too long for a link.");
  }
  return `${address.origin}${address.pathname}#${text}`;
}

function holdsOperation(text) {
  return pairs(text).length > 0;
}

function pairs(text) {
  return text
    .split("&")
    .map((pair) => pair.split(/=(.*)/s))
    .filter(([name, value]) => NAMES.includes(name) && value !== undefined);
}

function decode(value) {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    throw new Error("The link is damaged: part of it cannot be decoded.");
  }
}
