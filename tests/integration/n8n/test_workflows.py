"""The module n8n_workflows against n8n itself, in queue mode, with PostgreSQL and Redis."""

from __future__ import annotations

import copy
import socket
import threading

import pytest
from integration.n8n.servers import PASSWORD, Estate

MODULE = "n8n_workflows"
pytestmark = pytest.mark.integration

TOKEN = {"name": "greeter token", "type": "httpHeaderAuth", "data": {"name": "X-Webhook-Token", "value": "Unseen-1"}}
SHOUT = {
    "name": "shout",
    "active": False,
    "definition": {
        "nodes": [
            {
                "name": "Called",
                "type": "n8n-nodes-base.executeWorkflowTrigger",
                "typeVersion": 1.1,
                "parameters": {"inputSource": "passthrough"},
            },
            {
                "name": "Shout",
                "type": "n8n-nodes-base.code",
                "typeVersion": 2,
                "parameters": {"jsCode": "return [{json: {said: $input.first().json.body.word.toUpperCase()}}];"},
            },
        ],
        "connections": {"Called": {"main": [[{"node": "Shout", "type": "main", "index": 0}]]}},
        "settings": {"executionOrder": "v1"},
    },
}
GREET = {
    "name": "greet",
    "active": True,
    "definition": {
        "nodes": [
            {
                "name": "Asked",
                "type": "n8n-nodes-base.webhook",
                "typeVersion": 2,
                "parameters": {
                    "path": "greet/now",
                    "httpMethod": "POST",
                    "authentication": "headerAuth",
                    "responseMode": "lastNode",
                },
                "credentials": {"httpHeaderAuth": "greeter token"},
            },
            {
                "name": "Shout it",
                "type": "n8n-nodes-base.executeWorkflow",
                "typeVersion": 1.2,
                "parameters": {"workflowId": "shout", "options": {}},
            },
        ],
        "connections": {"Asked": {"main": [[{"node": "Shout it", "type": "main", "index": 0}]]}},
        "settings": {"executionOrder": "v1", "saveDataSuccessExecution": "all"},
    },
}
# The caller first: the module has to find the order.
DECLARED = {"credentials": [TOKEN], "workflows": [GREET, SHOUT]}
FIRST = [
    "create credential greeter token",
    "create tag platform",
    "create workflow shout",
    "create workflow greet",
    "activate workflow greet",
]


def changed(**parameters) -> dict:
    """Return the declaration with other parameters of the node that shouts."""
    declared = copy.deepcopy(DECLARED)
    declared["workflows"][1]["definition"]["nodes"][1]["parameters"].update(parameters)
    return declared


def greet(estate, token: str = "Unseen-1"):
    """Call the workflow as another service would."""
    return estate.ask("POST", "/webhook/greet/now", {"word": "hello"}, {"X-Webhook-Token": token})


def test_a_first_run_makes_all_of_it_work_and_a_second_finds_nothing_to_do(empty, converge):
    assert converge(MODULE, {**empty.login, **DECLARED}) == FIRST
    assert greet(empty) == (200, {"said": "HELLO"})
    assert greet(empty, "wrong")[0] == 403


def test_check_mode_before_there_is_a_server_predicts_the_same(empty, module):
    nowhere = {**empty.login, "url": "http://127.0.0.1:1"}
    predicted = module(MODULE, {**nowhere, **DECLARED, "assume_empty": True}, check=True)
    assert predicted["plan"] == FIRST == module(MODULE, {**empty.login, **DECLARED})["plan"]


def test_a_changed_node_is_changed_and_takes_effect_at_once(empty, module, converge):
    module(MODULE, {**empty.login, **DECLARED})
    assert greet(empty) == (200, {"said": "HELLO"})
    plan = converge(MODULE, {**empty.login, **changed(jsCode="return [{json: {said: 'no'}}];")})
    assert plan == ["update workflow shout: nodes Shout"]
    assert greet(empty) == (200, {"said": "no"})


@pytest.mark.parametrize(
    ("by_hand", "plan"),
    [
        (lambda call, id: call("PATCH", f"/rest/workflows/{id}", {"active": False}), ["activate workflow greet"]),
        (
            lambda call, id: call("POST", f"/rest/workflows/{id}/archive", {}),
            ["update workflow greet: take it out of the archive, activate"],
        ),
        (
            lambda call, id: [
                call("POST", f"/rest/workflows/{id}/archive", {}),
                call("DELETE", f"/rest/workflows/{id}"),
            ],
            ["create workflow greet", "activate workflow greet"],
        ),
        (lambda call, id: call("PATCH", f"/rest/workflows/{id}", {"tags": []}), ["update workflow greet: tag"]),
        (
            lambda call, id: call("PATCH", f"/rest/workflows/{id}", {"settings": {"executionOrder": "v0"}}),
            ["update workflow greet: settings"],
        ),
    ],
    ids=["deactivated", "archived", "deleted", "untagged", "other settings"],
)
def test_what_somebody_did_by_hand_is_put_right(empty, editor, module, converge, by_hand, plan):
    module(MODULE, {**empty.login, **DECLARED})
    by_hand(editor.call, editor.workflow("greet")["id"])
    assert converge(MODULE, {**empty.login, **DECLARED}) == plan
    assert greet(empty) == (200, {"said": "HELLO"})


