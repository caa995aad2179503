"""What ocean.py 3.x sends over the wire, request by request, with Python's standard library: it finds routes by `GET /`, asks
`fileinfo` how many files there are, `initialize` what an order costs, and downloads each file under a nonce of its own.

Python's library has neither keccak nor secp256k1: what is signed comes as JSON on stdin, with the float nonces that ocean.py counts in.

    ocean_py.py URL   < {did, serviceId, consumerAddress, transferTxId, userdata, signed: [{nonce, signature}, …]}
"""

import json
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ANSWER_LIMIT_S = 20


def main(url):
    asked = json.load(sys.stdin)
    info = json.loads(send("get", url)[0])
    # A route that is not there ends ocean.py before it begins.
    routes = {name: url + info["serviceEndpoints"][name][1] for name in ("fileinfo", "initialize", "download", "encrypt")}

    payload = {"did": asked["did"], "serviceId": asked["serviceId"], "userdata": asked["userdata"], "checksum": 1}
    files = json.loads(send("post", routes["fileinfo"], body=payload)[0])

    payload = {
        "documentId": asked["did"],
        "serviceId": asked["serviceId"],
        "consumerAddress": asked["consumerAddress"],
        "userdata": json.dumps(asked["userdata"]),
    }
    quote = json.loads(send("get", routes["initialize"], params=payload)[0])

    payload["transferTxId"] = asked["transferTxId"]
    downloads = []
    for index, signed in zip(range(len(files)), asked["signed"]):
        content, headers = send("get", routes["download"], params={**payload, "fileIndex": index, **signed})
        downloads.append({"text": content.decode(), "disposition": headers["content-disposition"]})
    print(json.dumps({"files": files, "quote": quote, "downloads": downloads}))


def send(method, url, params=None, body=None):
    data = None if body is None else json.dumps(body).encode()
    where = url if params is None else url + "?" + urlencode(params)
    request = Request(where, data, {"Content-Type": "application/json"} if data else {}, method=method.upper())
    try:
        with urlopen(request, timeout=ANSWER_LIMIT_S) as response:
            return response.read(), response.headers
    except HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")


main(*sys.argv[1:])
