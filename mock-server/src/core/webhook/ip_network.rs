//! Networks that webhooks may go to, and the addresses that they never go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network such as `10.1.0.0/16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IpNetwork {
    first: IpAddr,
    bits: u32,
}

/// The allowed networks; none by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct IpNetworks(Vec<IpNetwork>);

impl IpNetwork {
    /// Reads an address, a slash and the number of leading bits that count.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected a network such as `10.1.0.0/16`";
        let (address, bits) = text.split_once('/').ok_or_else(|| format!("has no `/`, {expected}"))?;
        let address: IpAddr = address.parse().map_err(|_| format!("does not start with an address, {expected}"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u32 = bits
            .parse()
            .ok()
            .filter(|bits| *bits <= most)
            .ok_or_else(|| format!("has no number of bits from 0 to {most} behind its `/`, {expected}"))?;
        let net = Self { first: address, bits };
        if net.masked(address) == number(address) {
            Ok(net)
        } else {
            Err(format!("has more of an address than its {bits} bits, {expected}"))
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && self.masked(address) == number(self.first)
    }

    /// The bits of an address that count.
    fn masked(&self, address: IpAddr) -> u128 {
        let width = if address.is_ipv4() { 32 } else { 128 };
        number(address).checked_shr(width - self.bits).and_then(|head| head.checked_shl(width - self.bits)).unwrap_or(0)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl IpNetworks {
    pub(crate) fn allow(&mut self, net: IpNetwork) {
        self.0.push(net);
    }

    pub(super) fn allows(&self, address: IpAddr) -> bool {
        !is_never_called(address) && self.0.iter().any(|net| net.contains(address))
    }
}

/// The services of clouds outside of the link-local range: Alibaba, Azure, Oracle, and Amazon's other one.
const CLOUDS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
const AMAZON: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Cloud metadata addresses, multicast and unspecified ones, and those with another address inside, which could evade the
/// check.
fn is_never_called(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            first == 0 || first >= 224 || address.is_link_local() || CLOUDS.contains(&address)
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            let holds_another = address.to_bits() >> 32 == 0 // ::/96, the loopback address aside
                || address.to_ipv4_mapped().is_some()
                || first == 0x2002 // 6to4
                || (first, second) == (0x2001, 0) // Teredo
                || (first, second) == (0x64, 0xff9b); // NAT64
            holds_another || address.is_multicast() || (0xfe80..=0xfeff).contains(&first) || address == AMAZON
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        let mut nets = IpNetworks::default();
        for net in ["10.1.0.0/16", "192.168.7.9/32", "fd12::/16"] {
            nets.allow(IpNetwork::parse(net).unwrap());
        }
        for (address, allowed) in [
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("10.0.255.255", false),
            ("192.168.7.9", true),
            ("192.168.7.8", false),
            ("fd12:1::1", true),
            ("fd13::", false),
            ("::ffff:10.1.0.1", false),
        ] {
            assert_eq!(nets.allows(address.parse().unwrap()), allowed, "{address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_is_wrong() {
        for (text, error) in [
            ("10.1.0.0", "has no `/`"),
            ("example.org/16", "does not start with an address"),
            ("10.1.0.0/33", "from 0 to 32"),
            ("10.1.0.0/", "from 0 to 32"),
            ("::/129", "from 0 to 128"),
            ("10.1.2.3/16", "more of an address than its 16 bits"),
        ] {
            let said = IpNetwork::parse(text).unwrap_err();
            assert!(said.contains(error), "{text}: {said}");
        }
    }
}
