// A caller by somebody else's library: npm `http-message-signatures` signs, sends, and verifies the answer.
// node independent_client.cjs CLIENT_DIR KEYID URL PATH BODY_FILE; prints one JSON object.
const { createHash, createPrivateKey, createPublicKey, randomBytes } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { httpbis, createSigner, createVerifier } = require("http-message-signatures");

async function main([directory, keyid, url, path, bodyFile]) {
  const body = readFileSync(bodyFile);
  const key = createSigner(createPrivateKey(readFileSync(`${directory}/private.pem`)), "ed25519", keyid);
  const digest = createHash("sha256").update(body).digest("base64");
  const request = await httpbis.signMessage({
    key,
    name: "theirs",
    fields: ["@method", "@target-uri", "content-digest", "content-type"],
    params: ["created", "keyid", "nonce", "tag", "alg"],
    paramValues: { nonce: randomBytes(18).toString("hex"), tag: "lienthong" },
  }, {
    method: "POST",
    url: url + path,
    headers: { "content-type": "application/json", "content-digest": `sha-256=:${digest}:` },
  });
  const answer = await fetch(url + path, { method: "POST", headers: request.headers, body });
  const content = Buffer.from(await answer.arrayBuffer());
  const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
  const verified = await httpbis.verifyMessage({
    async keyLookup({ keyid: kid }) {
      const jwk = keys.find((known) => known.kid === kid);
      return { id: kid, algs: ["ed25519"], verify: createVerifier(createPublicKey({ key: jwk, format: "jwk" }), "ed25519") };
    },
  }, { status: answer.status, headers: Object.fromEntries(answer.headers) }, request);
  const answered = createHash("sha256").update(content).digest("base64");
  console.log(JSON.stringify({
    status: answer.status,
    verified,
    digest: answer.headers.get("content-digest") === `sha-256=:${answered}:`,
    body: JSON.parse(content),
  }));
}

main(process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
