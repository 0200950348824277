// The queue: reads it, pages through it, keeps it live, and says what is missing in it.

import { useQuery, useSubscription } from "@apollo/client/react";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { useCallback, useEffect, useState } from "react";

import { decisions } from "./decisions.js";
import { live } from "./live.js";
import { Changed, Queue as QueueQuery } from "./operations.graphql";
import { Row } from "./row.jsx";
import { PROVIDERS, list, providerOf } from "./words.js";

const PAGE = 20;
// The gateway gives so many at most.
const LARGEST_PAGE = 100;
const MOST_WATCHED = 100;

export function Queue({ online }) {
  const [provider, setProvider] = useState(null);
  const variables = { first: PAGE, filter: provider && { providers: [provider] } };
  const { error, loading, refetch, fetchMore } = useQuery(QueueQuery, {
    variables,
    errorPolicy: "all",
  });
  // What is shown comes of the cache: a reading that fails takes nothing away.
  const { data } = useQuery(QueueQuery, { variables, fetchPolicy: "cache-only" });
  const rows = readRows(data);
  const { hasNextPage, endCursor } = data?.viewer?.approvals?.pageInfo ?? {};

  // As many rows as are shown, so that none is gone from under the reader.
  const first = Math.min(Math.max(PAGE, rows.length), LARGEST_PAGE);
  const readAnew = useCallback(async () => {
    const over = decisions.over();
    const { data: read } = await refetch({ first }).catch(() => ({}));
    if (read?.viewer?.approvals) decisions.forget(over);
  }, [refetch, first]);
  useEffect(() => live.onReconnect(readAnew), [readAnew]);

  return (
    <>
      <nav aria-label="Which queue">
        {[null, ...Object.keys(PROVIDERS)].map((one) => (
          <button
            key={one}
            className="quiet"
            aria-pressed={one === provider}
            onClick={() => setProvider(one)}
          >
            {one ? PROVIDERS[one].name : "All"}
          </button>
        ))}
        <button className="quiet anew" disabled={loading || !online} onClick={readAnew}>
          Read anew
        </button>
      </nav>
      <Notices
        {...{ online, error, rows, readAnew }}
        sources={data?.viewer?.sources ?? []}
        isRead={data?.viewer?.approvals != null}
      />
      <ol className="queue" aria-label="Waiting for you" aria-busy={loading}>
        {rows.map((row) => (
          <Row key={row.id} row={row} online={online} />
        ))}
      </ol>
      {hasNextPage && (
        <button
          className="more"
          disabled={loading || !online}
          onClick={() =>
            fetchMore({ variables: { first: PAGE, after: endCursor } }).catch(() => {})
          }
        >
          {loading ? "Reading …" : "Show more"}
        </button>
      )}
      {loading && rows.length === 0 && <p className="wait">Reading your queue …</p>}
      {chunks(rows, MOST_WATCHED).map((some, index) => (
        <Live key={index} rows={some} readAnew={readAnew} />
      ))}
    </>
  );
}

/** The rows, each once, though one may have moved from a page to the next. */
function readRows(data) {
  const edges = data?.viewer?.approvals?.edges ?? [];
  return [...new Map(edges.map(({ node }) => [node.id, node])).values()];
}

function chunks(rows, size) {
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, at) =>
    rows.slice(at * size, (at + 1) * size),
  );
}

/** Watches what is shown. What comes goes into the cache, and so into the rows. */
function Live({ rows, readAnew }) {
  const ids = rows.map(({ id }) => id);
  useSubscription(Changed, {
    variables: { ids },
    ignoreResults: true,
    // Without its object, a change says that this person may see it no more.
    onData: ({ data: { data } }) => data?.approvalChanged?.approvable ?? readAnew(),
  });
  return null;
}

/** What the reader has to know of what is shown, and of what is not. */
function Notices({ online, error, sources, rows, isRead, readAnew }) {
  const down = sources.filter(({ ok }) => !ok);
  const partial = sources.filter(({ ok, isComplete }) => ok && !isComplete);
  const names = (some) => list(some.map((one) => providerOf(one).name));
  return (
    <div className="notices" role="status">
      {!online && (
        <p className="warning">
          <strong>You are offline.</strong> What is shown is as it was; deciding has to
          wait.
        </p>
      )}
      {online && error && down.length === 0 && (
        <p className="warning">
          <strong>
            {isRead ? "Not everything could be read." : "Your queue could not be read."}
          </strong>{" "}
          {errorText(error)} <button onClick={readAnew}>Try again</button>
        </p>
      )}
      {down.map((one) => (
        <p className="warning" key={one.provider}>
          <strong>{providerOf(one).name} does not answer.</strong> {one.error?.message}{" "}
          What the others hold is shown. <button onClick={readAnew}>Try again</button>
        </p>
      ))}
      {partial.length > 0 && (
        <p>There may be more in {names(partial)} than could be looked through.</p>
      )}
      {isRead && rows.length === 0 && (
        <p>
          {down.length + partial.length > 0
            ? "Nothing of what could be read waits for you."
            : "Nothing waits for you."}
        </p>
      )}
    </div>
  );
}

function errorText(error) {
  if (!CombinedGraphQLErrors.is(error)) return "The gateway does not answer.";
  return [...new Set(error.errors.map(({ message }) => message))].join(" ");
}
