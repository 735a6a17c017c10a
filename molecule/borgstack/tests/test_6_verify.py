"""Verification of a platform that works, and what only messages that go the whole way show. Faults of any service are
in the scenario `engine`."""

from __future__ import annotations


def test_a_platform_that_works_is_said_to_work(verify, secrets):
    run, failures = verify("--check", "-vvv")
    assert failures == {} and "checks are ok" in run.output
    assert not [name for name, secret in secrets.items() if secret in run.output]


def test_a_message_goes_the_whole_way_where_that_is_asked_for(verify):
    run, failures = verify("--tags", "whatsapp_chatwoot", whatsapp_chatwoot_verify_whole_way=True)
    assert failures == {} and "a reply out through" in run.output, run.output[-3000:]


def test_a_broken_wire_of_the_messages_is_named(verify, server, container, secrets):
    admin = (
        f"docker exec -e REDISCLI_AUTH={secrets['redis_admin_password']} {container('redis')} redis-cli --user platform"
    )
    server.check_output(f"{admin} acl setuser whatsapp_chatwoot resetkeys")
    try:
        _run, failures = verify("--tags", "whatsapp_chatwoot")
    finally:
        server.check_output(f"{admin} acl load")
    assert [check for component, check in failures if component == "whatsapp-chatwoot"] == ["n8n to Redis"]
