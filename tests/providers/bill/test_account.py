"""BILL's settings and credentials, and signing in with them."""

import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.errors import UpstreamAuthError
from gateway.providers import PROVIDERS
from gateway.providers.bill import PROVIDER
from gateway.providers.bill.account import (
    BillAccount,
    BillCredentials,
    BillSettings,
)
from gateway.providers.bill.simulator import BillSimulator
from gateway.sandbox import Sandbox
from gateway.security import Credentials
from gateway.settings import SettingsError, read_settings
from gateway.upstream import Deadline
from tests.providers.bill.signing_in import (
    FOUND,
    LOGIN,
    ONE,
    ONE_CALL,
    SignIns,
    bill_id,
    end_sessions,
    fault_of,
    read_form,
    real_settings,
    signed_out,
    write_credentials,
    write_keys,
)
from tests.providers.bill.writing import envelope, failure
from tests.support import Client, FakeTime, Handler, RecordingTransport

SECTIONS = {one.key: one.settings for one in PROVIDERS}
BILL = {
    "GATEWAY_BILL__BASE_URL": "https://api.example/api/v2",
    "GATEWAY_BILL__DEV_KEY": "the-dev-key",
    "GATEWAY_BILL__ORG_ID": "00801EXAMPLE00000000",
    "GATEWAY_BILL__USER_NAME": "the-user",
    "GATEWAY_BILL__PASSWORD": "the-password",
}
WORDS = {"user_name": "the-user", "password": "the-password"}
TOO_SHORT = "password: Value should have at least 1 item after validation, not 0"
REFUSALS = ["BDC_1101", "BDC_1102", "BDC_1105", "BDC_1356", "BDC_1361"]
BOTH = """{
  ottimate: invoices(first: 1, filter: {providers: [OTTIMATE]}) { nodes { number } }
  bill: invoiceBySource(provider: BILL, sourceId: "00n01BILL1001AAAAAAA") { number }
}"""
SECRETS = (
    "sandbox-dev-key",
    "sandbox-controller-password",
    "sandbox-gateway-password",
)

Set = Callable[..., None]


@pytest.fixture
def sign_ins(bill: RecordingTransport) -> SignIns:
    return SignIns(bill)


@pytest.fixture
def open_account(
    sandbox: Sandbox, time: FakeTime, bill: RecordingTransport
) -> Callable[..., BillAccount]:
    def open_account(**changes: str) -> BillAccount:
        values = {**sandbox.settings(PROVIDER), **changes}
        section = BillSettings.model_validate(values)
        upstream = PROVIDER.open_upstream(section, time.clock, bill)
        return BillAccount(section, upstream)

    return open_account


