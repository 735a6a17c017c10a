"""s3_buckets and s3_buckets_info against a real SeaweedFS."""

from __future__ import annotations

import datetime
import threading
import types

import boto3
import botocore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.s3.proxy import Proxy
from integration.s3.servers import SECRET, SeaweedFS

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import connection, contents
from ansible_collections.borgstack.platform.plugins.modules import s3_buckets

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server():
    running = SeaweedFS()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def login(server):
    return server.login


@pytest.fixture(scope="module")
def client(login):
    return boto3.client(
        "s3",
        endpoint_url=login["endpoint_url"],
        aws_access_key_id="admin",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )


OPTIONS = {"ca_cert": None, "validate_certs": True, "connect_timeout": 10, "region": "us-east-1"}


SERVERS: dict[str, connection.Server] = {}


@pytest.fixture(autouse=True)
def kept_clients(monkeypatch):
    """Make a client once: that takes longer than all that a test then asks of the server."""
    make = connection.Server

    def kept(options):
        key = f"{options['endpoint_url']} {options['access_key']}"
        if key not in SERVERS:
            SERVERS[key] = make(options)
        return SERVERS[key]

    monkeypatch.setattr(connection, "Server", kept)


def run_here(login, buckets, check=False, **options):
    """Run the module in this process, which takes a tenth of the time."""
    keys = ("prefixes", "versioning", "lifecycle", "cors", "policy", "tags", "quota")
    declared = [{**dict.fromkeys(keys), "state": "present", "force": False, **bucket} for bucket in buckets]
    known = {"skip_unsupported": False, "assume_empty": False, "report_undeclared": False}
    params = {**OPTIONS, **known, **login, **options, "buckets": declared}
    return s3_buckets.run(types.SimpleNamespace(params=params, check_mode=check, _diff=True, warn=lambda _: None))


def prove(login, buckets):
    """Prove a declaration as the fixture `converge` does, in this process."""
    predicted, done, again = run_here(login, buckets, check=True), run_here(login, buckets), run_here(login, buckets)
    assert predicted == done and again == {"changed": False, "plan": [], "diff": []}
    return done["plan"]


