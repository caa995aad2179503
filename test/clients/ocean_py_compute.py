"""What ocean.py 3.1 sends over the wire for a computation, request by request, with Python's standard library: it asks for an environment that
costs nothing, for what its orders would cost, starts a job, asks for its status with a signature, fetches each result by its place in the
list, stops a job and deletes one.

Python's library has neither keccak nor secp256k1: each text to sign goes as a line to stdout, its signature comes as a line on stdin.

    ocean_py_compute.py URL   < {chainId, consumerAddress, dataset, algorithm, custom, endless}, then signatures
"""

import json
import sys
import time
from math import ceil
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ANSWER_LIMIT_S = 20
POLL_EVERY_S = 0.2
POLL_LIMIT_S = 60


def main(url):
    asked = json.loads(sys.stdin.readline())
    did = asked["dataset"]["documentId"]
    environment = free_environment(url, asked["chainId"])
    until = int(time.time()) + 3600
    published, raw = asked["algorithm"], asked["endless"]

    def quote(algorithm):
        payload = {
            "datasets": [asked["dataset"]],
            "algorithm": algorithm,
            "compute": {"env": environment["id"], "validUntil": until},
            "consumerAddress": asked["consumerAddress"],
        }
        return json.loads(call(url, "initializeCompute", body=payload)[0])

    def start(algorithm):
        nonce, signature = sign(url, asked["consumerAddress"], asked["consumerAddress"] + did)
        payload = {
            "dataset": {**asked["dataset"], "transferTxId": "0x" + "1" * 64},
            "environment": environment["id"],
            "algorithm": algorithm,
            "signature": signature,
            "nonce": nonce,
            "consumerAddress": asked["consumerAddress"],
            # So it is called there, and empty whatever its users give.
            "additionalInputs": [],
        }
        return first(call(url, "computeStart", body=payload)[0])["jobId"]

    def about(name, job_id):
        nonce, signature = sign(url, asked["consumerAddress"], asked["consumerAddress"] + job_id + did)
        params = {
            "consumerAddress": asked["consumerAddress"],
            "documentId": did,
            "jobId": job_id,
            "nonce": nonce,
            "signature": signature,
        }
        job = first(call(url, name, params=params)[0])
        job.update({"ok": job.get("status") not in (31, 32, None)})
        return job

    def result(job_id, index):
        nonce, signature = sign(url, asked["consumerAddress"], asked["consumerAddress"] + job_id + str(index))
        params = {
            "signature": signature,
            "nonce": nonce,
            "jobId": job_id,
            "index": index,
            "consumerAddress": asked["consumerAddress"],
        }
        return call(url, "computeResult", params=params)[0].decode()

    def until_status(job_id, is_it):
        deadline = time.monotonic() + POLL_LIMIT_S
        while time.monotonic() < deadline:
            job = about("computeStatus", job_id)
            if is_it(job):
                return job
            time.sleep(POLL_EVERY_S)
        sys.exit(f"job {job_id} is not there within {POLL_LIMIT_S} s")

    quotes = [quote(published), quote(raw)]
    done = start({**published, "transferTxId": "0x" + "2" * 64, "algocustomdata": asked["custom"]})
    ended = until_status(done, lambda job: job["dateFinished"] is not None)
    results = [{"type": each["type"], "text": result(done, i)} for i, each in enumerate(ended["results"])]
    running = start(raw)
    until_status(running, lambda job: job["status"] == 40)
    stopped = about("computeStop", running)
    deleted = about("computeDelete", done)
    print(json.dumps({"quotes": quotes, "ended": ended, "results": results, "stopped": stopped, "deleted": deleted}), flush=True)


def free_environment(url, chain_id):
    environments = json.loads(call(url, "computeEnvironments", params={"chainId": chain_id})[0])
    if str(chain_id) in environments:
        environments = environments[str(chain_id)]
    return next(each for each in environments if float(each["priceMin"]) == float(0))


def sign(url, address, text):
    answer = json.loads(call(url, "nonce", params={"userAddress": address})[0])
    nonce = int(ceil(float(answer["nonce"]))) + 1
    print(json.dumps({"sign": f"{text}{nonce}"}), flush=True)
    return nonce, sys.stdin.readline().strip()


def call(url, name, params=None, body=None):
    """It looks its routes up before each request."""
    info = json.loads(send("get", url)[0])
    if "providerAddresses" not in info and "providerAddress" not in info:
        sys.exit("not a provider")
    method, path = info["serviceEndpoints"][name]
    return send(method, url.rstrip("/") + "/" + path.strip("/"), params, body)


def send(method, url, params=None, body=None):
    data = None if body is None else json.dumps(body).encode()
    where = url if params is None else url + "?" + urlencode(params)
    request = Request(where, data, {"content-type": "application/json"} if data else {}, method=method.upper())
    try:
        with urlopen(request, timeout=ANSWER_LIMIT_S) as response:
            return response.read(), response.headers
    except HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")


def first(answer):
    content = json.loads(answer)
    return content[0] if isinstance(content, list) else content


main(*sys.argv[1:])
