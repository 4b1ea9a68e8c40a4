//! Targets of webhooks: this machine and the allowed networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;

use super::IpNetworks;
use crate::core::redact;

const MOST_BYTES: usize = 2048;

/// An http or https address on this machine or in an allowed network. It is parsed once, connects to the checked address, and
/// resolves no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    uri: Uri,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Reads an address: `http` or `https`, a host that is `127.…`, `[::1]`, `localhost` or a number within `nets`, and neither user nor
    /// fragment. Other names are refused, so nothing is ever resolved. So are other spellings of such a host (one number,
    /// hexadecimal, an IPv4 address within an IPv6 one), which could evade the check.
    ///
    /// # Errors
    ///
    /// The problem, phrased to follow the name of the member. It never repeats the address, which may hold a secret.
    pub(crate) fn parse(text: &str, nets: &IpNetworks) -> Result<Self, String> {
        let expected = "expected one such as \"http://127.0.0.1:9000/hook\"";
        if text.len() > MOST_BYTES {
            return Err(format!("is longer than {MOST_BYTES} bytes"));
        }
        // The parser drops a fragment without a word.
        if text.contains('#') {
            return Err(format!("has a fragment, {expected}"));
        }
        let uri: Uri = text.parse().map_err(|_| format!("is no URL, {expected}"))?;
        let usual_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(format!("is neither http nor https, {expected}")),
        };
        let Some(authority) = uri.authority() else { return Err(format!("has no host, {expected}")) };
        if authority.as_str().contains('@') {
            return Err(format!("carries a user or a password, {expected}"));
        }
        let host = authority.host();
        let hosts = addresses(host, nets).ok_or(
            "has a host other than a loopback address (127.0.0.1, [::1]) or `localhost`, and in no allowed network",
        )?;
        let port =
            port(authority.as_str(), host, usual_port).ok_or("has a port that is not a number from 1 to 65535")?;
        let addresses = hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect();
        Ok(Self { uri, addresses })
    }

    /// The address as a request carries it.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The addresses to connect to, in order.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address without the values of parameters that are named like credentials.
    pub(crate) fn masked(&self) -> String {
        redact::path(&self.uri.to_string()).into_owned()
    }
}

/// The addresses of a host, if it is this machine or in an allowed network.
fn addresses(host: &str, nets: &IpNetworks) -> Option<Vec<IpAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let address: IpAddr = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok()?.into(),
        None => host.parse::<Ipv4Addr>().ok()?.into(),
    };
    (address.is_loopback() || nets.allows(address)).then(|| vec![address])
}