def names(client) -> set[str]:
    return {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


def test_created_and_again(converge, login, client):
    assert converge("s3_buckets", {**login, "buckets": [{"name": "one"}, {"name": "two.three"}]}) == [
        "create bucket one",
        "create bucket two.three",
    ]
    assert {"one", "two.three"} <= names(client)


def test_prefixes_are_made_visible(login, client):
    assert prove(login, [{"name": "prefixed", "prefixes": ["input", "a/b/"]}]) == [
        "create bucket prefixed",
        "create prefix input/ in bucket prefixed",
        "create prefix a/b/ in bucket prefixed",
    ]


def test_versioning_is_suspended_not_forgotten(login, client):
    prove(login, [{"name": "versioned", "versioning": True}])
    assert client.get_bucket_versioning(Bucket="versioned")["Status"] == "Enabled"
    assert prove(login, [{"name": "versioned", "versioning": False}]) == ["suspend versioning of bucket versioned"]
    assert client.get_bucket_versioning(Bucket="versioned")["Status"] == "Suspended"


def test_tags_and_cors(login, client):
    rules = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://www.example.com"]}]
    prove(login, [{"name": "featured", "tags": {"team": "crm"}, "cors": rules}])
    assert client.get_bucket_tagging(Bucket="featured")["TagSet"] == [{"Key": "team", "Value": "crm"}]
    other_order = [{"AllowedOrigins": ["https://www.example.com"], "AllowedMethods": ["PUT", "GET"]}]
    assert prove(login, [{"name": "featured", "cors": other_order}]) == []
    assert prove(login, [{"name": "featured", "cors": []}]) == ["remove cors of bucket featured"]


def test_a_full_bucket_is_deleted_by_force_only(module, login, client):
    prove(login, [{"name": "full"}])
    client.put_object(Bucket="full", Key="a/b", Body=b"x")
    absent = {"name": "full", "state": "absent"}
    assert "it is not empty: it holds objects" in module("s3_buckets", {**login, "buckets": [absent]}).refusal
    assert prove(login, [{**absent, "force": True}]) == ["delete bucket full and all that is in it"]
    assert "full" not in names(client)


@pytest.mark.parametrize("kind", ["earlier versions of deleted objects", "unfinished uploads"])
def test_what_is_not_seen_is_not_deleted_either(module, login, client, kind):
    run_here(login, [{"name": "hidden", "versioning": True}])
    if kind == "unfinished uploads":
        client.create_multipart_upload(Bucket="hidden", Key="a")
    else:
        client.put_object(Bucket="hidden", Key="a", Body=b"x")
        client.delete_object(Bucket="hidden", Key="a")
    absent = {"name": "hidden", "state": "absent"}
    assert f"it holds {kind}" in module("s3_buckets", {**login, "buckets": [absent]}).refusal
    assert "hidden" in names(client)
    run_here(login, [{**absent, "force": True}])
    run_here(login, [{"name": "hidden"}])
    assert run_here(login, [absent])["plan"] == ["delete bucket hidden"]


def test_all_kinds_of_content_are_deleted_in_batches(login, client):
    client.create_bucket(Bucket="emptied")
    client.put_bucket_versioning(Bucket="emptied", VersioningConfiguration={"Status": "Enabled"})
    keys = ["plain", "a/b/", "é ü", "<&>", "a%2Fb", "'\"", "gone", "twice", "twice"]
    for key in keys:
        client.put_object(Bucket="emptied", Key=key, Body=b"x")
    client.delete_object(Bucket="emptied", Key="gone")
    client.create_multipart_upload(Bucket="emptied", Key="begun")
    server = connection.Server({**OPTIONS, **login})
    contents.delete(server, "emptied")
    assert contents.in_words(server, "emptied") == ""
    client.delete_bucket(Bucket="emptied")


def test_what_is_under_retention_stays_and_is_named(module, login, client):
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=8)
    locked = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    client.put_object(Bucket="locked", Key="held", Body=b"x", **locked)
    gone = {**login, "buckets": [{"name": "locked", "state": "absent", "force": True}]}
    refused = module("s3_buckets", gone)
    assert "1 of its objects and versions cannot be deleted: held: Access Denied" in refused.refusal
    assert "(object lock)" in refused["error"]["remedy"] and "locked" in names(client)


@pytest.mark.parametrize("name", ["ab", "Upper", "under_score", "a..b", "192.168.0.1", "-dash", "x" * 64])
def test_impossible_names_are_refused(module, login, name):
    assert "is not a bucket name" in module("s3_buckets", {**login, "buckets": [{"name": name}]}).refusal


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"access_key": "nobody"}, "does not know the access key"),
        ({"secret_key": "wrong"}, "refuses the secret key"),
        ({"endpoint_url": "http://127.0.0.1:1"}, "[3] network error"),
        ({"buckets": [{"name": "quoted", "quota": 1}]}, "quota of quoted; S3 has no request for a quota"),
        ({"buckets": [{"name": "odd", "lifecycle": [{"Status": "Enabled", "Expire": 1}]}]}, "Expire"),
        ({"buckets": [{"name": "odd", "prefixes": ["a/../b"]}]}, "is not a prefix"),
        ({"endpoint_url": "10.0.0.1:8333"}, "begins with http://"),
        ({"assume_empty": True}, "for check mode only"),
    ],
)
def test_refusals(module, login, change, reason):
    refusal = module("s3_buckets", {**login, "buckets": [{"name": "never"}], **change}).refusal
    assert reason in refusal and SECRET not in refusal


