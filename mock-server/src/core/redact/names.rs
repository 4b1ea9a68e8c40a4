//! The names under which credentials travel.

use percent_encoding::percent_decode_str;

/// In lower case, without what separates words.
const SECRET_NAMES: [&str; 30] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "apikey",
    "xapikey",
    "apitoken",
    "accesstoken",
    "accesskey",
    "authtoken",
    "xauthtoken",
    "refreshtoken",
    "sessiontoken",
    "idtoken",
    "jwt",
    "bearer",
    "privatekey",
    "secretkey",
    "authkey",
    "verifytoken",
    "auth",
    "authorization",
    "proxyauthorization",
    "credential",
    "credentials",
    "cookie",
];

/// A name that ends like this is one, too: `new_password`, `clientSecret`.
const SECRET_ENDS: [&str; 7] = ["password", "passwd", "secret", "apikey", "accesstoken", "authtoken", "cookie"];

/// Whether a parameter or a member of this name carries a credential. Idempotency keys do not, nor do names that merely
/// have a word such as `token` as a part (`flow_token` is a message's own). Of `user[password]` and `hub.verify_token` the
/// last part counts.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let last = name.split(['[', ']', '.', ':']).rfind(|part| !part.is_empty()).unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| !matches!(c, '-' | '_') && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.contains(&&*plain) || SECRET_ENDS.iter().any(|end| plain.ends_with(end))
}

/// Whether a header of this name carries a credential. Providers put their own name before the word for it, as in
/// `x-acme-token`, and a simulator may be of any provider.
pub(super) fn is_secret_header(name: &str) -> bool {
    let words = ["-key", "-token", "-secret", "-password", "-authorization", "-auth"];
    is_secret_name(name) || (words.iter().any(|word| name.ends_with(word)) && !name.ends_with("idempotency-key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_recognised_however_it_is_written() {
        for name in [
            "password",
            "Pass-Word",
            "api_key",
            "apiKey",
            "api%5Fkey",
            "X-API-Key",
            "accessToken",
            "client_secret",
            "user[password]",
            "data[token]",
            "hub.verify_token",
            "wsse:Password",
            "auth",
            "Authorization",
            "pwd",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["idempotency_key", "flow_token", "keys", "author", "passage", "to", "", "next_page_token"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
