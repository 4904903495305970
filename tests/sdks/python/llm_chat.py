"""Asks through llm, whose users name a server in a file of models. The key is OPENAI_API_KEY, as for OpenAI's own."""

import json
import os
import tempfile
from pathlib import Path

import llm

from say import gather, make_requests

folder = tempfile.TemporaryDirectory()
os.environ["LLM_USER_PATH"] = folder.name
model = {"model_id": "tollgate", "model_name": "model-1", "api_key_name": "openai"}
# JSON is YAML.
(Path(folder.name) / "extra-openai-models.yaml").write_text(
    json.dumps([{**model, "api_base": os.environ["OPENAI_BASE_URL"]}])
)


def ask():
    return llm.get_model("tollgate").prompt("hello", stream=False).text()


def stream():
    return gather(llm.get_model("tollgate").prompt("hello"))


make_requests(ask=ask, stream=stream)