def test_an_empty_server_is_planned_for_without_one(module, login):
    declared = [{"name": "a.b", "tags": {"a": "b"}, "prefixes": ["c"]}, {"name": "gone", "state": "absent"}]
    nowhere = {**login, "endpoint_url": "https://127.0.0.1:1", "assume_empty": True, "report_undeclared": True}
    planned = module("s3_buckets", {**nowhere, "buckets": declared}, check=True)
    assert planned["plan"] == ["create bucket a.b", "set tags of bucket a.b", "create prefix c/ in bucket a.b"]
    assert planned["undeclared"] == [] and "No wildcard certificate covers" in str(planned["warnings"])
    quota = {**nowhere, "buckets": [{"name": "abc", "quota": 5}]}
    assert "S3 has no request for a quota" in module("s3_buckets", quota, check=True).refusal


@pytest.mark.parametrize("port", [8888, 9333])
def test_another_service_at_the_address_is_told_from_s3(module, login, server, port):
    elsewhere = {**login, "endpoint_url": f"http://{server.address}:{port}", "buckets": [{"name": "never"}]}
    assert "is not an S3 server" in module("s3_buckets", elsewhere).refusal


def test_clocks_that_differ(login, monkeypatch):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: past.replace(tzinfo=None))
    with pytest.raises(PlatformError, match="the clocks of this host and the server differ too much"):
        run_here(login, [{"name": "never"}])


def test_one_identity_cannot_make_buckets_or_read_anothers(module, login, client):
    weak = {**login, "access_key": "app", "secret_key": "app-secret-key"}
    assert "lacks the right" in module("s3_buckets", {**weak, "buckets": [{"name": "never"}]}).refusal
    assert "never" not in names(client)


def test_a_key_with_the_least_rights_keeps_its_bucket(module, login):
    weak = {**login, "access_key": "app", "secret_key": "app-secret-key"}
    run_here(login, [{"name": "app", "state": "absent", "force": True}])
    run_here(login, [{"name": "app"}])
    assert prove(weak, [{"name": "app", "prefixes": ["input"]}]) == ["create prefix input/ in bucket app"]
    refusal = module("s3_buckets", {**weak, "buckets": [{"name": "app", "tags": {"a": "b"}}]}).refusal
    assert "GetBucketTagging: the access key lacks the right" in refusal and "s3:GetBucketTagging" in refusal
    reported = module("s3_buckets", {**weak, "report_undeclared": True, "buckets": [{"name": "app"}]})
    assert "may not ask for tags of bucket app" in str(reported["warnings"]) and reported["undeclared"] == []


