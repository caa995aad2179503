/** Small programs in the ways of published algorithms, and the images that they name. */
import { randomBytes } from 'node:crypto';
import type { Container } from '@capstan/shared/contract/ddo';
import { DEMO_IMAGE } from '../../../scripts/demo/assets.ts';

export const IMAGE = 'localhost/capstan-test/python';
export const NAMED_IMAGE = 'localhost/capstan-test/named';
export const TAG = randomBytes(4).toString('hex');
const python = (entrypoint = 'python3 $ALGO'): Container => ({ image: IMAGE, tag: TAG, entrypoint });
const node24 = (entrypoint = 'node $ALGO'): Container => ({ ...DEMO_IMAGE, entrypoint });

export interface Program {
  readonly code: string | readonly string[];
  readonly container: Container;
  /** Files of each dataset. */
  readonly datasets?: readonly (readonly string[])[];
  readonly custom?: unknown;
  readonly status?: number;
  readonly log?: RegExp;
  /** What its outputs hold. */
  readonly outputs?: Readonly<Record<string, string | RegExp>>;
}

/** Small programs in the ways of published algorithms; not one of them was written for this node. Those in R are run by hand (`test/by-hand/r.test.ts`). */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'python that builds its paths from DIDS': {
    container: python(),
    code: `import json, os
dids = json.loads(os.getenv("DIDS"))
for did in dids:
    with open("/data/inputs/" + did + "/0") as f:
        rows = f.read().split()[1:]
with open("/data/outputs/result", "w") as f:
    f.write(str(sum(map(int, rows))))`,
    outputs: { result: '6' },
  },
  'python that walks the inputs': {
    container: python(),
    code: `import os
count = 0
for path, folders, files in os.walk("/data/inputs"):
    for name in files:
        if name != "algoCustomData.json":
            count += 1
print("files:", count)`,
    datasets: [['a', 'b'], ['c']],
    log: /files: 3/,
  },
  'python that reads its parameters': {
    container: python(),
    code: `import json
print(json.load(open("/data/inputs/algoCustomData.json"))["city"])`,
    custom: { city: 'Zürich' },
    log: /Zürich/,
  },
  'python that has defaults where no parameters are given': {
    container: python(),
    code: `import json
custom = json.load(open("/data/inputs/algoCustomData.json"))
print("iterations", custom.get("iterations", 10))`,
    log: /iterations 10/,
  },
  'python on several datasets': {
    container: python(),
    code: `import json, os
from pathlib import Path
parts = [Path(os.environ["INPUTS"], did, "0").read_text().strip() for did in json.loads(os.environ["DIDS"])]
Path(os.environ["OUTPUTS"], "joined.txt").write_text(",".join(parts))`,
    datasets: [['one'], ['two'], ['three']],
    outputs: { 'joined.txt': 'one,two,three' },
  },
  'python that looks itself up': {
    container: python(),
    code: `import json, os
ddo = json.load(open("/data/ddos/" + os.environ["TRANSFORMATION_DID"]))
print(ddo["metadata"]["type"], os.path.exists(os.environ["ALGO"]))`,
    log: /algorithm True/,
  },
  'python with odd names of outputs': {
    container: python(),
    code: `for name in ["a b (1).csv", "Übung.txt", "100%.txt", ".hidden"]:
    open("/data/outputs/" + name, "w").write(name)`,
    outputs: { 'a b (1).csv': 'a b (1).csv', 'Übung.txt': 'Übung.txt', '100%.txt': '100%.txt', '.hidden': '.hidden' },
  },
  'python that only prints': {
    container: python(),
    code: 'print("accuracy: 0.93")',
    log: /accuracy: 0\.93/,
    outputs: {},
  },
  'python that appends to a table': {
    container: python(),
    code: `import csv
for epoch in range(50):
    with open("/data/outputs/history.csv", "a", newline="") as f:
        csv.writer(f).writerow([epoch, 1 / (epoch + 1)])`,
    outputs: { 'history.csv': /^0,1\.0\r\n(.*\r\n){48}49,0\.02\r\n$/ },
  },
  'python that draws without a display': {
    container: python(),
    code: `import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.savefig("/data/outputs/plot.png")`,
    outputs: { 'plot.png': /^\ufffdPNG/ },
  },
  'python with pandas': {
    container: python(),
    code: `import json, os, pandas as pd
did = json.loads(os.environ["DIDS"])[0]
df = pd.read_csv(f"/data/inputs/{did}/0")
df.describe().to_json("/data/outputs/describe.json")`,
    outputs: { 'describe.json': /"mean":2\.0/ },
  },
  'python that works beside itself and at home': {
    container: python(),
    code: `import os, shutil
open("model.pkl", "w").write("model")
os.makedirs(os.path.expanduser("~/.cache/lib"), exist_ok=True)
open(os.path.expanduser("~/.cache/lib/index"), "w").write("index")
shutil.copy("model.pkl", "/data/outputs/")
print(os.getcwd(), os.path.expanduser("~"))`,
    log: /^\/scratch \/scratch\n$/,
    outputs: { 'model.pkl': 'model' },
  },
  'python that works at the root of its image, by relative paths': {
    container: python(),
    code: `import json, os
did = json.loads(os.getenv("DIDS"))[0]
with open(f"data/inputs/{did}/0") as f: rows = f.read().split()[1:]
ddo = json.load(open("./data/ddos/" + did))
open("./data/outputs/result", "w").write(str(len(rows)))
open("kept", "w").write(ddo["metadata"]["type"])
print(open("kept").read(), sorted(os.listdir("data")))`,
    log: /^dataset \['ddos', 'inputs', 'logs', 'outputs', 'transformations'\]\n$/,
    outputs: { result: '3' },
  },
  'a program at the root of its image, named without its folder': {
    container: { image: NAMED_IMAGE, tag: TAG, entrypoint: 'sh count.sh a b' },
    code: 'not run',
    log: /^2 words, value\n1\n2\n3\n$/,
  },
  'a program at the root of its image, named to a shell': {
    container: { image: NAMED_IMAGE, tag: TAG, entrypoint: 'sh -c \'cd . && sh ./count.sh "$ALGO"; touch made; pwd\'' },
    code: 'not run',
    log: /^1 words, value\n1\n2\n3\n\/scratch\n$/,
  },
  'python that asks who it is, and for a temporary file': {
    container: python(),
    code: `import getpass, tempfile
with tempfile.NamedTemporaryFile() as f:
    f.write(b"x")
print(getpass.getuser())`,
    log: /^job\n$/,
  },
  'python that goes by the home and the name it is given': {
    container: python(),
    code: `import getpass, os, pathlib, matplotlib
print(getpass.getuser(), pathlib.Path.home(), os.path.expanduser("~/x"))
print(matplotlib.get_configdir(), matplotlib.get_cachedir())`,
    log: /^job \/scratch \/scratch\/x\n\/scratch\/\.config\/matplotlib \/scratch\/\.cache\/matplotlib\n/m,
  },
  'python that looks its uid up where the image has no entry for it': {
    container: python(),
    code: `import grp, os, pwd
me = pwd.getpwuid(os.getuid())
print(me.pw_name, me.pw_dir, me.pw_uid == os.getuid(), grp.getgrgid(os.getgid()).gr_name)`,
    log: /^job \/scratch True job\n$/,
  },
  'javascript that asks the system who it is': {
    container: node24(),
    code: `const { username, homedir } = require('os').userInfo();
console.log(username, homedir);`,
    log: /^job \/scratch\n$/,
  },
  'python that writes a module beside itself, and imports it': {
    container: python(),
    code: `import os, sys
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "generated.py"), "w") as f: f.write("answer = 42")
sys.dont_write_bytecode = False
import generated
print(generated.answer, sorted(os.listdir(here)))`,
    log: /^42 \['__pycache__', 'algorithm', 'generated.py'\]\n$/,
  },
  'a shell script that looks its uid up where the image has an entry for it': {
    container: { image: NAMED_IMAGE, tag: TAG, entrypoint: 'sh $ALGO' },
    code: 'whoami; echo ~; id -u',
    log: /^analyst\n\/scratch\n\d{5}\n$/,
  },
  'python that unpacks its data into a folder of its own, beside the inputs': {
    container: python(),
    code: `import json, os, shutil, tempfile
did = json.loads(os.environ["DIDS"])[0]
packed = shutil.make_archive(os.path.join(tempfile.mkdtemp(), "packed"), "zip", "/data/inputs/" + did)
shutil.copy(packed, "/data/packed.zip")
shutil.unpack_archive("/data/packed.zip", "/data/extracted")
os.remove("/data/packed.zip")
os.makedirs("data/extracted/features", exist_ok=True)
shutil.move("/data/extracted/0", "/data/extracted/features/0.csv")
print(sorted(os.listdir("/data")), open("/data/extracted/features/0.csv").read().split())
shutil.rmtree("/data/extracted")`,
    log: /^\['ddos', 'extracted', 'inputs', 'logs', 'outputs', 'transformations'\] \['value', '1', '2', '3'\]\n$/,
  },
  'python that writes into every place there is': {
    container: python(),
    code: `import errno, os
beside = os.path.dirname(os.path.abspath(__file__))
places = [".", "~", "~/a/b", "/tmp", "/tmp/a", os.environ["OUTPUTS"], os.environ["LOGS"], "/dev/shm", beside, "/data", "/data/a/b"]
for place in map(os.path.expanduser, places):
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "written"), "a") as f: f.write("x")
for place in [os.environ["INPUTS"], "/data/ddos", "/etc"]:
    try:
        open(os.path.join(place, "written"), "w")
    except OSError as error:
        print(errno.errorcode[error.errno], place)
os.remove(os.path.join(os.environ["LOGS"], "written"))`,
    log: /^EROFS \/data\/inputs\nEACCES \/data\/ddos\nEROFS \/etc\n$/,
    outputs: { written: 'x' },
  },
  'python whose second file is imported from beside it': {
    container: python(),
    code: [
      `import importlib.machinery, importlib.util, os
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "1")
loader = importlib.machinery.SourceFileLoader("helper", path)
spec = importlib.util.spec_from_loader("helper", loader)
helper = importlib.util.module_from_spec(spec)
loader.exec_module(helper)
print(helper.answer)`,
      'answer = 6 * 7',
    ],
    log: /^42\n$/,
  },
  'python in several processes': {
    container: python(),
    code: `from multiprocessing import Pool
def square(n): return n * n
if __name__ == "__main__":
    with Pool(2) as pool: print(sum(pool.map(square, range(10))))`,
    log: /^285\n$/,
  },
  'python with words of its own, as a list': {
    container: python('["python3", "-u", "$ALGO", "--name", "a b"]'),
    code: 'import sys; print(sys.argv[1:])',
    log: /\['--name', 'a b'\]/,
  },
  'python with arguments': {
    container: python('python3 $ALGO --epochs 3'),
    code: 'import sys; print(sys.argv[1:])',
    log: /\['--epochs', '3'\]/,
  },
  'python that a program within quotes runs': {
    container: python(
      `python3 -c 'import runpy, sys; print(runpy.run_path("$ALGO")["answer"], sys.argv[1:])' $OUTPUTS`,
    ),
    code: 'answer = 6 * 7',
    log: /^42 \['\/data\/outputs'\]\n$/,
  },
  'python in place of the shell that starts it': {
    container: python('exec python3 -u $ALGO'),
    code: 'print("in its place")',
    log: /^in its place\n$/,
  },
  'python that its image starts, under a name with the tag in it': {
    container: { image: `${IMAGE}:${TAG}`, tag: 'latest', entrypoint: '' },
    code: 'print("started by the image")',
    log: /started by the image/,
  },
  'python in several files': {
    container: python(),
    code: ['import runpy; print(runpy.run_path("/data/transformations/1")["answer"])', 'answer = 6 * 7'],
    log: /^42\n$/,
  },
  'python that fails, with what it said before': {
    container: python(),
    code: 'print("begun")\nraise SystemExit("no column of that name")',
    status: 41,
    // The two streams are read apart.
    log: /^(?=[^]*begun\n)(?=[^]*no column of that name\n)/,
  },
  'javascript that strips the prefix of ids itself': {
    container: node24(),
    code: `const fs = require('fs');
const [did] = JSON.parse(process.env.DIDS);
const rows = fs.readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0', 'utf8').trim().split('\\n');
fs.writeFileSync('/data/outputs/rows.json', JSON.stringify(rows.length));`,
    outputs: { 'rows.json': '4' },
  },
  'a shell script': {
    container: node24('sh $ALGO'),
    code: 'cat "$INPUTS"/*/0 | wc -l > "$OUTPUTS/lines"; echo done',
    outputs: { lines: /^\s*4\n$/ },
    log: /done/,
  },
};
