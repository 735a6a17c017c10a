"""A database for software that runs elsewhere: made, kept, and left alone when it is no longer named."""

from __future__ import annotations

import psycopg2
import pytest

SHOP = {
    "needs": [
        {
            "kind": "postgresql",
            "instance": "postgresql",
            "role": {
                "name": "shop",
                "password": "{{ lookup('borgstack.platform.secret', 'shop_database_password') }}",
            },
            "database": {"name": "shop_db", "owner": "shop", "revoke_public": True, "extensions": ["vector"]},
        }
    ],
    "sites": [{"host": "shop.demo.example.com", "upstream": "192.0.2.7:8080"}],
}


@pytest.fixture(scope="module")
def platform(deploy):
    return deploy(
        platform_datastores=["postgresql"], platform_integrations=["consumer"], consumer_services={"shop": SHOP}
    )


def tables(platform) -> list:
    login = {"user": "shop", "password": platform.secrets["shop_database_password"], "dbname": "shop_db"}
    with psycopg2.connect(host=platform.address("postgresql"), **login) as connection, connection.cursor() as cursor:
        cursor.execute("create table if not exists orders (place vector(3))")
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        return cursor.fetchall()


def test_it_logs_in_to_its_own_database_with_its_extension(platform):
    assert tables(platform) == [("orders",)]
    assert platform.secrets["shop_database_password"] not in str(platform.compose)


def test_a_second_run_and_one_of_it_alone_change_nothing(platform):
    for arguments in ((), ("--tags", "consumer")):
        again = platform.converge(*arguments)
        assert (again.returncode, again.changed) == (0, 0), again.output


def test_what_it_says_wrongly_is_named_and_shows_no_secret(platform):
    wrong = {**SHOP, "needs": [{**SHOP["needs"][0], "databse": {}}]}
    refused = platform.converge(consumer_services={"shop": wrong})
    platform.variables["consumer_services"] = {"shop": SHOP}
    words = " ".join(refused.output.split())
    assert refused.returncode != 0 and "unknown keys: databse (did you mean database?)" in words, refused.output
    assert platform.secrets["shop_database_password"] not in refused.output


def test_its_data_stays_when_it_is_no_longer_named(platform):
    without = platform.converge(consumer_services={})
    assert without.returncode == 0, without.output
    assert platform.query("shop_db", "select count(*) from orders") == "0"
