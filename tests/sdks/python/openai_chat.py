"""Asks through OpenAI's SDK for Python, and prints as JSON lines what it saw.

Each argument is a request: `ask` for a whole answer, `stream` for one that comes in pieces. The server and the key come
by environment, OPENAI_BASE_URL and OPENAI_API_KEY, as they do for its users.
"""

import json
import sys

import openai

MESSAGES = [{"role": "user", "content": "hello"}]


def say(**seen):
    print(json.dumps(seen), flush=True)


def ask(client):
    answer = client.chat.completions.create(model="model-1", messages=MESSAGES)
    return answer.choices[0].message.content


def stream(client):
    pieces = []
    for chunk in client.chat.completions.create(model="model-1", messages=MESSAGES, stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            pieces.append(chunk.choices[0].delta.content)
            say(piece=pieces[-1])
    return "".join(pieces)


def main():
    client = openai.OpenAI()
    for request in sys.argv[1:]:
        try:
            say(whole={"ask": ask, "stream": stream}[request](client))
        except openai.APIError as error:
            say(
                failed={
                    "class": type(error).__name__,
                    "status": getattr(error, "status_code", None),
                    "code": error.code,
                    "message": error.message,
                }
            )


main()
