// Which operations a document holds, without parsing it: it may be half typed.

const KINDS = new Set(["query", "mutation", "subscription"]);
// What may hide a brace or a word, and what is looked for.
const TOKEN = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#.*|[{}()]|[$@]?[A-Za-z_]\w*/g;

/** Return the kind and the name, if it has one, of each operation. */
export function findOperations(text) {
  const found = [];
  let depth = 0;
  let definition;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "(") {
      if (!definition) {
        definition = { kind: "query" };
        found.push(definition);
      }
      depth += 1;
    } else if (token === "}" || token === ")") {
      depth -= 1;
      if (depth === 0 && token === "}") {
        definition = undefined;
      }
    } else if (depth === 0 && /^\w/.test(token)) {
      if (definition) {
        definition.name ??= token;
      } else {
        definition = { kind: token };
        if (KINDS.has(token)) {
          found.push(definition);
        }
      }
    }
  }
  return found;
}
