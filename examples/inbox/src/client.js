// The client of the graph. It sends ids, never a document: queries as
// GET /graphql/<id>, mutations as POST /graphql/<id>, subscriptions by WebSocket.

import { ApolloClient, ApolloLink, InMemoryCache, Observable } from "@apollo/client";
import { BaseHttpLink } from "@apollo/client/link/http";
import { relayStylePagination } from "@apollo/client/utilities";

import { headers } from "./identity.js";
import { live } from "./live.js";
import { ids, possibleTypes } from "./operations.graphql";

const request = new BaseHttpLink({
  uri: ({ operationName }) => `/graphql/${ids[operationName]}`,
  useGETForQueries: true,
  headers,
});

const stream = new ApolloLink(
  ({ operationName, variables }) =>
    new Observable((sink) => live.subscribe(ids[operationName], variables, sink)),
);

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === "subscription",
    stream,
    request,
  ),
  // The document stays here; its id says it all.
  defaultContext: { http: { includeQuery: false } },
  cache: new InMemoryCache({
    possibleTypes,
    typePolicies: {
      Viewer: {
        keyFields: [],
        fields: {
          // The pages of a queue are one list; each filter has a queue of its own.
          approvals: relayStylePagination(["filter"]),
          sources: { merge: false },
        },
      },
    },
  }),
});
