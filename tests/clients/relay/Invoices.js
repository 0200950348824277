// What relay-compiler reads: a page of invoices, one of them, and what becomes of it.

import { graphql } from "relay-runtime";

export const page = graphql`
  fragment Invoices_page on Query
  @refetchable(queryName: "InvoicesPaginationQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 3 }
    after: { type: "String" }
  ) {
    invoices(first: $first, after: $after, filter: { providers: [OTTIMATE] })
      @connection(key: "Invoices_invoices", filters: []) {
      edges {
        node {
          number
          ...Invoices_card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment Invoices_card on Invoice @refetchable(queryName: "InvoicesRefetchQuery") {
    number
    approvalState
  }
`;

export const query = graphql`
  query InvoicesQuery {
    ...Invoices_page
  }
`;

export const approve = graphql`
  mutation InvoicesApproveMutation($input: ApproveInput!) {
    approve(input: $input) {
      outcome
      approvable {
        id
        approvalState
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export const watch = graphql`
  subscription InvoicesWatchSubscription($ids: [ID!]!) {
    approvalChanged(ids: $ids) {
      approvable {
        id
        approvalState
      }
      cause
    }
  }
`;
