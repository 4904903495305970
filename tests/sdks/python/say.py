"""What all the scripts share: the requests that they are told to make, and how they tell what they saw, as JSON lines."""

import json
import sys

import openai


def say(**seen):
    """Prints a line at once."""
    print(json.dumps(seen), flush=True)


def gather(pieces):
    """Tells each piece of text as it comes, and gives the whole."""
    text = ""
    for piece in filter(None, pieces):
        text += piece
        say(piece=piece)
    return text


def make_requests(**kinds):
    """Makes each request that the command line names, `ask` for a whole answer, `stream` for one that comes in pieces.

    Each gives the text that its SDK calls whole, or raises. All of them raise what OpenAI's SDK does.
    """
    for request in sys.argv[1:]:
        try:
            say(whole=kinds[request]())
        except openai.APIError as error:
            status = getattr(error, "status_code", None)
            say(failed={"class": type(error).__name__, "status": status, "code": error.code, "message": error.message})
