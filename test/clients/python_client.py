"""A client of a compute node in Python's standard library alone: starts a job, polls it to its end, fetches a result.

Python's library has neither keccak nor secp256k1, so whoever calls this has signed before: requests come as JSON on stdin,
answers go as JSON to stdout.

    python_client.py start URL   < body.json     a signed start request; prints the job
    python_client.py poll URL JOB                prints the job once it has ended
    python_client.py result URL  < query.json    the signed parameters of computeResult; writes the bytes
"""

import json
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ANSWER_LIMIT_S = 10
POLL_EVERY_S = 0.2
POLL_LIMIT_S = 60
# Statuses in which a job stays; any other is on the way.
ENDINGS = {7, 8, 11, 21, 22, 31, 32, 41, 42, 43, 51, 61, 62, 70}


def main(command, url, *rest):
    routes = {name: url + path for name, (_, path) in ask(url)["serviceEndpoints"].items()}
    if command == "start":
        print(json.dumps(start(routes, json.load(sys.stdin))))
    elif command == "poll":
        print(json.dumps(poll(routes, *rest)))
    elif command == "result":
        sys.stdout.buffer.write(fetch(routes["computeResult"] + "?" + urlencode(json.load(sys.stdin))))
    else:
        sys.exit(__doc__)


def start(routes, body):
    [job] = ask(routes["computeStart"], body)
    return job


def poll(routes, job_id):
    deadline = time.monotonic() + POLL_LIMIT_S
    while time.monotonic() < deadline:
        [job] = ask(routes["computeStatus"] + "?" + urlencode({"jobId": job_id}))
        if job["status"] in ENDINGS:
            return job
        time.sleep(POLL_EVERY_S)
    sys.exit(f"job {job_id} has not ended within {POLL_LIMIT_S} s")


def ask(url, body=None):
    return json.loads(fetch(url, body))


def fetch(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=ANSWER_LIMIT_S) as response:
            return response.read()
    except HTTPError as refusal:
        sys.exit(f"{refusal.code} {refusal.read().decode()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
