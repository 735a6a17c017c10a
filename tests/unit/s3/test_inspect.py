"""What is read of a server: as little as possible, and what it may not be asked for."""

from __future__ import annotations

import pytest
from unit.s3.model import Model

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import apply, contents, info
from ansible_collections.borgstack.platform.plugins.module_utils.s3.answers import Denied
from ansible_collections.borgstack.platform.plugins.module_utils.s3.declaration import checked
from ansible_collections.borgstack.platform.plugins.module_utils.s3.inspect import Actual, Bucket, inspect
from ansible_collections.borgstack.platform.plugins.module_utils.s3.plan import plan


def declared(*buckets):
    return checked([{"name": "app", "state": "present", "force": False, **bucket} for bucket in buckets])


def having(*names, **options):
    model = Model(**options)
    for name in names:
        model.call("create_bucket", Bucket=name)
    model.requests.clear()
    return model


def test_only_what_is_declared_is_asked_for():
    model = having("app", "other")
    assert inspect(model, declared({"tags": {}})) == Actual(
        {"app": Bucket({"tags": None})}, frozenset({"app", "other"}), frozenset()
    )
    assert model.requests == ["validate", "list_buckets", "get_bucket_tagging"]


def test_a_bucket_that_is_not_listed_is_asked_for_by_name():
    model = having("app", denied=["list_buckets"])
    assert inspect(model, declared({}, {"name": "new"})) == Actual({"app": Bucket()}, None)
    assert model.requests == ["list_buckets", "head_bucket", "head_bucket"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_bucket_of_somebody_else_is_refused_before_anything_is_done(state):
    model = having()
    model.foreign.add("app")
    with pytest.raises(PlatformError, match="belongs to another account") as refused:
        inspect(model, declared({"state": state}))
    assert refused.value.where == "bucket app on S3 at model"


def test_what_the_server_offers_to_a_new_bucket_is_learned_from_another():
    policy = {"Statement": {"Effect": "Deny"}}
    model = having("other", lacking=["policy"])
    assert inspect(model, declared({"policy": policy})).lacking == {"policy"}
    assert model.requests == ["validate", "list_buckets", "head_bucket", "get_bucket_policy"]
    model = having("app", lacking=["policy"])
    assert inspect(model, declared({"policy": policy}, {"name": "new", "policy": policy, "tags": {}})) == Actual(
        {"app": Bucket({}, frozenset({"policy"}))}, frozenset({"app"}), frozenset({"policy"})
    )
    assert model.requests.count("get_bucket_policy") == 1 and model.requests.count("get_bucket_tagging") == 1


def test_it_is_learned_from_the_new_bucket_itself_where_there_is_none():
    assert inspect(having(lacking=["cors"]), declared({"cors": [], "tags": {}})).lacking == {"cors"}
    assert inspect(having(), declared({"cors": [], "tags": {}})).lacking == frozenset()


def test_a_bucket_whose_features_may_not_be_asked_for_tells_nothing_about_others():
    assert inspect(having("other", denied=["get_bucket_cors"]), declared({"cors": []})).lacking == frozenset()


def test_what_is_declared_and_may_not_be_asked_for_is_refused():
    with pytest.raises(Denied):
        inspect(having("app", denied=["get_bucket_cors"]), declared({"cors": []}), everything=True)


def test_what_is_not_declared_is_asked_for_where_it_may_be():
    model = having("app", lacking=["policy"], denied=["get_bucket_cors"])
    found = inspect(model, declared({"tags": {}}), everything=True).buckets["app"]
    assert found == Bucket(
        {"tags": None, "versioning": None, "lifecycle": None}, frozenset({"policy"}), frozenset({"cors"})
    )


def test_prefixes_count_where_anything_is_under_them():
    model = having("app")
    for key in ("a/b/c", "de"):
        model.call("put_object", Bucket="app", Key=key, Body=b"")
    assert inspect(model, declared({"prefixes": ["a", "a/b", "d"]})).buckets["app"].prefixes == {"a/", "a/b/"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [("objects", "objects"), ("versions", "earlier versions of deleted objects"), ("uploads", "unfinished uploads")],
)
def test_what_is_in_a_bucket_that_is_to_go(kind, words):
    model = having("app")
    model.buckets["app"][kind].append("key")
    gone = declared({"state": "absent", "force": True})
    assert inspect(model, gone) == Actual({"app": Bucket(content=words)}, frozenset({"app"}))
    apply.carry_out(model, plan(gone, inspect(model, gone)))
    assert model.buckets == {}


def test_a_server_without_versions_and_uploads_has_none():
    model = having("app")
    model._list_object_versions = model._list_multipart_uploads = lambda *_, **__: ("NotImplemented", None)
    assert contents.in_words(model, "app") == ""
    model.call("put_object", Bucket="app", Key="a", Body=b"")
    apply.carry_out(model, plan(declared({"state": "absent", "force": True}), Actual({"app": Bucket(content="x")})))
    assert model.buckets == {}


def test_what_came_since_the_plan_is_not_deleted():
    model, gone = having("app"), declared({"state": "absent"})
    steps = plan(gone, inspect(model, gone))
    model.call("put_object", Bucket="app", Key="a", Body=b"")
    with pytest.raises(PlatformError, match="it is not empty"):
        apply.carry_out(model, steps)
    assert "app" in model.buckets


def test_one_that_somebody_else_deleted_since_is_gone():
    model = having("app")
    for force in (False, True):
        gone = declared({"state": "absent", "force": force})
        steps = plan(gone, Actual({"app": Bucket()}))
        model.buckets.clear()
        assert apply.carry_out(model, steps) == (steps, [])


class Holding(Model):
    """A server that does not delete some of its objects."""

    batches = True
    held = ()

    def _delete_objects(self, name, bucket, Delete):
        assert len(Delete["Objects"]) <= 1000
        if not self.batches:
            return "MalformedXML", None
        held = [{"Key": item["Key"], "Code": "AccessDenied"} for item in Delete["Objects"] if item["Key"] in self.held]
        for item in Delete["Objects"]:
            if item["Key"] not in self.held:
                self._delete_object(name, bucket, **item)
        return "", {"Errors": held}

    def _delete_object(self, name, bucket, Key, VersionId=None):
        return ("AccessDenied", None) if Key in self.held else super()._delete_object(name, bucket, Key, VersionId)


@pytest.mark.parametrize("batches", [True, False])
def test_what_is_held_is_named_and_the_rest_is_deleted(batches):
    model = Holding()
    model.batches, model.held = batches, [f"held-{number}" for number in range(5)]
    model.call("create_bucket", Bucket="app")
    model.call("create_bucket", Bucket="other")
    model.buckets["app"]["versions"] = [f"free-{number}" for number in range(1000)]
    model.buckets["app"]["objects"] = [*model.held, "free"]
    gone = declared({"state": "absent", "force": True}, {"name": "new"})
    with pytest.raises(PlatformError) as refused:
        apply.carry_out(model, plan(gone[::-1], inspect(model, gone)))
    assert "5 of its objects and versions cannot be deleted: held-0: " in refused.value.what
    assert "AccessDenied" in refused.value.what or not batches
    assert "held-2" in refused.value.what and "held-3" not in refused.value.what
    assert "(object lock)" in refused.value.remedy and refused.value.where == "bucket app"
    assert refused.value.done == ["create bucket new", "delete 1000 objects, versions and uploads in bucket app"]
    assert model.buckets["app"]["objects"] == model.held and model.buckets["app"]["versions"] == []


def test_all_kinds_of_content_are_deleted():
    model = having("app")
    model.buckets["app"].update(objects=["a"], versions=["b", "c"], uploads=["d", "e"])
    contents.delete(model, "app")
    assert model.buckets["app"] == {"objects": [], "versions": [], "uploads": []}
    assert model.requests.count("abort_multipart_upload") == 2


def test_nothing_is_told_as_done_where_nothing_was():
    model = Holding()
    model.held = ["a"]
    model.call("create_bucket", Bucket="app")
    model.buckets["app"]["objects"] = ["a"]
    with pytest.raises(PlatformError, match="1 of its objects") as refused:
        contents.delete(model, "app")
    assert refused.value.done == []


def test_objects_are_deleted_a_thousand_at_a_time():
    model, sizes = having("app"), []
    model.buckets["app"]["objects"] = [str(number) for number in range(2500)]
    delete = model._delete_objects
    model._delete_objects = lambda *rest, Delete: (sizes.append(len(Delete["Objects"])), delete(*rest, Delete))[1]
    contents.delete(model, "app")
    assert sizes == [1000, 1000, 500] and model.buckets["app"]["objects"] == []


@pytest.mark.parametrize("request_", ["create_bucket", "put_object"])
def test_only_features_are_left_out(request_):
    model = having("app" if request_ == "put_object" else "other")
    setattr(model, f"_{request_}", lambda *_, **__: ("NotImplemented", None))
    answer = model._answer
    model._answer = lambda method, **rest: ("NotImplemented", None) if method == request_ else answer(method, **rest)
    steps = plan(declared({"prefixes": ["a"]}), inspect(model, declared({"prefixes": ["a"]})))
    with pytest.raises(PlatformError, match="does not offer"):
        apply.carry_out(model, steps, skip_unsupported=True)


def test_what_shows_only_when_it_is_set_is_told_or_left_out():
    wanted = declared({"name": "one", "versioning": True, "tags": {"a": "b"}})
    model = having(read_only=["versioning"])
    with pytest.raises(PlatformError) as refused:
        apply.carry_out(model, plan(wanted, inspect(model, wanted)))
    assert refused.value.done == ["create bucket one"] and refused.value.where == "bucket one"
    steps = plan(wanted, inspect(model, wanted))
    done, left_out = apply.carry_out(model, steps, skip_unsupported=True)
    assert [step.words for step in done] == ["set tags of bucket one"]
    assert left_out == ["enable versioning of bucket one (put_bucket_versioning is not offered)"]


def test_a_region_of_its_own_is_named_when_a_bucket_is_made():
    model, asked = having(), []
    answer = model._answer
    model._answer = lambda method, **rest: asked.append((method, rest)) or answer(method, Bucket=rest["Bucket"])
    for model.region in ("us-east-1", "garage"):
        apply.carry_out(model, plan(declared({}), Actual()))
    assert asked == [
        ("create_bucket", {"Bucket": "app"}),
        ("create_bucket", {"Bucket": "app", "CreateBucketConfiguration": {"LocationConstraint": "garage"}}),
    ]


def test_info_is_asked_by_name_where_buckets_may_not_be_listed():
    model = having("app", "other", denied=["list_buckets"], lacking=["policy"])
    with pytest.raises(PlatformError, match="may not list all buckets"):
        info.describe(model)
    assert info.describe(model, ["other", "app", "none", "app"]) == {
        "buckets": [{"name": "app"}, {"name": "other"}],
        "unsupported": ["policy"],
    }


def test_info_counts_objects_where_that_is_asked_for():
    model = having("app", "bare")
    apply.carry_out(model, plan(declared({"prefixes": ["a/b"]}), Actual({"app": Bucket()})))
    told = info.describe(model, usage=True)
    assert told["usage"] == {"app": {"objects": 1, "bytes": 0}, "bare": {"objects": 0, "bytes": 0}}
    assert "usage" not in info.describe(model)


def test_info_leaves_out_what_is_not_set_and_tags_of_aws():
    model = having("app", "bare")
    apply.carry_out(model, plan(declared({"versioning": True, "prefixes": ["a/b"]}), Actual({"app": Bucket()})))
    model.buckets["app"]["tags"] = {"TagSet": [{"Key": "aws:x", "Value": "1"}, {"Key": "mine"}]}
    model.buckets["bare"]["tags"] = {"TagSet": [{"Key": "aws:x", "Value": "1"}]}
    model.buckets["bare"]["versioning"] = {"Status": "Suspended"}
    assert info.describe(model, prefixes=True)["buckets"] == [
        {"name": "app", "versioning": True, "tags": {"mine": ""}, "prefixes": ["a/"]},
        {"name": "bare", "versioning": False, "prefixes": []},
    ]
    assert info.describe(model, ["bare"])["buckets"] == [{"name": "bare", "versioning": False}]


def test_what_comes_back_is_not_deleted_for_ever():
    model = Holding()
    model.call("create_bucket", Bucket="app")
    model.buckets["app"]["objects"] = ["a", "b"]
    model._delete_object = lambda *_, **__: ("", {})
    with pytest.raises(PlatformError, match="a: it is there again after it was deleted") as refused:
        contents.delete(model, "app")
    assert refused.value.done == ["delete 2 objects, versions and uploads in bucket app"]
    assert model.requests.count("delete_objects") == 1


@pytest.mark.parametrize(("existing", "asked"), [(("app", "other"), "app"), (("other", "third"), "other"), ((), "new")])
def test_a_declared_bucket_is_the_example_then_any_then_the_new_one(existing, asked):
    model, examples = having(*existing), []
    answer = model._answer
    model._answer = lambda method, **rest: (
        (examples.append(rest["Bucket"]) if method == "get_bucket_cors" else None) or answer(method, **rest)
    )
    named = [{"name": name} for name in existing if name == "app"]
    inspect(model, declared(*named, {"name": "new", "cors": []}))
    assert examples == [asked]
