// A certified OpenID provider (npm's oidc-provider) with made-up people, for the tests marked `oidc`. On loopback only.
// `node provider.mjs PORT CALLBACK [CALLBACK...]` prints {"issuer": ...} when it listens; port 0 is a free one.
import http from "node:http";
import { Provider } from "oidc-provider";

const people = {
  eva: { email: "eva@example.org", email_verified: true, name: "Eva Elsewhere" },
  ada: { email: "ada@example.org", email_verified: true, name: "Ada" },
  mallory: { email: "ada@example.org", email_verified: false, name: "Ada" },
};
const told = {
  eduperson_assurance: ["https://refeds.org/assurance/IAP/medium", "https://refeds.org/assurance/ATP/ePA-1m"],
  voperson_external_affiliation: ["employee@uni.example"],
  schac_home_organization: "uni.example",
};
const server = http.createServer();
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "fabrica", client_secret: "s3cret", redirect_uris: process.argv.slice(3), application_type: "native",
      token_endpoint_auth_method: "client_secret_basic" }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], affiliation: Object.keys(told) },
    scopes: ["openid", "email", "profile", "affiliation"],
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id], ...told }) },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