/// The port of an authority, the usual one if it names none. A colon without a number is an error.
fn port(authority: &str, host: &str, usual: u16) -> Option<u16> {
    let rest = authority.strip_prefix(host)?;
    if rest.is_empty() {
        return Some(usual);
    }
    let digits = rest.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_and_localhost_are_targets() {
        for (text, first) in [
            ("http://127.0.0.1:9000/hook", "127.0.0.1:9000"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("https://127.0.0.1/hook", "127.0.0.1:443"),
            ("https://localhost:9443/hook", "127.0.0.1:9443"),
            ("http://127.255.0.9:1/", "127.255.0.9:1"),
            ("http://localhost:9000/a/b?token=x", "127.0.0.1:9000"),
            ("HTTP://LOCALHOST:65535/", "127.0.0.1:65535"),
            ("http://[::1]:9000/hook", "[::1]:9000"),
            ("http://[0:0:0:0:0:0:0:1]:9000", "[::1]:9000"),
        ] {
            let target = Target::parse(text, &IpNetworks::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(target.addresses()[0].to_string(), first, "{text}");
            assert!(target.addresses().iter().all(|address| address.ip().is_loopback()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            // Other machines, by address and by name.
            "http://10.0.0.1/",
            "http://192.168.0.1:9000/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://8.8.8.8/",
            "http://example.org/hook",
            "http://127.0.0.1.example.org/",
            "http://127.0.0.1.nip.io/",
            "http://localhost.example.org/",
            "http://metadata.google.internal/",
            "http://100.64.0.1/",
            "http://172.16.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[fc00::1]/",
            "http://[ff02::1]/",
            "http://[fec0::1]/",
            "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
            "http://localtest.me/",
            "http://localhost./",
            // Any address of this machine.
            "http://0.0.0.0:9000/",
            "http://[::]:9000/",
            // The loopback address in disguise.
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://017700000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://127.0.0.01/",
            "http://127.0.0.1./",
            "http://[::ffff:127.0.0.1]:9000/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[::1%25lo]/",
            "http://①②⑦.0.0.1/",
            "http://127。0。0。1/",
            // A host that is another than it seems.
            "http://127.0.0.1@example.org/",
            "http://user:s3cret@127.0.0.1/",
            "http://@127.0.0.1/",
            "http://127.0.0.1\\@example.org/",
            "http://127.0.0.1#@example.org/",
            "http://example.org#127.0.0.1",
            // Ports.
            "http://127.0.0.1:/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:+80/",
            "http://127.0.0.1:80:81/",
            // Schemes, and no address at all.
            "https://example.org/",
            "https://127.0.0.1:0/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:6379/_INFO",
            "ftp://127.0.0.1/",
            "unix:///run/docker.sock",
            "//127.0.0.1/hook",
            "127.0.0.1:9000",
            "/hook",
            "http:///hook",
            "http://",
            "*",
            "",
            " http://127.0.0.1/",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/\r\nx: y",
        ] {
            assert!(Target::parse(text, &IpNetworks::default()).is_err(), "{text:?} was taken");
        }
    }

    /// Ways to a machine that is not meant, tried with every network allowed.
    #[test]
    fn some_addresses_are_never_called_whatever_is_allowed() {
        let mut nets = IpNetworks::default();
        for net in ["0.0.0.0/0", "::/0"] {
            nets.allow(crate::core::webhook::IpNetwork::parse(net).unwrap());
        }
        for text in [
            "http://169.254.169.254/latest/meta-data/",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.0.1/",
            "http://100.100.100.200/latest/meta-data/",
            "http://168.63.129.16/",
            "http://192.0.0.192/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::a9fe:a9fe]/",
            "http://[fe80::1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
            "http://[::]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::a9fe:a9fe]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[64:ff9b:1::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::]/",
            "http://[2001:0:a9fe:a9fe::1]/",
            "http://0.0.0.0/",
            "http://0.1.2.3/",
            "http://224.0.0.1/",
            "http://239.255.255.250:1900/",
            "http://255.255.255.255/",
            "http://240.0.0.1/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://example.org/",
            "http://metadata.google.internal/",
            "https://0.0.0.0/",
            "http://user@10.0.0.1/",
        ] {
            assert!(Target::parse(text, &nets).is_err(), "{text} was taken");
        }
        for text in ["http://10.0.0.1:9000/", "http://192.168.1.5/hook", "http://[fd12::5]:80/", "http://8.8.8.8/"] {
            assert!(Target::parse(text, &nets).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_refusal_says_what_is_wrong_and_repeats_no_secret() {
        for (text, error) in [
            ("ftp://127.0.0.1/", "is neither http nor https"),
            ("http://user:s3cret@127.0.0.1/", "carries a user or a password"),
            ("http://10.0.0.1/?token=s3cret", "a loopback address (127.0.0.1, [::1]) or `localhost`"),
            ("http://127.0.0.1:0/", "from 1 to 65535"),
            ("http://127.0.0.1/#s3cret", "has a fragment"),
            ("no url", "expected one such as \"http://127.0.0.1:9000/hook\""),
        ] {
            let said = Target::parse(text, &IpNetworks::default()).unwrap_err();
            assert!(said.contains(error) && !said.contains("s3cret"), "{text}: {said}");
        }
        assert!(Target::parse(&format!("http://127.0.0.1/{}", "x".repeat(2048)), &IpNetworks::default()).is_err());
    }

    #[test]
    fn a_shown_target_hides_credentials_among_its_parameters() {
        let target = Target::parse("http://127.0.0.1:9000/hook?token=s3cret&kind=a", &IpNetworks::default()).unwrap();
        assert_eq!(target.masked(), "http://127.0.0.1:9000/hook?token=***&kind=a");
    }
}
