//! Which addresses belong to the public internet: those that no registry has set aside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether anybody on the internet could be meant. Every address that carries another inside is judged by both.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// An IPv4 address that is written as IPv6, as itself.
pub(crate) fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// IANA's IPv4 special-purpose registry: whatever is not globally reachable is not public.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        // This network, private, loopback.
        (0 | 10 | 127, _, _) => false,
        // Shared by carriers.
        (100, 64..=127, _) => false,
        // Link-local, where clouds keep their metadata.
        (169, 254, _) => false,
        (172, 16..=31, _) => false,
        // Protocol assignments, documentation, 6to4 relays.
        (192, 0, 0 | 2) | (192, 88, 99) => false,
        (192, 168, _) => false,
        // Benchmarks, documentation.
        (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => false,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => false,
        // The platform of one cloud lies among the public ones.
        (168, 63, 129) => ip != Ipv4Addr::new(168, 63, 129, 16),
        _ => true,
    }
}

/// Only global unicast, and of that only what leads nowhere else.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = carried(ip) {
        return is_public_v4(inner);
    }
    let segments = ip.segments();
    match segments {
        // Protocol assignments (Teredo, ORCHID, benchmarks …).
        [0x2001, 0..=0x01ff, ..] => false,
        // Documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Global unicast as assigned.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, translated (NAT64), or 6to4.
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = ip.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match [s0, s1, s2, s3, s4, s5] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] => Some(v4(s6, s7)),
        // Compatible; :: and ::1 come out as 0.0.0.0 and 0.0.0.1, which are not public either.
        [0, 0, 0, 0, 0, 0] => Some(v4(s6, s7)),
        // Whatever the local prefix of a translator carries is never public.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::LOCALHOST),
        [0x64, 0xff9b, 0, 0, 0, 0] => Some(v4(s6, s7)),
        [0x2002, ..] => Some(v4(s1, s2)),
        _ => None,
    }
}
