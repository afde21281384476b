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
const mfa = "https://refeds.org/profile/mfa";
const [port, ...callbacks] = process.argv.slice(2);
const beside = (path) => callbacks.map((one) => one.replace(/login\/callback\/$/, path));
const server = http.createServer();
server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "fabrica", client_secret: "s3cret", redirect_uris: callbacks, application_type: "native",
      token_endpoint_auth_method: "client_secret_basic", post_logout_redirect_uris: beside("signed-out/"),
      backchannel_logout_uri: beside("backchannel-logout/")[0], backchannel_logout_session_required: true }],
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // It refuses to call loopback, where the site of a test is, and a busy machine takes its time.
    fetch: (url, { dispatcher, signal, ...rest }) => fetch(url, { ...rest, signal: AbortSignal.timeout(20_000) }),
    acrValues: [mfa],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], affiliation: Object.keys(told) },
    scopes: ["openid", "email", "profile", "affiliation"],
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id], ...told }) },
  });
  // Whoever was asked for a second factor has shown one: the assurance that was asked for is the one that is told.
  const finish = provider.interactionFinished.bind(provider);
  provider.interactionFinished = async (req, res, result, options) => {
    const { params } = await provider.interactionDetails(req, res);
    if (result.login && params.acr_values === mfa) result.login.acr = mfa;
    return finish(req, res, result, options);
  };
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