def test_a_node_that_lost_its_credential_gets_it_back(empty, editor, module, converge):
    module(MODULE, {**empty.login, **DECLARED})
    editor.call("DELETE", f"/rest/credentials/{editor.call('GET', '/rest/credentials')[0]['id']}")
    plan = converge(MODULE, {**empty.login, **DECLARED})
    assert plan == ["create credential greeter token", "update workflow greet: nodes Asked"]
    assert greet(empty) == (200, {"said": "HELLO"})


def test_an_undeclared_workflow_with_the_tag_is_deactivated_and_reported_and_others_are_left_alone(
    empty, editor, module, converge
):
    module(MODULE, {**empty.login, **DECLARED})
    own = copy.deepcopy(editor.workflow("greet"))
    own["nodes"][0]["parameters"]["path"] = "own"
    own = editor.call("POST", "/rest/workflows", {**own, "name": "own", "active": False, "tags": []})
    editor.call("PATCH", f"/rest/workflows/{own['id']}", {"active": True})
    remaining = {"credentials": [TOKEN], "workflows": [SHOUT], "report_undeclared": True}
    predicted = module(MODULE, {**empty.login, **remaining}, check=True)
    assert predicted["undeclared"] == ["workflow greet"]
    assert converge(MODULE, {**empty.login, **remaining}) == [
        "deactivate workflow greet, which is not declared any more"
    ]
    assert greet(empty)[0] == 404
    assert editor.workflow("own")["active"]


def test_a_rewritten_credential_is_used_by_the_next_execution(empty, module):
    module(MODULE, {**empty.login, **DECLARED})
    rotated = copy.deepcopy(DECLARED)
    rotated["credentials"][0]["data"]["value"] = "Unseen-2"
    kept = module(MODULE, {**empty.login, **rotated})
    assert not kept["changed"] and greet(empty)[0] == 200
    predicted = module(MODULE, {**empty.login, **rotated, "rewrite_credentials": True}, check=True)
    assert greet(empty)[0] == 200
    done = module(MODULE, {**empty.login, **rotated, "rewrite_credentials": True})
    assert predicted["plan"] == done["plan"] == ["write credential greeter token again"]
    assert greet(empty)[0] == 403
    assert greet(empty, "Unseen-2") == (200, {"said": "HELLO"})
    assert "Unseen" not in str([kept, predicted, done])


class Cut:
    """A proxy that closes the connection instead of passing on the answer to a request, counted from 0."""

    def __init__(self, estate, at: int):
        self._target, self._at, self.seen = (estate.main.address, 5678), at, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            while True:
                request = client.recv(1 << 20)
                if not request:
                    return
                # Head and body may come apart.
                while b"\r\n\r\n" not in request or not _is_whole(request):
                    request += client.recv(1 << 20)
                server.sendall(request)
                self.seen += 1
                answer = server.recv(1 << 20)
                if self.seen > self._at:
                    return
                while not _is_whole(answer):
                    answer += server.recv(1 << 20)
                client.sendall(answer)

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


def _is_whole(message: bytes) -> bool:
    head, _, body = message.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
        if line.startswith(b"transfer-encoding: chunked"):
            return body.endswith(b"0\r\n\r\n")
    return True


def test_interrupted_at_each_request_and_run_again(empty, editor, module):
    proxy = Cut(empty, 1000)
    module(MODULE, {**empty.login, "url": proxy.url, **DECLARED})
    requests, _ = proxy.seen, proxy.close()
    assert requests > 8
    for at in range(requests):
        editor.clear()
        proxy = Cut(empty, at)
        broken = module(MODULE, {**empty.login, "url": proxy.url, **DECLARED})
        proxy.close()
        assert "no connection" in broken.refusal
        module(MODULE, {**empty.login, **DECLARED})
        assert module(MODULE, {**empty.login, **DECLARED})["plan"] == []
        assert {name: editor.workflow(name)["active"] for name in ("greet", "shout")} == {"greet": True, "shout": False}
    assert greet(empty) == (200, {"said": "HELLO"})


def test_a_refusal_says_what_is_wrong_and_what_was_done(empty, module):
    mute = {"name": "mute", "definition": {"nodes": [copy.deepcopy(SHOUT["definition"]["nodes"][1])]}}
    refusal = module(MODULE, {**empty.login, "credentials": [TOKEN], "workflows": [GREET, SHOUT, mute]}).refusal
    assert "at workflow mute" in refusal and "Already done: create credential greeter token" in refusal, refusal
    twice = module(MODULE, {**empty.login, "credentials": [TOKEN], "workflows": [GREET, SHOUT, {**GREET, "name": "2"}]})
    assert "both answer POST greet/now" in twice.refusal


def test_a_new_password_of_the_owner_is_brought_in_with_the_previous_one(module):
    estate = Estate(limits_logins=True)
    try:
        new = {**estate.login, "password": "Owner-password-2", **DECLARED}
        assert "refuses the password" in module(MODULE, new).refusal
        rotated = module(MODULE, {**new, "previous_password": PASSWORD})
        assert rotated["plan"] == ["change the owner's password", *FIRST]
        again = module(MODULE, {**new, "previous_password": PASSWORD})
        assert again["plan"] == []
        # n8n's own limit: the fourth and fifth login, then no more.
        module(MODULE, new)
        assert "n8n limits logins" in module(MODULE, new).refusal
        assert "Owner-password" not in str([rotated, again])
    finally:
        estate.remove()
