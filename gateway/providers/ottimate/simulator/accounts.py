"""Accounts, companies and locations: read-only, page by page (5.1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.directory import Location
from gateway.providers.ottimate.simulator.query import integer, page_bounds
from gateway.providers.ottimate.simulator.render import local_text
from gateway.providers.ottimate.simulator.replies import (
    OttimateError,
    Reply,
    json_reply,
    utc_text,
)

_MAXIMUM = 100


def list_accounts(ask: Ask) -> Reply:
    """Answer ``GET /accounts``."""
    locations = _locations(ask)
    account = {
        "id": directory.ACCOUNT.id,
        "name": directory.ACCOUNT.name,
        "created_date": local_text(directory.ACCOUNT_CREATED_AT),
        "created_date_utc": utc_text(directory.ACCOUNT_CREATED_AT),
        "company_count": len({location.company_id for location in locations}),
        "location_count": len(locations),
    }
    return _page(ask.query, [account])


def list_companies(ask: Ask) -> Reply:
    """Answer ``GET /accounts/{id}/companies``."""
    _require_account(ask)
    reached = [location.company_id for location in _locations(ask)]
    return _page(
        ask.query,
        [
            {
                "id": company.id,
                "name": company.name,
                "location_count": reached.count(company.id),
                "plan": company.plan,
            }
            for company in directory.COMPANIES.values()
            if company.id in reached
        ],
    )


def list_locations(ask: Ask) -> Reply:
    """Answer ``GET /accounts/{id}/locations``.

    Version 1.0.0 says ``group`` where later ones say ``location_group`` (section 1).
    """
    _require_account(ask)
    group = "group" if ask.version == "1.0.0" else "location_group"
    locations = _locations(ask)
    if "ottimate_company_id" in ask.query:
        company_id = integer(ask.query, "ottimate_company_id", 0)
        wanted = ask.actor.company_locations(company_id)
        locations = [location for location in locations if location.id in wanted]
    return _page(
        ask.query,
        [
            {
                "id": location.id,
                "name": location.name,
                "company": directory.COMPANIES[location.company_id].name,
                group: location.group,
            }
            for location in locations
        ],
    )


def _locations(ask: Ask) -> list[Location]:
    return [
        location
        for location in directory.LOCATIONS.values()
        if location.id in ask.actor.application.location_ids
    ]


def _require_account(ask: Ask) -> None:
    if ask.path["id"] != directory.ACCOUNT.id:
        raise OttimateError(404, "ACC4040", "Account not found.")


def _page(query: Mapping[str, str], rows: Iterable[dict[str, Any]]) -> Reply:
    page, limit = page_bounds(query, _MAXIMUM)
    search = query.get("search", "").casefold()
    found = [row for row in rows if search in row["name"].casefold()]
    start = (page - 1) * limit
    return json_reply(
        200,
        {
            "count": len(found),
            "page": page,
            "limit": limit,
            "results": found[start : start + limit],
        },
    )
