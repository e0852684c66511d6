// Signing in to servers, accounts, and where secrets are kept.

export const accounts = {
  tab: "Sign-in",
  list: "Accounts",
  nobody: "Nobody is signed in here.",
  another: "Sign in with another account",
  name: "Name of the account",
  nameHint: "Yours to choose, such as work.",
  used: "used now",
  use: (name: string) => `Use ${name}`,
  out: "Sign out",
  outOf: (name: string) => `Sign out ${name}`,
  ends: (when: string) => `expires in ${when}`,
  over: "expired",
  renews: "renews by itself",
  renewsNot: "does not renew by itself",
  by: (issuer: string) => `Signed in by ${issuer}`,
  rights: (scopes: string) => `Rights: ${scopes}`,
};

export const remedies = {
  resetRegistration: "Reset registration",
  useClient: "Use a client id",
  trustIssuer: "Trust this issuer",
  useResource: "Accept this name",
  trusts: (issuer: string) => `From then on ${issuer} may sign you in here.`,
  accepts: (resource: string) => `From then on the server is taken for ${resource}.`,
  clientId: "Client id",
  clientSecret: "Client secret, if there is one",
  withClient: "Use it and sign in",
  report: "Copy report",
};
