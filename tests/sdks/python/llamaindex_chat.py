"""Asks through LlamaIndex's class for servers compatible with OpenAI. MAX_RETRIES, where set, replaces its default."""

import os

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from say import gather, make_requests

retries = {"max_retries": int(os.environ["MAX_RETRIES"])} if "MAX_RETRIES" in os.environ else {}
model = OpenAILike(
    model="model-1",
    api_base=os.environ["OPENAI_BASE_URL"],
    api_key=os.environ["OPENAI_API_KEY"],
    is_chat_model=True,
    **retries,
)
MESSAGES = [ChatMessage(role="user", content="hello")]


def ask():
    return model.chat(MESSAGES).message.content


def stream():
    return gather(part.delta for part in model.stream_chat(MESSAGES))


make_requests(ask=ask, stream=stream)
