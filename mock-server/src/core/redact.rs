//! Removes credentials from the journal.

mod body;
mod found;
mod names;
mod url;

use found::{Found, HIDDEN};
use names::is_secret_header;
pub(crate) use url::path;

/// The parts of one exchange, which are redacted together: a credential of one part may be repeated in another.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: String,
    pub(crate) response_headers: String,
    pub(crate) response: String,
}

impl Parts {
    /// Name and value, in the order of the wire but for repeated names.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.lines().filter_map(|line| line.split_once(':'))
    }

    /// Those of the response, but for the `Date` and what frames it on the way.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.response_headers.lines().filter_map(|line| line.split_once(':'))
    }

    /// The parts without credentials. Headers are lines of `name:value` with lower-case names; values of one name, which
    /// follow each other, are joined with a comma.
    pub(crate) fn redacted(&self) -> Self {
        let mut found = Found::default();
        let mut parts = Self {
            path: path_found(&self.path, &mut found),
            headers: headers(&self.headers, &mut found),
            body: body::redacted(&self.body, &mut found),
            response_headers: headers(&self.response_headers, &mut found),
            response: body::redacted(&self.response, &mut found),
        };
        for part in
            [&mut parts.path, &mut parts.headers, &mut parts.body, &mut parts.response_headers, &mut parts.response]
        {
            found.redact(part);
        }
        parts
    }
}

fn path_found(text: &str, found: &mut Found) -> String {
    url::path_found(text, found).into_owned()
}

fn headers(lines: &str, found: &mut Found) -> String {
    let mut to = String::with_capacity(lines.len());
    let mut last = None;
    for (name, value) in lines.split('\n').filter_map(|line| line.split_once(':')) {
        if last == Some(name) {
            to.push_str(", ");
        } else {
            if last.is_some() {
                to.push('\n');
            }
            to.push_str(name);
            to.push(':');
        }
        last = Some(name);
        let value = value.trim_start();
        match name {
            "authorization" | "proxy-authorization" => {
                found.add_authorization(value);
                if let Some((scheme, _)) = value.split_once(' ') {
                    to.push_str(scheme);
                    to.push(' ');
                }
                to.push_str(HIDDEN);
            }
            name if is_secret_header(name) => {
                found.add(value);
                to.push_str(HIDDEN);
            }
            _ if value.starts_with('/') => to.push_str(&url::path_found(value, found)),
            _ => to.push_str(&url::in_text(value, found)),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn credential_headers_keep_only_their_scheme() {
        let headers = "authorization:Bearer s3cret\nx-api-key:gsk_s3cret\nx-acme-token:s3cret\nx-auth:s3cret\n\
                       x-forwarded-authorization:s3cret\nx-original-uri:/x?auth=s3cret\nreferer:http://h/?pwd=s3cret\n\
                       idempotency-key:order-17\nx-acme-idempotency-key:order-17\nvia:a\nvia:b\n";
        let masked = super::headers(headers, &mut Found::default());
        let mut lines: Vec<_> = masked.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "authorization:Bearer ***",
                "idempotency-key:order-17",
                "referer:http://h/?pwd=***",
                "via:a, b",
                "x-acme-idempotency-key:order-17",
                "x-acme-token:***",
                "x-api-key:***",
                "x-auth:***",
                "x-forwarded-authorization:***",
                "x-original-uri:/x?auth=***",
            ]
        );
    }

    #[test]
    fn a_credential_is_redacted_wherever_the_exchange_repeats_it() {
        let parts = Parts {
            path: "/v1/demo-key-1/x?note=pass-w0rd".into(),
            headers: format!(
                "authorization:Basic {}\nx-api-key:s3cret-77\nuser-agent:s3cret-77",
                STANDARD.encode("demo-key-1:pass-w0rd")
            ),
            body: r#"{"name":"s3cret-77","n":[1,"for demo-key-1"],"password":"other-one"}"#.into(),
            response_headers: "x-echo:pass-w0rd".into(),
            response: r#"{"error":"s3cret-77 and other-one are wrong","token":"made-for-you"}"#.into(),
        };
        let redacted = parts.redacted();
        assert_eq!(redacted.path, "/v1/***/x?note=***");
        assert_eq!(redacted.headers, "authorization:Basic ***\nx-api-key:***\nuser-agent:***");
        assert_eq!(redacted.body, r#"{"name":"***","n":[1,"for ***"],"password":"***"}"#);
        assert_eq!(redacted.response_headers, "x-echo:***");
        assert_eq!(redacted.response, r#"{"error":"*** and *** are wrong","token":"***"}"#);
    }
}
