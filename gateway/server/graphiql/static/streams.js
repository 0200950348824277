// The bodies of answers that go on: the events of a stream, the parts of a multipart
// answer. Each is passed on as soon as it is whole, wherever the chunks begin and end.

const CUT = "The answer ended before it was complete.";

/**
 * Yield the results of a subscription: "distinct connections" of graphql-sse.
 *
 * Comments, which keep the connection alive, and other fields are passed over.
 */
export async function* readEvents(body) {
  let type = "";
  let data = [];
  for await (const line of readLines(body)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") {
      type = value;
    } else if (field === "data") {
      data.push(value);
    } else if (line === "") {
      if (type === "complete") {
        return;
      }
      if (type === "next") {
        yield JSON.parse(data.join("\n"));
      }
      type = "";
      data = [];
    }
  }
  throw new Error(CUT);
}

/** Yield the JSON of each part of a `multipart/mixed` answer. */
export async function* readParts(body, boundary) {
  const delimiter = `\r\n--${boundary}`;
  // The body may begin with a delimiter, whose line break is then not sent.
  let rest = "\r\n";
  let begun = false;
  for await (const text of readText(body)) {
    const pieces = (rest + text).split(delimiter);
    rest = pieces.pop();
    for (const piece of pieces) {
      // What comes before the first delimiter is no part.
      if (begun) {
        yield JSON.parse(piece.slice(piece.indexOf("\r\n\r\n")));
      }
      begun = true;
    }
    if (begun && rest.startsWith("--")) {
      return;
    }
  }
  throw new Error(CUT);
}

async function* readLines(body) {
  let rest = "";
  let broken = false;
  for await (const text of readText(body)) {
    // The two characters of one line break may come in two chunks.
    const more = broken && text.startsWith("\n") ? text.slice(1) : text;
    broken = text.endsWith("\r");
    const lines = (rest + more).split(/\r\n|\r|\n/);
    rest = lines.pop();
    yield* lines;
  }
}

async function* readText(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    yield value;
  }
}
