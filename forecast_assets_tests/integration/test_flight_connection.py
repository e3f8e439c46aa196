"""Login, session, second attempts, timeouts and cancelling, against a server that behaves like Dremio and can fail."""

import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import trustme

from forecast_assets.sources.dremio.errors import DremioError, DremioUnavailable
from forecast_assets.storage.transient_errors import is_transient
from forecast_assets_tests.integration.flight_company import PASSWORD, TOKEN, USER, certificate_of, client_of
from forecast_assets_tests.integration.flight_server import DremioStandIn

ONE = 'SELECT COUNT(*) AS "n" FROM "lake"."sales"."sell_in"'
ALL = 'SELECT "sku", "units" FROM "lake"."sales"."sell_in" ORDER BY "sku"'


@pytest.fixture
def server():
    with DremioStandIn(users={USER: PASSWORD}, access_tokens=(TOKEN,)) as running:
        running.put("sell_in", pd.DataFrame({"sku": [f"S{n:03}" for n in range(200)], "units": 1.5}))
        yield running


def test_a_password_is_exchanged_for_a_token_once_and_the_session_is_kept(server):
    client = client_of(server)
    assert [client.rows(ONE) for _ in range(3)] == [[{"n": 200}]] * 3
    assert (server.seen.logins, server.seen.new_sessions) == (1, 1)


def test_a_personal_access_token_needs_no_user_and_no_login(server):
    client = client_of(server, {"DREMIO_TOKEN": TOKEN, "DREMIO_PASSWORD": "not looked at"}, user="")
    assert client.rows(ONE) == [{"n": 200}]
    assert (server.seen.logins, server.seen.new_sessions) == (0, 1)


def test_an_expired_login_is_renewed_once_with_a_new_session(server):
    client = client_of(server)
    client.rows(ONE)
    server.faults.expire_tokens = 1
    assert client.rows(ONE) == [{"n": 200}]
    assert (server.seen.logins, server.seen.new_sessions) == (2, 2)


def test_a_login_that_expires_at_once_again_is_given_up(server):
    server.faults.expire_tokens = 10
    with pytest.raises(DremioError, match=r"rejected user 'planner': check DREMIO_USER and DREMIO_PASSWORD"):
        client_of(server).rows(ONE)
    assert server.seen.logins == 2


def test_a_token_that_is_refused_is_named_and_not_shown(server):
    client = client_of(server, {"DREMIO_TOKEN": "revoked-word"})
    with pytest.raises(DremioError, match=r"rejected the token: check DREMIO_TOKEN") as refused:
        client.rows(ONE)
    assert "revoked-word" not in str(refused.value)
    assert not is_transient(refused.value)


def test_a_server_that_is_unavailable_is_asked_three_times(server):
    waits = []
    client = client_of(server)
    client._sleep = waits.append
    server.faults.unavailable = 2
    assert client.rows(ONE) == [{"n": 200}]
    assert 0.4 <= waits[0] <= 0.6
    assert 1.6 <= waits[1] <= 2.4
    server.faults.unavailable = 3
    with pytest.raises(DremioUnavailable, match="cannot be reached: check DREMIO_HOST, DREMIO_PORT") as failed:
        client.rows(ONE)
    assert is_transient(failed.value)
    assert server.faults.unavailable == 0


def test_a_login_that_finds_the_server_starting_is_tried_again(server):
    server.faults.unavailable_logins = 1
    assert client_of(server).rows(ONE) == [{"n": 200}]


def test_a_query_that_hangs_ends_with_its_timeout_and_counts_as_transient(server):
    server.faults.hangs = 1
    client = client_of(server, query_seconds=0.5)
    before = time.monotonic()
    with pytest.raises(DremioUnavailable, match=r"did not respond within 0\.5 s .*DREMIO_QUERY_SECONDS") as failed:
        client.rows(ONE)
    assert time.monotonic() - before < 10
    assert is_transient(failed.value)


def test_a_result_that_breaks_off_is_left_to_the_retries_of_the_step(server):
    server.faults.breaks_off = 1
    client = client_of(server)
    with pytest.raises(DremioUnavailable) as failed:
        client.rows(ALL)
    assert is_transient(failed.value)
    assert len(client.rows(ALL)) == 200


def test_batches_are_read_as_they_come_and_a_closed_stream_cancels_the_query(server):
    server.faults.slow_batches = True
    client = client_of(server)
    with client.stream(ALL) as stream:
        first = next(iter(stream))
        assert first.to_pylist() == [{"sku": "S000", "units": 1.5}]
    assert server.seen.cancelled.wait(10)
    assert server.seen.batches_sent < 20


STOPPED = """
import signal, sys
# A shell that starts the tests in the background has interrupts ignored, and so would this process.
signal.signal(signal.SIGINT, signal.default_int_handler)
from forecast_assets_tests.integration.flight_company import settings_of, LOGIN
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.session import DremioSession
from pydantic import SecretStr
settings = settings_of(None, port=int(sys.argv[1]), query_seconds=300)
secrets = {name: SecretStr(value) for name, value in LOGIN.items()}
DremioClient(settings, DremioSession(settings, secrets.get)).frame(sys.argv[2])
"""


def test_a_process_that_is_stopped_while_it_waits_cancels_its_query(server):
    server.faults.slow_batches = True
    process = subprocess.Popen([sys.executable, "-c", STOPPED, str(server.port), ALL], stderr=subprocess.PIPE)
    try:
        assert server.seen.reading.wait(60)
        process.send_signal(signal.SIGINT)
        assert server.seen.cancelled.wait(20)
        assert process.wait(20) != 0
    finally:
        process.kill()
        process.communicate()