class TestSettings:
    """``GATEWAY_BILL__*``."""

    @pytest.fixture
    def environment(self, monkeypatch: pytest.MonkeyPatch) -> Set:
        def set_variables(**changes: str | None) -> None:
            for name, value in BILL.items():
                member = name.removeprefix("GATEWAY_BILL__")
                changed = changes.get(member, value)
                if changed is not None:
                    monkeypatch.setenv(name, changed)

        return set_variables

    def refusal(self) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            read_settings(SECTIONS)
        return str(caught.value).splitlines()

    def test_five_variables_are_a_section(self, environment: Set) -> None:
        environment()

        section = read_settings(SECTIONS).provider("bill")

        assert isinstance(section, BillSettings)
        assert section.base_url == "https://api.example/api/v2"
        assert section.dev_key.get_secret_value() == "the-dev-key"
        assert section.org_id == "00801EXAMPLE00000000"
        assert section.user_name == "the-user"
        assert section.password.get_secret_value() == "the-password"

    @pytest.mark.parametrize("value", [None, ""])
    @pytest.mark.parametrize("name", list(BILL))
    def test_half_a_section_is_refused(
        self, environment: Set, name: str, value: str | None
    ) -> None:
        environment(**{name.removeprefix("GATEWAY_BILL__"): value})

        assert self.refusal() == [f"{name}: missing; the other bill settings need it"]

    def test_one_variable_alone_asks_for_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GATEWAY_BILL__PASSWORD", "the-password")

        assert self.refusal() == [
            f"{name}: missing; the other bill settings need it"
            for name in sorted(set(BILL) - {"GATEWAY_BILL__PASSWORD"})
        ]

    @pytest.mark.parametrize(
        "url",
        ["ftp://x", "api.bill.com/api/v2", "https://", "https://[", "https://a b"],
    )
    def test_an_address_that_is_no_url_is_refused(
        self, environment: Set, url: str
    ) -> None:
        environment(BASE_URL=url)

        takes = "takes a URL that begins with https://"
        assert self.refusal() == [f"GATEWAY_BILL__BASE_URL: got {url!r}; {takes}"]

    def test_an_address_with_a_password_is_not_shown(self, environment: Set) -> None:
        environment(BASE_URL="ftp://me:the-secret@x")

        assert self.refusal() == [
            "GATEWAY_BILL__BASE_URL: takes a URL that begins with https://"
        ]

    @pytest.mark.parametrize("key", ["the dev-key", " the-dev-key", "dev-key\n", "ü"])
    def test_a_developer_key_that_is_no_word_is_refused_and_not_shown(
        self, environment: Set, key: str
    ) -> None:
        environment(DEV_KEY=key)

        assert self.refusal() == [
            "GATEWAY_BILL__DEV_KEY: takes ASCII text without spaces"
        ]

    def test_an_organization_that_is_no_word_is_refused(self, environment: Set) -> None:
        environment(ORG_ID="008 01")

        assert self.refusal() == [
            "GATEWAY_BILL__ORG_ID: got '008 01'; takes ASCII text without spaces"
        ]

    def test_a_word_that_nothing_reads_is_refused(
        self, environment: Set, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment()
        monkeypatch.setenv("GATEWAY_BILL__MFA_ID", "some-secret")

        assert self.refusal() == [
            "GATEWAY_BILL__MFA_ID: nothing reads this variable",
        ]

    @pytest.mark.parametrize("render", [repr, str, lambda one: f"{one.model_dump()}"])
    def test_secrets_are_not_shown(
        self, environment: Set, render: Callable[[Any], str]
    ) -> None:
        environment()

        text = render(read_settings(SECTIONS).provider("bill"))

        assert "the-user" in text
        assert "the-dev-key" not in text
        assert "the-password" not in text


class TestCredentials:
    """``["anna".bill]`` in the file of credentials."""

    @pytest.fixture
    def read(self, tmp_path: Path) -> Callable[[str], Credentials]:
        def read(lines: str) -> Credentials:
            path = tmp_path / "credentials.toml"
            path.write_text(f'["anna".bill]\n{lines}\n', encoding="utf-8")
            return Credentials(path, {one.key: one.credentials for one in PROVIDERS})

        return read

    def test_two_words_are_a_user(self, read: Callable[[str], Credentials]) -> None:
        found = read('user_name = "the user"\npassword = " pass word "').get(
            "anna", "bill"
        )

        assert isinstance(found, BillCredentials)
        assert found.user_name == "the user"
        assert found.password.get_secret_value() == " pass word "
        assert "pass word" not in f"{found!r} {found}"

    @pytest.mark.parametrize(
        ("lines", "problems"),
        [
            ("", ["user_name: missing", "password: missing"]),
            ('user_name = "the-user"', ["password: missing"]),
            ('password = "the-password"', ["user_name: missing"]),
            (
                'user_name = ""\npassword = ""',
                [
                    "user_name: String should have at least 1 character",
                    TOO_SHORT,
                ],
            ),
            (
                'user_name = "the-user"\npassword = 7',
                ["password: Input should be a valid string"],
            ),
            *(
                (
                    f'user_name = "the-user"\npassword = "x"\n{word} = "the-secret"',
                    [f"{word}: nothing reads this word"],
                )
                for word in ("dev_key", "org_id", "base_url", "session_id", "mfa_id")
            ),
        ],
    )
    def test_other_words_are_refused_and_their_values_not_shown(
        self,
        read: Callable[[str], Credentials],
        tmp_path: Path,
        lines: str,
        problems: list[str],
    ) -> None:
        with pytest.raises(SettingsError) as refused:
            read(lines)

        place = f'{tmp_path / "credentials.toml"}: ["anna".bill]'
        assert str(refused.value).splitlines() == [
            f"{place} {problem}" for problem in problems
        ]

    @pytest.mark.parametrize("model", [BillCredentials, BillSettings])
    @pytest.mark.parametrize("word", ["user_name", "password"])
    def test_a_user_has_a_name_and_a_password(
        self, model: type[BillCredentials | BillSettings], word: str
    ) -> None:
        section = {
            name.removeprefix("GATEWAY_BILL__").lower(): value
            for name, value in BILL.items()
        }
        words = WORDS if model is BillCredentials else section

        with pytest.raises(ValidationError) as refused:
            model.model_validate({**words, word: ""})

        assert [one["loc"] for one in refused.value.errors()] == [(word,)]


class TestSigningIn:
    """``Login`` (2.1)."""

    async def test_it_sends_the_documented_form(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        await client.execute(ONE)

        [request] = sign_ins.requests
        assert request.method == "POST"
        assert str(request.url) == "http://sandbox.internal/bill/api/v2/Login.json"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["accept"] == "application/json"
        assert read_form(request) == {
            "devKey": "sandbox-dev-key",
            "userName": "controller@harbor.example",
            "password": "sandbox-controller-password",
            "orgId": "00801HARBORGROUP0000",
        }

    @pytest.mark.parametrize(
        "password", ["a b", " a ", "a&b=c;d", "100%+1", "Schlüssel", '"\\/', "a\tb\n"]
    )
    async def test_a_password_arrives_as_it_is(
        self,
        open_account: Callable[..., BillAccount],
        sign_ins: SignIns,
        time: FakeTime,
        password: str,
    ) -> None:
        account = open_account(password=password, user_name=f"me {password}")

        with pytest.raises(UpstreamAuthError):
            await account.connect(Deadline(25, time.clock)).check()

        [form] = sign_ins.forms
        assert form["password"] == password
        assert form["userName"] == f"me {password}"

    async def test_every_call_carries_the_key_and_the_session_in_its_body(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        key = bill_id(bill_simulator, "BILL-1004")
        body = await client.run("Approve", {"input": {"id": key}})

        assert body["data"]["approve"]["outcome"] == "APPLIED"
        assert "POST /Approve.json" in bill.calls
        [session] = sign_ins.sessions
        for request in bill.requests:
            form = read_form(request)
            assert list(form) == ["devKey", "sessionId", "data"]
            assert (form["devKey"], form["sessionId"]) == ("sandbox-dev-key", session)
        for request in (*sign_ins.requests, *bill.requests):
            shown = f"{request.url} {request.headers}"
            assert not [one for one in (*SECRETS, session) if one in shown]

    async def test_another_host_that_it_names_is_not_followed(
        self, client: Client, bill: RecordingTransport
    ) -> None:
        async def lead_away(
            request: httpx.Request, upstream: Handler
        ) -> httpx.Response:
            response = await upstream(request)
            answer = httpx.Response(200, content=await response.aread()).json()
            answer["response_data"]["apiEndPoint"] = "https://evil.example/api/v2"
            return httpx.Response(200, json=answer)

        bill.interceptors[LOGIN] = lead_away

        bodies = [await client.execute(ONE) for _ in range(2)]

        assert bodies == [FOUND] * 2
        url = "http://sandbox.internal/bill/api/v2/List/Bill.json"
        assert [str(request.url) for request in bill.requests] == [url] * 2

    @pytest.mark.parametrize(
        ("answer", "code", "retryable", "times"),
        [
            (httpx.Response(200), "UPSTREAM_RESPONSE_INVALID", False, 1),
            (
                httpx.Response(200, content=b"<html>"),
                "UPSTREAM_RESPONSE_INVALID",
                False,
                1,
            ),
            (envelope({}), "UPSTREAM_RESPONSE_INVALID", False, 1),
            (
                envelope({"sessionId": 7, "usersId": "x"}),
                "UPSTREAM_RESPONSE_INVALID",
                False,
                1,
            ),
            (httpx.Response(502), "UPSTREAM_UNAVAILABLE", True, 3),
            (failure("BDC_1001"), "UPSTREAM_UNAVAILABLE", True, 3),
            (failure("BDC_1109"), "UPSTREAM_AUTH_FAILED", False, 1),
            (failure("BDC_9999"), "UPSTREAM_AUTH_FAILED", False, 1),
        ],
    )
    async def test_a_sign_in_that_fails_otherwise_says_so(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        answer: httpx.Response,
        code: str,
        retryable: bool,
        times: int,
    ) -> None:
        sign_ins.answers["controller"] = answer

        body = await client.execute(ONE)

        assert body["data"] == {"invoiceBySource": None}
        assert fault_of(body) == {
            "code": code,
            "retryable": retryable,
            "provider": "BILL",
        }
        assert sign_ins.names == ["controller"] * times
        assert bill.calls == []

    @pytest.mark.parametrize(
        "answer",
        [
            failure("BDC_1121"),
            *(httpx.Response(status, content=b"<h1>") for status in (404, 405, 501)),
        ],
        ids=["no call", "404", "405", "501"],
    )
    async def test_an_address_without_a_sign_in_is_named(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        answer: httpx.Response,
    ) -> None:
        sign_ins.answers["controller"] = answer

        body = await client.execute(ONE)

        assert body["data"] == {"invoiceBySource": None}
        assert fault_of(body) == {
            "code": "UPSTREAM_RESPONSE_INVALID",
            "retryable": False,
            "provider": "BILL",
        }
        assert body["errors"][0]["message"] == (
            "There is no sign-in at the address that is set for BILL; it ends in "
            "`/api/v2`."
        )
        assert sign_ins.names == ["controller"]
        assert bill.calls == []

    @pytest.mark.parametrize(
        ("users_id", "code"),
        [("", "UPSTREAM_AUTH_FAILED"), (None, "UPSTREAM_RESPONSE_INVALID")],
    )
    async def test_a_sign_in_that_does_not_say_who_it_is_decides_nothing(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
        users_id: str | None,
        code: str,
    ) -> None:
        data = {"sessionId": "x", "usersId": users_id}
        sign_ins.answers["controller"] = envelope(data)
        key = bill_id(bill_simulator, "BILL-1004")

        body = await client.run("Approve", {"input": {"id": key}})

        assert body["data"] == {"approve": None}
        assert fault_of(body) == {
            "code": code,
            "retryable": True,
            "provider": "BILL",
        }
        assert bill.calls == []


class TestRefused:
    """A sign-in that BILL refuses, which counts towards the 200 of an hour."""

    @pytest.mark.parametrize("code", REFUSALS)
    async def test_it_fails_the_fields_of_that_person_alone(
        self, client: Client, bill: RecordingTransport, sign_ins: SignIns, code: str
    ) -> None:
        sign_ins.answers["controller"] = failure(code)

        mine = await client.execute(BOTH)
        others = [
            await client.execute(ONE, person=person)
            for person in ("accountant", "visitor")
        ]

        assert mine["data"] == {
            "ottimate": {"nodes": [{"number": "INV-1001"}]},
            "bill": None,
        }
        [error] = mine["errors"]
        assert error["path"] == ["bill"]
        assert error["message"] == "BILL does not accept this sign-in."
        assert fault_of(mine) == signed_out()
        assert others == [FOUND] * 2
        assert sign_ins.names == ["controller", "accountant", "gateway"]
        assert bill.calls == [ONE_CALL] * 2

    @pytest.mark.parametrize("code", REFUSALS)
    async def test_it_is_not_tried_again_for_five_minutes(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        time: FakeTime,
        code: str,
    ) -> None:
        sign_ins.answers["controller"] = failure(code)
        first = await client.execute(ONE)
        del sign_ins.answers["controller"]

        time.advance(299.5)
        later = await client.execute(ONE)
        other = await client.execute(ONE, person="accountant")
        assert fault_of(first) == fault_of(later) == signed_out()
        assert other == FOUND
        assert sign_ins.names == ["controller", "accountant"]

        time.advance(0.5)
        assert await client.execute(ONE) == FOUND
        assert sign_ins.names == ["controller", "accountant", "controller"]
        assert bill.calls == [ONE_CALL] * 2
        assert time.slept == []

    async def test_it_is_asked_again_once_in_five_minutes(
        self, client: Client, sign_ins: SignIns, time: FakeTime
    ) -> None:
        sign_ins.answers["controller"] = failure("BDC_1101")

        for _ in range(3):
            for _ in range(10):
                assert fault_of(await client.execute(ONE)) == signed_out()
                time.advance(30)

        assert sign_ins.names == ["controller"] * 3

    async def test_it_refuses_a_decision_before_it_is_sent(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
    ) -> None:
        sign_ins.answers["controller"] = failure("BDC_1101")
        key = bill_id(bill_simulator, "BILL-1004")

        bodies = [await client.run("Approve", {"input": {"id": key}}) for _ in range(2)]

        assert [body["data"] for body in bodies] == [{"approve": None}] * 2
        assert [fault_of(body) for body in bodies] == [signed_out(retryable=True)] * 2
        assert (sign_ins.names, bill.calls) == (["controller"], [])
        state = bill_simulator.state
        chain = state.chain(state.numbered("BILL-1004").id)
        assert [row.status for row in chain] == ["0"]

    async def test_a_session_that_lives_goes_on(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        await client.execute(ONE)
        sign_ins.answers["controller"] = failure("BDC_1101")

        assert await client.execute(ONE) == FOUND
        assert sign_ins.names == ["controller"]

    async def test_a_lost_session_that_may_not_be_renewed_is_not_tried_on(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
    ) -> None:
        await client.execute(ONE)
        end_sessions(bill_simulator)
        sign_ins.answers["controller"] = failure("BDC_1101")
        sign_ins.clear()

        bodies = [await client.execute(ONE) for _ in range(3)]

        assert [fault_of(body) for body in bodies] == [signed_out()] * 3
        assert sign_ins.names == ["controller"]
        assert bill.calls == [ONE_CALL]

    async def test_remembering_it_keeps_nothing_of_the_requests_that_it_refuses(
        self,
        open_account: Callable[..., BillAccount],
        sign_ins: SignIns,
        time: FakeTime,
    ) -> None:
        account = open_account()
        sign_ins.answers["gateway"] = failure("BDC_1101")

        async def count_frames() -> int:
            with pytest.raises(UpstreamAuthError) as refused:
                await account.connect(Deadline(25, time.clock)).check()
            return len(list(traceback.walk_tb(refused.value.__traceback__)))

        frames = [await count_frames() for _ in range(5)]

        assert sign_ins.names == ["gateway"]
        # What is remembered raises as far as it goes, and no further every time.
        assert frames[1:] == frames[1:2] * 4


class TestCredentialsFile:
    """The file is read again when it changes, and what it says holds at once."""

    RIGHT = "sandbox-controller-password"

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "credentials.toml"

    @pytest.fixture
    def set_password(self, file: Path) -> Callable[[str], None]:
        def set_password(password: str) -> None:
            name = "controller@harbor.example"
            write_credentials(file, {"anna": {"user_name": name, "password": password}})

        return set_password

    @pytest.fixture
    async def client(
        self,
        set_password: Callable[[str], None],
        file: Path,
        sandbox: Sandbox,
        bill: RecordingTransport,
        time: FakeTime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> AsyncIterator[Client]:
        keys = file.with_name("keys.toml")
        write_keys(keys, "anna", "zoe")
        set_password("a-wrong-password")
        settings = real_settings(
            monkeypatch,
            sandbox,
            AUTH__MODE="api_key",
            AUTH__API_KEYS_FILE=str(keys),
            CREDENTIALS_FILE=str(file),
        )
        app = create_app(
            settings, transports={ProviderName.BILL: bill}, clock=time.clock
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as http:
            yield Client(http)

    async def test_a_changed_password_takes_effect_at_once(
        self,
        client: Client,
        sign_ins: SignIns,
        set_password: Callable[[str], None],
    ) -> None:
        wrong = [await client.execute(ONE, person="anna") for _ in range(2)]
        assert [fault_of(body) for body in wrong] == [signed_out()] * 2
        assert sign_ins.names == ["controller"]

        set_password(self.RIGHT)

        assert await client.execute(ONE, person="anna") == FOUND
        passwords = [form["password"] for form in sign_ins.forms]
        assert passwords == ["a-wrong-password", self.RIGHT]

    async def test_a_session_of_the_former_password_is_left(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        set_password: Callable[[str], None],
    ) -> None:
        set_password(self.RIGHT)
        assert await client.execute(ONE, person="anna") == FOUND

        set_password("a-wrong-password")

        body = await client.execute(ONE, person="anna")
        assert fault_of(body) == signed_out()
        assert sign_ins.names == ["controller"] * 2
        assert bill.calls == [ONE_CALL]

    async def test_a_former_password_that_comes_back_is_tried_anew_and_once(
        self,
        client: Client,
        sign_ins: SignIns,
        set_password: Callable[[str], None],
    ) -> None:
        passwords = ["a-wrong-password", self.RIGHT, "a-wrong-password"]
        bodies = []

        for password in passwords:
            set_password(password)
            bodies.append([await client.execute(ONE, person="anna") for _ in range(2)])

        assert bodies[1] == [FOUND] * 2
        wrong = [*bodies[0], *bodies[2]]
        assert [fault_of(body) for body in wrong] == [signed_out()] * 4
        assert [form["password"] for form in sign_ins.forms] == passwords

    async def test_who_has_none_is_not_refused_with_somebody(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        refused = await client.execute(ONE, person="anna")

        assert await client.execute(ONE, person="zoe") == FOUND
        assert fault_of(refused) == signed_out()
        assert sign_ins.names == ["controller", "gateway"]


@pytest.mark.parametrize("http_status_on_error", ["200", "real"])
async def test_no_secret_is_in_a_log_or_in_an_answer(
    client: Client,
    bill: RecordingTransport,
    bill_simulator: BillSimulator,
    sign_ins: SignIns,
    switch_bill: Set,
    http_status_on_error: str,
) -> None:
    """8.2: all three secrets are in the body, which is never logged."""
    switch_bill(http_status_on_error=http_status_on_error)
    key = bill_id(bill_simulator, "BILL-1004")
    answers = []

    async def echo(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        shown = request.content.decode()
        return httpx.Response(200, json={"response_status": 1, "response_data": shown})

    with capture_logs() as logs:
        for fault in ("none", "session_lost", "html", "system_error", "truncated"):
            switch_bill(fault=fault)
            answers.append(await client.execute(ONE))
            answers.append(await client.run("Approve", {"input": {"id": key}}))
        switch_bill(fault="none")
        bill.interceptors[ONE_CALL] = echo
        answers.append(await client.execute(ONE))
        sign_ins.answers["accountant"] = httpx.Response(
            200,
            json={
                "response_status": 1,
                "response_data": {
                    "error_code": "sandbox-accountant-password",
                    "error_message": "sandbox-accountant-password sandbox-dev-key",
                },
            },
        )
        answers.append(await client.execute(ONE, person="accountant"))

    assert len(sign_ins.sessions) >= 2
    assert {"upstream_call", "upstream_failed", "request", "decision"} <= {
        line["event"] for line in logs
    }
    shown = f"{logs} {answers}"
    secrets = (*SECRETS, "sandbox-accountant-password", *sign_ins.sessions)
    assert [one for one in secrets if one in shown] == []
