"""What a program does with the client that openapi-python-client makes, from sign-up to revocation."""

import os
from typing import Any

from tollgate_client import AuthenticatedClient, Client
from tollgate_client.api.accounts import create_account, create_session, refresh_session
from tollgate_client.api.data_plane import create_chat_completion
from tollgate_client.api.keys import create_key, list_keys, list_usage, revoke_key
from tollgate_client.api.plans import list_plans
from tollgate_client.models import CreatedKey, CreateKey, Credentials, SessionTokens
from tollgate_client.models import ChatCompletion, ChatCompletionRequest, ErrorEnvelope, LimitedQuota, NewAccount
from tollgate_client.models import Problem, RefreshSession, UserMessage, UserMessageRole
from tollgate_client.types import Response

base_url = os.environ.get("TOLLGATE_URL", "http://127.0.0.1:8000")
email, password = "walker@example.com", "a walk in the park"


def code(answer: Response[Any]) -> tuple[int, str | None]:
    """The status and the code of a refusal."""
    if isinstance(answer.parsed, ErrorEnvelope):
        return answer.status_code, answer.parsed.error.code
    assert isinstance(answer.parsed, Problem), answer
    return answer.status_code, answer.parsed.code


anyone = Client(base_url=base_url)

signed_up = create_account.sync_detailed(client=anyone, body=NewAccount(email=email, password=password))
assert signed_up.status_code == 201, signed_up
again = create_account.sync_detailed(client=anyone, body=NewAccount(email=email, password=password))
assert code(again) == (409, "email_taken"), again
short = create_account.sync_detailed(client=anyone, body=NewAccount(email="other@example.com", password="short"))
assert code(short) == (422, "invalid_fields"), short
assert isinstance(short.parsed, Problem) and short.parsed.errors
assert [wrong.field for wrong in short.parsed.errors] == ["password"]

credentials = Credentials(email=email, password=password, with_refresh_token=True)
session = create_session.sync(client=anyone, body=credentials)
assert isinstance(session, SessionTokens)
owner = AuthenticatedClient(base_url=base_url, token=session.access_token)
session = refresh_session.sync(client=anyone, body=RefreshSession(refresh_token=session.refresh_token))
assert isinstance(session, SessionTokens)
owner = AuthenticatedClient(base_url=base_url, token=session.access_token)

plans = list_plans.sync(client=anyone)
assert isinstance(plans, list)
plan = plans[0]
assert isinstance(plan.quota, LimitedQuota) and plan.quota.limit == 2

key = create_key.sync(client=owner, body=CreateKey(plan_name=plan.name))
assert isinstance(key, CreatedKey), key
second = create_key.sync_detailed(client=owner, body=CreateKey(plan_name=plan.name))
assert code(second) == (409, "key_already_exists"), second
keys = list_keys.sync(client=owner)
assert isinstance(keys, list)
assert [(listed.id, listed.plan_name, listed.state) for listed in keys] == [(key.id, plan.name, "active")]

program = AuthenticatedClient(base_url=base_url, token=key.value)
question = ChatCompletionRequest(model="model-1", messages=[UserMessage(role=UserMessageRole.USER, content="hello")])
for _ in range(plan.quota.limit):
    answer = create_chat_completion.sync(client=program, body=question)
    assert isinstance(answer, ChatCompletion), answer
    assert answer.choices[0].message.content == "one two three"
spent = create_chat_completion.sync_detailed(client=program, body=question)
assert code(spent) == (429, "rate_limit_exceeded"), spent
assert int(spent.headers["retry-after"]) >= 1

days = list_usage.sync(key.id, client=owner)
assert isinstance(days, list)
assert (days[-1].used, days[-1].refused) == (2, 1)

revoked = revoke_key.sync_detailed(key.id, client=owner)
assert revoked.status_code == 204, revoked
refused = create_chat_completion.sync_detailed(client=program, body=question)
assert code(refused) == (401, "invalid_api_key"), refused
