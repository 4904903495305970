"""For Schemathesis: who its requests are from, and which valid requests the server may refuse."""

import itertools
import os
import re

import requests
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

ORIGIN = os.environ["TOLLGATE_ORIGIN"]
# The one in the document's examples: changing it as they do it succeeds.
PASSWORD = "plain lake 42"
# After these the caller's session is over, so that each gets an account of its own.
ENDS_SESSION = {"change_password", "delete_account", "delete_session", "end_session"}
SESSION_ID = re.compile(r"^ses_[a-z2-7]{25}[aeimquy4]$")
# By the id of somebody who signed up.
OF_A_PERSON = {"get_person", "list_keys_of_person", "change_person", "delete_person", "create_reset_link"}
# Refusals of well-formed fields, which are wrong together or by what the server knows; by field, None for the request.
NO_SCHEMA_SAYS = {
    ("password", "common"),
    ("password", "email"),
    ("new_password", "common"),
    ("new_password", "email"),
    ("current_password", "wrong"),
    ("password", "wrong"),
    # After `to`, or too long before it.
    ("from", "range"),
    (None, "idempotency_key_reused"),
}

numbers = itertools.count()
turns = itertools.count()


def sign_up():
    account = {"email": f"caller{next(numbers)}@example.net", "password": PASSWORD}
    answer = requests.post(f"{ORIGIN}/accounts", json=account, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


def person():
    """The id of somebody new."""
    answer = requests.get(f"{ORIGIN}/me", headers={"Authorization": f"Bearer {sign_up()}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()["id"]


def made(path, body=None):
    """What an operator makes there."""
    operator = {"Authorization": f"Bearer {os.environ['TOLLGATE_OPERATOR']}"}
    answer = requests.post(f"{ORIGIN}/admin{path}", headers=operator, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


@schemathesis.hook
def before_call(context, case, kwargs):
    """What no document can know is put into every fourth request that is well-formed: whom there is, and a good link."""
    name = case.operation.definition.raw.get("operationId")
    id = str((case.path_parameters or {}).get("id"))
    if name in OF_A_PERSON and re.fullmatch("acc_[a-z2-7]{25}[aeimquy4]", id) and next(turns) % 4 == 0:
        case.path_parameters["id"] = person()
    if name == "reset_password" and isinstance(case.body, dict) and next(turns) % 4 == 0:
        if isinstance(case.body.get("token"), str) and 0 < len(case.body["token"]) <= 128:
            case.body["token"] = made(f"/people/{person()}/reset_link")["url"].split("#")[1]
    if name == "delete_invite" and re.fullmatch("inv_[a-z2-7]{25}[aeimquy4]", id) and next(turns) % 4 == 0:
        case.path_parameters["id"] = made("/invites", {})["id"]


def session_of(token):
    answer = requests.get(f"{ORIGIN}/me/sessions", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()[0]["id"]


class Bearer:
    def set(self, case, secret, context):
        case.headers["Authorization"] = f"Bearer {secret}"


match os.environ["TOLLGATE_CALLER"]:
    case "anonymous":
        pass
    case "session":
        session = os.environ["TOLLGATE_OPERATOR"]

        @schemathesis.auth(refresh_interval=None)
        class Session(Bearer):
            def get(self, case, context):
                name = context.operation.definition.raw["operationId"]
                return sign_up() if name in ENDS_SESSION else session

            def set(self, case, secret, context):
                super().set(case, secret, context)
                name = context.operation.definition.raw["operationId"]
                # No document can tell the id of a session that is there: the caller's own, of an account of its own.
                if name == "end_session" and SESSION_ID.match(str(case.path_parameters.get("id"))):
                    case.path_parameters["id"] = session_of(secret)

    case "key":

        @schemathesis.auth(refresh_interval=None)
        class Key(Bearer):
            def get(self, case, context):
                return os.environ["TOLLGATE_KEY"]


@schemathesis.check
def valid_data_acceptance(ctx, response, case):
    if response.status_code == 422:
        problem = response.json()
        reasons = {(error.get("field"), error["code"]) for error in problem.get("errors", [problem])}
        if reasons <= NO_SCHEMA_SAYS:
            return None
    return positive_data_acceptance(ctx, response, case)