EVERYTHING = {
    "versioning": True,
    "lifecycle": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": "30"}},
        {"ID": "then", "Status": "Disabled", "Prefix": "tmp/", "Expiration": {"Date": "2030-01-01"}},
        {"ID": "tag", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}},
    ],
    "cors": [
        {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://b", "https://a"], "AllowedHeaders": ["X-A"]},
        {"ID": "any", "AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 30},
    ],
    "tags": {"team": "crm", "number": 5, "empty": "", "é/@:+-=._": "ü"},
}


def policy(name):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "r",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/*",
            },
            {
                "Effect": "Deny",
                "Principal": {"AWS": ["*"]},
                "Action": ["s3:PutObject", "s3:DeleteObject"],
                "Resource": [f"arn:aws:s3:::{name}/*", f"arn:aws:s3:::{name}"],
                "Condition": {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:max-keys": 10}},
            },
        ],
    }


def test_everything_at_once_then_in_other_words_then_nothing(login):
    declared = {"name": "everything", **EVERYTHING, "policy": policy("everything"), "prefixes": ["a", "b/c"]}
    assert len(prove(login, [declared])) == 8
    other = policy("everything")
    other["Statement"] = [
        {**other["Statement"][1], "Action": ["S3:deleteobject", "s3:PutObject"], "Principal": "*"},
        {**other["Statement"][0], "Action": ["s3:GetObject"], "Principal": {"AWS": "*"}},
    ]
    del other["Statement"][1]["Sid"]
    reworded = {**declared, "policy": other, "lifecycle": EVERYTHING["lifecycle"][::-1], "prefixes": ["/a/"]}
    assert prove(login, [reworded]) == []
    nothing = {"versioning": False, "lifecycle": [], "cors": [], "policy": {}, "tags": {}}
    assert len(prove(login, [{"name": "everything", **nothing}])) == 5
    assert prove(login, [{"name": "fresh", **nothing}]) == ["create bucket fresh"]


HOSTILE = [
    "$(id)",
    "`id`",
    "{{ x }}",
    "a;b",
    "--",
    "%20",
    "é",
    "a b",
    "'\"",
    "<x>",
    "a+b",
    "#",
    "?",
    "&",
    "a\nb",
    "...",
]


def test_hostile_prefixes_are_kept_as_they_are(login, client):
    declared = {**login, "buckets": [{"name": "hostile", "prefixes": HOSTILE}]}
    assert len(prove(login, declared["buckets"])) == 1 + len(HOSTILE)
    kept = {item["Key"] for item in client.list_objects_v2(Bucket="hostile")["Contents"]}
    assert kept == {f"{prefix}/" for prefix in HOSTILE}


def test_what_exists_is_written_down_as_it_would_be_declared(module, login, client):
    declared = {"name": "known", **EVERYTHING, "policy": policy("known"), "prefixes": ["a", "b/c"]}
    run_here(login, [declared])
    client.put_object(Bucket="known", Key="deep/er/x", Body=b"x")
    (known,) = module("s3_buckets_info", {**login, "names": ["known", "never"], "prefixes": True})["buckets"]
    assert known["prefixes"] == ["a/", "b/", "deep/"] and known["versioning"] is True
    counted = module("s3_buckets_info", {**login, "names": ["known"], "usage": True})["usage"]
    assert counted == {"known": {"objects": 3, "bytes": 1}}
    everything = module("s3_buckets_info", login, check=True)
    assert {item["name"] for item in everything["buckets"]} == names(client) and everything["unsupported"] == []
    assert not any("prefixes" in item for item in everything["buckets"])
    again = module("s3_buckets", {**login, "buckets": everything["buckets"], "report_undeclared": True})
    assert (again["changed"], again["plan"], again["undeclared"]) == (False, [], [])


def test_what_is_undeclared_is_named_and_not_touched(module, login, client):
    run_here(login, [{"name": "undeclared"}, {"name": "partly", "tags": {"a": "b"}}])
    before = dump(client)
    told = module("s3_buckets", {**login, "report_undeclared": True, "buckets": [{"name": "partly"}]})
    assert {"bucket undeclared", "tags of bucket partly"} <= set(told["undeclared"])
    assert told["undeclared"] == sorted(told["undeclared"]) and "bucket partly" not in told["undeclared"]
    assert told["plan"] == [] and dump(client) == before


@pytest.fixture
def proxy(server):
    proxy = Proxy(server.address, 8333)
    yield proxy
    proxy.close()


def test_what_the_server_lacks_is_named_for_all_buckets_before_anything_is_done(module, login, proxy, client):
    proxy.refuses = [("GET", "lifecycle"), ("GET", "policy")]
    before = dump(client)
    declared = {"lifecycle": [], "policy": {}, "tags": {"a": "b"}, "quota": 5}
    asked = {
        **login,
        "endpoint_url": proxy.url,
        "buckets": [{"name": "lacking-one", **declared}, {"name": "lacking-two", "policy": {}, "versioning": True}],
    }
    for check in (True, False):
        with pytest.raises(PlatformError) as refused:
            run_here({**login, "endpoint_url": proxy.url}, asked["buckets"], check=check)
        assert "lifecycle of lacking-one; policy of lacking-one, lacking-two; quota of lacking" in refused.value.message
    assert dump(client) == before
    skipping = {**asked, "skip_unsupported": True}
    predicted, done = module("s3_buckets", skipping, check=True), module("s3_buckets", skipping)
    assert (
        predicted["plan"]
        == done["plan"]
        == [
            "create bucket lacking-one",
            "set tags of bucket lacking-one",
            "create bucket lacking-two",
            "enable versioning of bucket lacking-two",
        ]
    )
    assert done["unsupported"] == [
        "lifecycle of lacking-one",
        "policy of lacking-one, lacking-two",
        "quota of lacking-one",
    ]
    assert "does not offer all that is declared" in str(done["warnings"])
    again = module("s3_buckets", skipping)
    assert (again["changed"], again["plan"], again["unsupported"]) == (False, [], done["unsupported"])
    unseen = module("s3_buckets_info", {**login, "endpoint_url": proxy.url, "names": ["lacking-one"]})
    assert unseen["buckets"] == [{"name": "lacking-one", "tags": {"a": "b"}}]
    assert unseen["unsupported"] == ["lifecycle", "policy"]


def test_what_shows_only_when_it_is_set_is_told_or_left_out(module, login, client):
    # SeaweedFS has lifecycle rules, but no other storage class to move objects to.
    moving = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    asked = {**login, "buckets": [{"name": "moving", "lifecycle": [moving], "tags": {"a": "b"}}]}
    refused = module("s3_buckets", asked)
    assert "PutBucketLifecycleConfiguration: the server does not offer this" in refused.refusal
    assert refused["error"]["done"] == ["create bucket moving"]
    done = module("s3_buckets", {**asked, "skip_unsupported": True})
    assert done["plan"] == ["set tags of bucket moving"] and len(done["unsupported"]) == 1
    assert done["unsupported"][0].startswith("set lifecycle of bucket moving (") and "lifecycle" not in str(
        done["diff"]
    )
    again = module("s3_buckets", {**asked, "skip_unsupported": True})
    assert (again["changed"], again["plan"]) == (False, []) and again["unsupported"] == done["unsupported"]


def dump(client, prefix: str = "") -> dict:
    """Return all that the server has in the buckets whose names begin with a prefix."""
    whole = {}
    for name in sorted(name for name in names(client) if name.startswith(prefix)):
        whole[name] = found = {}
        for part in ("versioning", "lifecycle_configuration", "cors", "policy", "tagging"):
            try:
                found[part] = getattr(client, f"get_bucket_{part}")(Bucket=name)
                found[part].pop("ResponseMetadata")
            except botocore.exceptions.ClientError as error:
                found[part] = error.response["Error"]["Code"]
        found["keys"] = [item["Key"] for item in client.list_objects_v2(Bucket=name).get("Contents", [])]
    return whole


rule = st.fixed_dictionaries(
    {
        "Status": st.sampled_from(["Enabled", "disabled"]),
        "Filter": st.sampled_from([{"Prefix": ""}, {"Prefix": "a/"}, {"Tag": {"Key": "a", "Value": "b"}}]),
        "Expiration": st.sampled_from([{"Days": 1}, {"Days": "2"}, {"Date": "2030-01-01"}]),
    }
)
cors_rule = st.fixed_dictionaries(
    {
        "AllowedMethods": st.lists(st.sampled_from(["GET", "put"]), min_size=1, max_size=2, unique=True),
        "AllowedOrigins": st.lists(st.sampled_from(["https://a", "https://b"]), min_size=1, max_size=2, unique=True),
    },
    optional={"MaxAgeSeconds": st.integers(0, 2)},
)
bucket = st.fixed_dictionaries(
    {"name": st.sampled_from(["hypothesis-a", "hypothesis-b"])},
    optional={
        "state": st.sampled_from(["present", "absent"]),
        "force": st.booleans(),
        "versioning": st.booleans(),
        "lifecycle": st.lists(rule, max_size=2),
        "cors": st.lists(cors_rule, max_size=2),
        "policy": st.sampled_from([{}, policy("hypothesis-a")]),
        "tags": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["", "x", 5, True])),
        "prefixes": st.lists(st.sampled_from(["a", "b/c", "/a/"]), max_size=2),
    },
).filter(lambda item: not item.get("policy") or item["name"] == "hypothesis-a")
sequences = st.lists(st.lists(bucket, max_size=2, unique_by=lambda item: item["name"]), min_size=1, max_size=3)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequences)
def test_what_is_predicted_is_what_is_done_over_random_sequences(login, client, sequence):
    for declared in sequence:
        before = dump(client, "hypothesis")
        try:
            predicted = run_here(login, declared, check=True)
        except PlatformError as refused:
            with pytest.raises(PlatformError) as again:
                run_here(login, declared)
            assert again.value.message == refused.message and "not empty" in refused.message
            assert dump(client, "hypothesis") == before
            continue
        assert dump(client, "hypothesis") == before
        done = run_here(login, declared)
        assert done == predicted and (dump(client, "hypothesis") != before) == bool(done["plan"])
        assert run_here(login, declared) == {"changed": False, "plan": [], "diff": []}


def test_cut_off_at_any_request_the_next_run_completes_it(login, client, proxy):
    everything = {**EVERYTHING, "policy": policy("cut"), "prefixes": ["a"]}
    begin = [{"name": "cut", "tags": {"x": "y"}, "prefixes": ["old"]}, {"name": "cut-away", "prefixes": ["a"]}]
    declared = [{"name": "cut-new", "tags": {"a": "b"}}, {"name": "cut", **everything}]
    declared.append({"name": "cut-away", "state": "absent", "force": True})
    clean = [{"name": item["name"], "state": "absent", "force": True} for item in declared]
    through = {**login, "endpoint_url": proxy.url}

    run_here(login, clean)
    run_here(login, begin)
    run_here(through, declared)
    whole, changes = dump(client, "cut"), len(proxy.changes)
    assert changes == 9 and set(whole) == {"cut", "cut-new"}
    for proxy.silent in (False, True):
        # With no request left, nothing is passed on that could go unanswered.
        for passed in range(int(proxy.silent), changes + proxy.silent):
            run_here(login, clean)
            run_here(login, begin)
            proxy.left = passed
            with pytest.raises(PlatformError, match="no connection") as lost:
                run_here(through, declared)
            assert lost.value.category == 3 and len(lost.value.done) <= passed
            proxy.left = None
            run_here(through, declared)
            assert dump(client, "cut") == whole


def test_two_runs_at_once_both_succeed(login, client):
    declared = [{"name": f"racing-{number}", "versioning": True, "tags": {"a": "b"}} for number in range(5)]
    for wanted in (declared, [{"name": item["name"], "state": "absent"} for item in declared]):
        results = []

        def race(wanted=wanted, results=results):
            try:
                results.append(run_here(login, wanted))
            except PlatformError as error:
                results.append(error)

        runs = [threading.Thread(target=race) for _ in range(2)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert not [result for result in results if isinstance(result, PlatformError)], results
        assert run_here(login, wanted)["plan"] == []


def test_the_secret_key_is_seen_nowhere(module, login, server, client):
    declared = [{"name": "unseen", **EVERYTHING, "policy": policy("unseen")}]
    told = [module("s3_buckets", {**login, "buckets": declared}), module("s3_buckets_info", login)]
    told.append(module("s3_buckets", {**login, "secret_key": SECRET + "-2", "buckets": declared}))
    told.append(module("s3_buckets", {**login, "endpoint_url": "http://127.0.0.1:1", "buckets": declared}))
    assert [bool(result.get("failed")) for result in told] == [False, False, True, True]
    masked = [result["invocation"]["module_args"].pop("secret_key") for result in told]
    assert masked == ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"] * 4
    assert SECRET not in f"{told} {server.logs()}"
