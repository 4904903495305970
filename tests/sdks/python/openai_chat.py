"""Asks through OpenAI's SDK for Python. Server and key come by its own variables, OPENAI_BASE_URL and OPENAI_API_KEY."""

import openai

from say import gather, make_requests

REQUEST = {"model": "model-1", "messages": [{"role": "user", "content": "hello"}]}

client = openai.OpenAI()


def ask():
    return client.chat.completions.create(**REQUEST).choices[0].message.content


def stream():
    chunks = client.chat.completions.create(**REQUEST, stream=True)
    return gather(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)


def retrieve():
    return client.models.retrieve("meta/llama:3").id


def retrieve_unknown():
    return client.models.retrieve("nothing").id


make_requests(ask=ask, stream=stream, retrieve=retrieve, retrieve_unknown=retrieve_unknown)