def test_a_result_without_rows_keeps_its_columns_and_dates_and_decimals_are_numbers(server):
    frame = client_of(server).frame(
        'SELECT "sku", "units", CAST(\'2024-02-29\' AS DATE) AS "month", 0.25 AS "part", CAST(NULL AS VARCHAR) AS '
        '"nothing" FROM "lake"."sales"."sell_in" WHERE "units" > 9'
    )
    assert frame.columns.tolist() == ["sku", "units", "month", "part", "nothing"]
    assert frame.empty
    full = client_of(server).frame(
        'SELECT CAST(\'2024-02-29\' AS DATE) AS "month", 0.25 AS "part", CAST(NULL AS VARCHAR) AS "nothing"'
    )
    assert full["month"].tolist() == [pd.Timestamp("2024-02-29")]
    assert full["part"].tolist() == [0.25]
    assert full["nothing"].tolist() == [None]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    base = tmp_path_factory.mktemp("authorities")
    by_name = {name: trustme.CA() for name in ("ours", "another")}
    for name, authority in by_name.items():
        authority.cert_pem.write_to_path(str(base / f"{name}.pem"))
    return base, by_name


def test_tls_with_the_authority_of_the_company(authorities):
    base, by_name = authorities
    with DremioStandIn({USER: PASSWORD}, certificate=certificate_of(by_name["ours"])) as server:
        server.put("sell_in", pd.DataFrame({"sku": ["A"]}))
        client = client_of(server, tls=True, ca_file=str(base / "ours.pem"))
        assert client.rows(ONE) == [{"n": 1}]


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ({"ca_file": "another.pem"}, "localhost", r"is not trusted: check that DREMIO_CA_FILE holds .*another\.pem"),
        ({}, "localhost", r"is not trusted: check that DREMIO_CA_FILE .*DREMIO_CA_FILE is not set"),
        ({"ca_file": "ours.pem"}, "dremio.example.com", r"DREMIO_HOST is the name it was made for"),
    ],
    ids=["another authority", "no authority", "another name"],
)
def test_a_certificate_that_is_not_trusted_is_named_and_not_tried_again(authorities, values, named, message):
    base, by_name = authorities
    files = {name: str(base / file) for name, file in values.items()}
    with DremioStandIn({USER: PASSWORD}, certificate=certificate_of(by_name["ours"], named)) as server:
        with pytest.raises(DremioError, match=message) as refused:
            client_of(server, tls=True, **files).rows(ONE)
        assert not is_transient(refused.value)
        assert server.seen.logins == 0


def test_a_server_without_tls_is_told_apart(server):
    with pytest.raises(DremioError, match="does not speak TLS: check DREMIO_PORT, or set DREMIO_TLS=false"):
        client_of(server, tls=True).rows(ONE)


WRONG = {
    "password": ({"login": {"DREMIO_PASSWORD": "wr0ng-word"}}, r"rejected user 'planner': check DREMIO_USER and"),
    "user": ({"user": "nobody"}, r"rejected user 'nobody': check DREMIO_USER and DREMIO_PASSWORD"),
    "no login": ({"login": {}}, r"set DREMIO_TOKEN, or DREMIO_USER and DREMIO_PASSWORD"),
    "port": ({"port": 1}, r"localhost:1 cannot be reached: check DREMIO_HOST, DREMIO_PORT, DREMIO_TLS"),
    "host": ({"host": "dremio.invalid"}, r"dremio\.invalid.*check DREMIO_HOST"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_line_that_says_what_to_check_without_a_secret(server, wrong):
    values, message = WRONG[wrong]
    client = client_of(server, **values)
    with pytest.raises((DremioError, DremioUnavailable), match=message) as refused:
        client.rows(ONE)
    text = f"{refused.value}{refused.value!r}{client!r}{client._session!r}{vars(client.settings)}"
    assert "\n" not in str(refused.value)
    assert not any(secret in text for secret in (PASSWORD, "wr0ng-word", TOKEN))
    assert refused.value.__cause__ is None


def test_a_user_who_may_not_is_told_to_look_at_the_grants(server):
    server.faults.refuses_everybody = f"no SELECT for {PASSWORD}"
    with pytest.raises(DremioError, match=r"does not let planner do this: no SELECT for \*\*\*\. Check the grants"):
        client_of(server).rows(ONE)


def test_words_of_duckdb_are_refused_as_dremio_would(server):
    for sql, message in (
        ('SELECT LIST("sku") AS "x" FROM "lake"."sales"."sell_in"', "LIST"),
        ('SELECT STRFTIME("m", \'%Y\') AS "x" FROM "lake"."sales"."sell_in"', "STRFTIME"),
        ('SELECT * EXCLUDE ("sku") FROM "lake"."sales"."sell_in"', "EXCLUDE"),
        ('SELECT month FROM "lake"."sales"."sell_in"', "month without quotes"),
        ('SELECT "units"::VARCHAR AS "x" FROM "lake"."sales"."sell_in"', "::"),
    ):
        with pytest.raises(DremioError, match=f"not understood: .*{message}"):
            client_of(server).rows(sql)


def test_a_reader_that_is_slow_holds_the_server_back(server):
    """Forty batches of 2.4 MB: what nobody has read yet is not piled up in this process."""
    query = "SELECT 'SKU-' || n AS sku, n + 0.5 AS units FROM range(4000000) AS t(n)"
    server.execute(f"CREATE TABLE lake.sales.long AS {query}")
    with client_of(server).stream('SELECT "sku", "units" FROM "lake"."sales"."long"') as stream:
        batches = iter(stream)
        rows = next(batches).num_rows
        seen, before = 0, -1
        while seen != before:
            before, seen = seen, server.seen.batches_sent
            time.sleep(0.5)
        assert 1 <= seen < 20
        assert rows + sum(batch.num_rows for batch in batches) == 4_000_000
    assert server.seen.batches_sent == 40
