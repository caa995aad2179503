/** How the catalogue command is used. */

/** The person typed something we can't act on; the message says what, and is all there is to say. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: npm run catalogue -- <command> [options]

Looks after the assets that this node offers. Takes the node's settings from capstan.yaml and CAPSTAN_ variables.

  add FILE…        describe local files or http(s) URLs as one asset; local files are copied
    --name TEXT            what consumers see; a local file's name if absent
    --description TEXT     a paragraph for them
    --sha256 HEX           what each file shall be, once for each: another one is refused, now or when a job fetches it
    --again                add what another asset offers already
    --type TYPE            dataset (if absent) or algorithm
    --compute              may only be computed on: what datasets are if nothing is said
    --access               may also be downloaded, or used beside other data: what algorithms are
    --allow-raw            a dataset on which consumers may run code of their own that nobody published
    --allow-network        a dataset beside which algorithms may reach the internet, where an environment allows it too
    --trust DID            … only this published algorithm, as it is now; again for more; * for any …
    --trust-publisher 0x…  … only what this address publishes …
    --trust-nobody         … or no published algorithm at all
    --allow 0x…            only this address may use it; again for more
    --deny 0x…             this address may not; again for more
    --image NAME           algorithms: the container image …
    --tag TAG              … its tag …
    --checksum sha256:…    … its digest, so that no other image will do …
    --entrypoint LINE      … and the command in it, where $ALGO stands for the algorithm's file
    --nft 0x…              to sell it on a chain: its data NFT …
    --datatoken 0x…        … the datatoken that one orders it with …
    --lasts SECONDS        … and how long an order lasts; for ever if absent
  update DID [FILE…]
                   the options above, for what shall be another; --no-allow-raw takes a right back; FILEs take the place of
                   those there. The DID stays
  list             what there is
  show DID         one asset, with where its files are
  remove DID       take it out, together with the files that were copied
  help             this text

  --json           print JSON for programs

examples
  npm run catalogue -- add ./weather.csv --name 'Weather' --allow-raw
  npm run catalogue -- add ./mean.js --type algorithm --image node --tag 24 --entrypoint 'node $ALGO'`;
