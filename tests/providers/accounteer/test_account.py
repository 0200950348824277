"""Whose token acts, what the settings take, and an organization that is another."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers import PROVIDERS
from gateway.providers.accounteer import PROVIDER
from gateway.providers.accounteer.account import AccounteerSettings
from gateway.providers.accounteer.simulator.directory import (
    ACCESS_TOKEN,
    CONTROLLER_TOKEN,
    MAIN,
    OTHER,
    READ_ONLY_TOKEN,
    WITHOUT_PURCHASES_TOKEN,
)
from gateway.providers.accounteer.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.settings import SettingsError, read_settings
from tests.providers.accounteer.calls import (
    INVOICES,
    fault,
    fault_of,
    graph_id,
    sent,
    tokens,
)
from tests.providers.accounteer.deciding import TEXTS
from tests.providers.accounteer.reading import read_page
from tests.providers.accounteer.signing_in import (
    CALLS,
    FOUND,
    LOOK,
    TOKEN_REFUSED,
    oauth_section,
    real_settings,
    serve,
    told,
)
from tests.support import Client, FakeTime, RecordingTransport

RENEWAL = {
    "CLIENT_ID": "c",
    "CLIENT_SECRET": "s3cret",
    "REFRESH_TOKEN": "r3fresh",
    "TOKEN_URL": "https://accounteer.example/oauth/token",
}
ALL = "client_id, client_secret, refresh_token, token_url"
MISSING = f"missing; takes all of {ALL}, or an access token"
BESIDE = (
    "takes nothing beside an access token, which is set: either that alone or all of "
    f"{ALL}"
)
ANOTHER = "Accounteer's token is of another organization than the settings name."


@pytest.mark.parametrize(
    ("person", "token"),
    [
        (None, CONTROLLER_TOKEN),
        ("controller", CONTROLLER_TOKEN),
        ("buyer", READ_ONLY_TOKEN),
        ("clerk", WITHOUT_PURCHASES_TOKEN),
        ("visitor", ACCESS_TOKEN),
    ],
)
async def test_each_person_acts_with_their_own_token(
    client: Client, accounteer: RecordingTransport, person: str | None, token: str
) -> None:
    await read_page(client, 5, {"kinds": ["INVOICE"]}, person=person)

    assert set(tokens(accounteer)) == {token}
    assert accounteer.sign_ins == 0


async def test_a_token_that_is_refused_is_held_back_and_then_tried_once(
    client: Client,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    time: FakeTime,
) -> None:
    switch_accounteer(fault="unauthorised")
    counts = []

    for seconds in (0, 0, 29, 2, 0):
        time.advance(seconds)
        body = await client.execute(LOOK)
        assert told(body) == ("UPSTREAM_AUTH_FAILED", TOKEN_REFUSED)
        counts.append(len(accounteer.calls))

    assert counts == [2, 2, 2, 4, 4]
    switch_accounteer(fault="none")
    time.advance(31)
    assert await client.execute(LOOK) == FOUND


async def test_one_persons_refused_token_is_nobody_elses(
    client: Client, accounteer: RecordingTransport
) -> None:
    async def refuse(request: Any, upstream: Any) -> Any:
        if request.headers["authorization"] == f"Bearer {READ_ONLY_TOKEN}":
            request.headers["authorization"] = "Bearer nothing"
        return await upstream(request)

    for call in CALLS:
        accounteer.interceptors[call] = refuse

    buyer = await client.execute(LOOK, person="buyer")
    controller = await client.execute(LOOK, person="controller")

    assert told(buyer) == ("UPSTREAM_AUTH_FAILED", TOKEN_REFUSED)
    assert controller == FOUND


@pytest.mark.parametrize(
    ("variables", "problems"),
    [
        ({"ACCESS_TOKEN": "t"}, {}),
        (RENEWAL, {}),
        ({}, dict.fromkeys(RENEWAL, MISSING)),
        ({"ACCESS_TOKEN": "t", **RENEWAL}, dict.fromkeys(RENEWAL, BESIDE)),
        (
            {"ACCESS_TOKEN": "t", "TOKEN_URL": RENEWAL["TOKEN_URL"]},
            {"TOKEN_URL": BESIDE},
        ),
        *(
            (
                {name: value for name, value in RENEWAL.items() if name != left},
                {left: MISSING},
            )
            for left in RENEWAL
        ),
        (
            {"CLIENT_ID": "c"},
            dict.fromkeys(["CLIENT_SECRET", "REFRESH_TOKEN", "TOKEN_URL"], MISSING),
        ),
    ],
)
def test_settings_take_one_way_to_a_token_and_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    problems: dict[str, str],
) -> None:
    base = {"BASE_URL": "https://accounteer.example/api/v0.1"}
    for name, value in (base | variables).items():
        monkeypatch.setenv(f"GATEWAY_ACCOUNTEER__{name}", value)
    sections = {one.key: one.settings for one in PROVIDERS}
    if not problems:
        assert read_settings(sections).provider("accounteer") is not None
        return

    with pytest.raises(SettingsError) as refused:
        read_settings(sections)

    told = [line.split(": ", 1) for line in str(refused.value).splitlines()]
    assert [name for name, _ in told] == sorted(
        f"GATEWAY_ACCOUNTEER__{name}" for name in problems
    )
    # Words that are no secret are shown before.
    assert {
        text.split("; ", 1)[-1] if "got" in text else text for _, text in told
    } == set(problems.values())


def test_settings_need_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_ACCOUNTEER__ACCESS_TOKEN", "t")

    with pytest.raises(SettingsError) as refused:
        read_settings({one.key: one.settings for one in PROVIDERS})

    assert str(refused.value) == (
        "GATEWAY_ACCOUNTEER__BASE_URL: missing; the other accounteer settings need it"
    )


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        (
            {
                "ACCESS_TOKEN": "t",
                "CLIENT_SECRET": "s3cret",
                "REFRESH_TOKEN": "s3cret-2",
            },
            ["CLIENT_SECRET", "REFRESH_TOKEN"],
        ),
        ({"ACCESS_TOKEN": "s3cret of two words"}, ["ACCESS_TOKEN"]),
    ],
)
def test_settings_that_are_refused_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], names: list[str]
) -> None:
    monkeypatch.setenv("GATEWAY_ACCOUNTEER__BASE_URL", "https://a.example/api/v0.1")
    for name, value in variables.items():
        monkeypatch.setenv(f"GATEWAY_ACCOUNTEER__{name}", value)

    with pytest.raises(SettingsError) as refused:
        read_settings({one.key: one.settings for one in PROVIDERS})

    lines = str(refused.value).splitlines()
    assert [line.split(": ", 1)[0] for line in lines] == [
        f"GATEWAY_ACCOUNTEER__{name}" for name in names
    ]
    assert "s3cret" not in str(refused.value)


def test_settings_show_no_secret(sandbox: Sandbox) -> None:
    for section in (sandbox.settings(PROVIDER), oauth_section(sandbox)):
        made = AccounteerSettings.model_validate(section)
        text = repr(made) + str(made) + repr(made.model_dump())

        secrets = [
            value for name, value in section.items() if name.endswith(("token", "et"))
        ]
        assert len(secrets) in {1, 2}
        assert [one for one in secrets if one in text] == []


@pytest.mark.parametrize("organization_id", [MAIN, None])
async def test_the_organization_that_is_named_is_believed(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    accounteer: RecordingTransport,
    time: FakeTime,
    organization_id: str | None,
) -> None:
    section = sandbox.settings(PROVIDER)
    if organization_id is not None:
        section["organization_id"] = organization_id

    async with serve(real_settings(monkeypatch, section), accounteer, time) as client:
        assert await client.execute(LOOK) == FOUND


async def test_a_token_of_another_organization_shows_and_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    accounteer: RecordingTransport,
    state: State,
    time: FakeTime,
) -> None:
    draft = state.add_invoice()
    section = {**sandbox.settings(PROVIDER), "organization_id": OTHER}
    queue = "{ viewer { approvals { nodes { id } } } }"
    lists = "{ invoices(filter: {kinds: [INVOICE]}) { nodes { id } } }"
    approval = {"input": {"id": graph_id(draft)}}

    async with serve(real_settings(monkeypatch, section), accounteer, time) as client:
        bodies = [
            await client.execute(LOOK),
            await client.execute(queue),
            await client.execute(lists),
            await client.execute(TEXTS["approve"], approval),
        ]

    assert [told(one) for one in bodies] == [("UPSTREAM_AUTH_FAILED", ANOTHER)] * 4
    assert fault_of(bodies[3]) == fault("UPSTREAM_AUTH_FAILED", retryable=True)
    assert sent(accounteer) == []
    assert draft.status == "draft"
    assert INVOICES in accounteer.calls
