"""``GET /invoices/{id}``: the detail, and the cache that may answer it (5.3, 3.7)."""

from datetime import timedelta

from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.query import words
from gateway.providers.ottimate.simulator.render import invoice_detail
from gateway.providers.ottimate.simulator.replies import Reply, invalid, json_reply

_EXPANDABLE = frozenset({"history", "gl_splits"})


def read_invoice(ask: Ask) -> Reply:
    """Answer with the invoice as it stands, or as it stood a while ago.

    Raises:
        OttimateError: 400 for an unknown expansion, 404.
    """
    invoice = ask.invoice()
    expand = frozenset(words(ask.query, "expand"))
    if not expand <= _EXPANDABLE:
        raise invalid("expand", "Only history and gl_splits can be expanded.")
    window = timedelta(seconds=ask.switches.stale_read_seconds)
    place = (invoice.id, ask.echo, *sorted(expand))
    kept = ask.kept_details.get(place)
    if kept is not None and ask.now < kept[0] + window:
        return Reply(status=200, body=kept[1])
    detail = invoice_detail(invoice, ask.switches, version=ask.echo, expand=expand)
    reply = json_reply(200, detail)
    # Quirk: a write through the API does not evict what is kept here.
    ask.kept_details[place] = (ask.now, reply.body)
    return reply
