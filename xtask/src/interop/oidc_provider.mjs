// An OpenID Connect provider for `cargo xtask interop issuer`: oidc-provider, with one user for every name, and two clients.
// `node oidc_provider.mjs PORT FOLDER`, where FOLDER has the node_modules.
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "interop" }] },
  cookies: { keys: ["a key for the cookies of a test"] },
  clients: [
    {
      client_id: "my-id",
      client_secret: "my-secret",
      token_endpoint_auth_method: "client_secret_post",
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      redirect_uris: ["https://app.example.com/callback"],
    },
    {
      client_id: "my-app",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["http://127.0.0.1/callback"],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com` }) }),
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false, // the e-mail address is in the ID token, by which an instance may find its user
  issueRefreshToken: () => true,
  ttl: {
    ...Object.fromEntries(
      ["AccessToken", "Grant", "IdToken", "Interaction", "RefreshToken", "Session"].map((of) => [of, 1800]),
    ),
    ClientCredentials: 600,
  },
  rotateRefreshToken: true, // one that was used is refused, and ends the whole grant
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      // A token that a program gets for itself is a JWT for the instance; one of a person is opaque.
      defaultResource: (context) =>
        context.oidc.params?.grant_type === "client_credentials" ? "https://dev12345.service-now.com" : undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => ({
        scope: "useraccount",
        audience: resource,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

provider.listen(Number(port), "127.0.0.1");
