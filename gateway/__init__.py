"""One GraphQL graph over the approval APIs that finance teams already pay for.

A request flows one way; read the modules in the order in which its answer comes back:

    domain/, errors     the records and closed sets, and what a client is told
    settings/, security/, observability   what is set, who calls, the log
    approvals/          states, progress, actions and versions: rules over records
    connector/          what every provider brings
    providers/          one folder per provider, one line per provider in PROVIDERS
    upstream/           one provider's HTTP: sign-in, limits, retries, lost answers
    loaders             what one request asks, each thing once
    merge/, decisions   one list over providers; the one place where writes leave
    changes/            what changed, and who is told: own writes, webhooks, polls
    engine/             reads documents, and runs their operations
    context, schema/    what resolvers reach, and the graph itself
    operations/         documents known by id: manifests, and registered hashes
    server/             HTTP and WebSockets in and out, GraphiQL, webhooks, health
    sandbox             every provider's simulator, served together
    app/, cli/          wiring, and the commands
"""
