//! Which addresses are public: a table of those that are not, one of those that are, and how they may be spelled.

use super::outside::{addresses, pages, rules};
use super::*;

/// Not of the public internet, in any spelling.
const PRIVATE: &str = "
0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255 10.0.0.0 10.0.0.1 10.0.2.2 10.1.2.3 10.96.0.1 10.255.255.255 100.64.0.0 100.64.0.1 100.100.100.200
100.127.255.255 127.0.0.0 127.0.0.1 127.0.0.2 127.0.1.1 127.1.1.1 127.255.255.254 127.255.255.255 169.254.0.0
169.254.0.1 169.254.169.253 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0 172.16.0.1 172.17.0.1 172.18.0.1 172.19.255.255
172.20.10.1 172.31.255.255 192.0.0.0 192.0.0.1 192.0.0.7 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.1
192.0.2.255 192.88.99.0 192.88.99.1 192.88.99.255 192.168.0.0 192.168.0.1 192.168.1.1 192.168.100.1 192.168.178.1
192.168.255.255 198.18.0.0 198.18.0.1 198.19.0.1 198.19.255.255 198.51.100.0 198.51.100.1 198.51.100.255 203.0.113.0
203.0.113.1 203.0.113.255 224.0.0.0 224.0.0.1 224.0.0.251 239.255.255.250 239.255.255.255 240.0.0.0 240.0.0.1
241.0.0.1 250.1.2.3 254.255.255.255 255.0.0.0 255.255.255.254 255.255.255.255 168.63.129.16
:: ::1 ::2 ::ffff ::7f00:1 ::a00:1 ::127.0.0.1 ::10.0.0.1 ::169.254.169.254 ::192.168.1.1 ::172.16.0.1
::ffff:0.0.0.0 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:a00:1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe
::ffff:192.168.0.1 ::ffff:c0a8:1 ::ffff:172.16.0.1 ::ffff:100.64.0.1 ::ffff:224.0.0.1 ::ffff:255.255.255.255
::ffff:168.63.129.16 ::ffff:198.18.0.1 ::ffff:192.0.2.1 ::ffff:203.0.113.9
::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 ::ffff:0:a9fe:a9fe ::ffff:0:192.168.1.1 ::ffff:0:0.0.0.0
64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::192.168.1.1 64:ff9b::172.16.0.1
64:ff9b::0.0.0.0 64:ff9b::100.64.0.1 64:ff9b:1::1 64:ff9b:1::8.8.8.8 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 64:ff9b:0:1::1
64:ff9b::1:0:0 64:ff9c::1
100:: 100::1 100::ffff:ffff:ffff:ffff 100:0:0:1::1
2001:: 2001::1 2001:0:ce49:7601:e866:efff:62c3:fffe 2001:1::1 2001:1::2 2001:2::1 2001:2:0:ffff::1 2001:3::1
2001:4:112::1 2001:10::1 2001:1f:ffff::1 2001:20::1 2001:2f:ffff::1 2001:30::1 2001:1ff:ffff::1
2001:db8:: 2001:db8::1 2001:db8:ffff:ffff::1 2001:db8:85a3::8a2e:370:7334
2002:: 2002:7f00:1:: 2002:7f00:1::1 2002:a00:1:: 2002:a9fe:a9fe:: 2002:a9fe:a9fe::1 2002:c0a8:101:: 2002:ac10:1::
2002:6440:1:: 2002:e000:1:: 2002:ffff:ffff:: 2002:0:0:: 2002:c612:1::
3fff:: 3fff::1 3fff:fff::1 3fff:0:1::1
4000::1 5f00::1 5f00:ffff::1 6000::1 8000::1 a000::1 c000::1 e000::1 f000::1 f800::1 fb00::1
fc00:: fc00::1 fcff::1 fd00:: fd00::1 fd00:ec2::254 fd12:3456:789a:1::1 fd20:ce::254 fdff:ffff:ffff:ffff::1
fe00::1 fe80:: fe80::1 fe80::a9fe:a9fe fe80:1::1 febf:ffff::1 fec0::1 feff::1
ff00:: ff01::1 ff02::1 ff02::2 ff02::fb ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

const PUBLIC: &str = "
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 198.51.99.1 203.0.112.1 203.0.114.1 223.255.255.255
2606:4700:4700::1111 2001:4860:4860::8888 2001:200::1 2620:fe::fe 2a00:1450:4001::1 3ffe::1 3fff:1000::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1";

/// Spellings of addresses and names that lead nowhere public, in whole URLs.
const SPELLED: &str = "
http://2130706433/ http://0x7f000001/ http://0x7F.1/ http://0177.0.0.1/ http://017700000001/ http://127.1/ http://127.0.1/
http://0/ http://00000/ http://0x0/ http://0x/ http://127.0.0.1./ http://0x7f.0x0.0x0.0x1/ http://0251.254.169.254/
http://2852039166/ http://0xa9fea9fe/ http://0xA9.0xFE.0xA9.0xFE/ http://169.16689662/ http://025177524776/ http://10.1/
http://167772161/ http://012.0.0.1/ http://0xc0a80001/ http://3232235521/ http://192.168.1/ http://①②⑦.⓪.⓪.①/
http://127。0。0。1/ http://127%2e0%2e0%2e1/ http://%31%32%37.0.0.1/ http://[::1]/ http://[0:0:0:0:0:0:0:1]/
http://[0000::0001]/ http://[::ffff:7f00:1]/ http://[::FFFF:127.0.0.1]/ http://[::ffff:0:127.0.0.1]/ http://[::127.0.0.1]/
http://[64:ff9b::127.0.0.1]/ http://[2002:7f00:1::]/ http://[fe80::1]/ http://[fd00::1]/ http://[::]/ http://[ff02::1]/
http://localhost/ http://LocalHost/ http://localhost./ http://a.localhost/ http://a.b.localhost./ http://printer/
http://db.internal/ http://metadata.google.internal/ http://nas.local/ http://router.lan/ http://x.home.arpa/
http://ⓛocalhost/ http://localhost%2e/ http://x.corp/ http://wiki.intranet/
https://127.0.0.1/ https://[::1]/ https://169.254.169.254/latest/ http:127.0.0.1 http:\\\\127.0.0.1/ http:///127.0.0.1/
http://example.com@127.0.0.1/ http://127.0.0.1#@example.com/ http://127.0.0.1?@example.com/
http://user@example.com/ http://user:pw@example.com/ http://:pw@example.com/
http://example.com:22/ http://example.com:25/ http://example.com:3306/ http://example.com:6379/ http://example.com:8080/
http://example.com:0/ https://example.com:8443/ http://example.com:65535/
ftp://example.com/ file:///etc/passwd file://localhost/etc/passwd gopher://example.com/ ws://example.com/ wss://example.com/
data:text/html,x javascript:x blob:http://example.com/x about:blank jar:http://example.com!/ dict://example.com/
ldap://example.com/ tftp://example.com/ view-source:http://example.com/ mailto:x@example.com unix:///run/x.sock";

#[test]
fn what_is_set_aside_is_not_public_and_the_rest_is() {
    let addresses = |text: &str| -> Vec<std::net::IpAddr> {
        text.split_whitespace().map(|text| text.parse().unwrap_or_else(|_| panic!("{text} is no address"))).collect()
    };
    let (private, public) = (addresses(PRIVATE), addresses(PUBLIC));
    assert!(private.len() >= 200, "only {} addresses", private.len());
    for ip in &private {
        assert!(!is_public(*ip), "{ip} counts as public");
    }
    for ip in &public {
        assert!(is_public(*ip), "{ip} does not count as public");
    }
}

#[test]
fn no_spelling_hides_where_an_address_leads() {
    let spelled: Vec<&str> = SPELLED.split_whitespace().collect();
    assert!(spelled.len() >= 80, "only {} spellings", spelled.len());
    for text in spelled {
        // What is no URL cannot be fetched either.
        if let Ok(url) = Url::parse(text) {
            assert!(rules().judge(&url).is_err(), "{text} is let through as {url}");
        }
    }
    for text in
        ["http://example.com/", "https://example.com/a?b#c", "http://8.8.8.8/", "https://[2606:4700:4700::1111]/"]
    {
        assert!(rules().judge(&Url::parse(text).unwrap()).is_ok(), "{text}");
    }
}

/// Ways in which the same address may be written in a URL.
fn spellings(ip: std::net::Ipv4Addr) -> Vec<String> {
    let (number, [a, b, c, d]) = (u32::from(ip), ip.octets());
    let rest = (u32::from(b) << 16) | (u32::from(c) << 8) | u32::from(d);
    let hosts = [
        ip.to_string(),
        format!("{number}"),
        format!("{number:#x}"),
        format!("0{number:o}"),
        format!("{a}.{rest}"),
        format!("{a}.{b}.{}", (u32::from(c) << 8) | u32::from(d)),
        format!("0x{a:x}.0{b:o}.{c}.0x{d:X}."),
        format!("[::ffff:{ip}]"),
        format!("[64:ff9b::{ip}]"),
        format!("[2002:{:x}:{:x}::]", number >> 16, number & 0xffff),
    ];
    hosts.iter().map(|host| format!("http://{host}/")).collect()
}

#[test]
fn every_spelling_of_any_address_is_judged_as_the_address_is() {
    let mut dice = testkit::Dice::new(1);
    let mut private = 0;
    for round in 0..20_000_u64 {
        let any = dice.any().to_le_bytes();
        // Every second one close to what is set aside.
        let first = [10, 100, 127, 169, 172, 192, 198, 203][usize::from(any[4] % 8)];
        let ip = std::net::Ipv4Addr::new(if round % 2 == 0 { any[0] } else { first }, any[1], any[2], any[3]);
        private += u32::from(!is_public(ip.into()));
        for text in spellings(ip) {
            let url = Url::parse(&text).unwrap();
            assert_eq!(rules().judge(&url).is_ok(), is_public(ip.into()), "{text} is {ip}");
        }
    }
    assert!(private > 2000, "only {private}");
}

#[test]
fn nothing_that_looks_like_an_address_is_let_through_unless_it_is_public() {
    let seeds: Vec<&str> = SPELLED.split_whitespace().collect();
    testkit::spoilt(&seeds, 50_000).for_each(|text| addresses(&String::from_utf8_lossy(&text)));
}

#[test]
fn whatever_a_page_or_its_robots_txt_says_it_is_read() {
    let robots = "User-agent: *\nDisallow: /a*b$\nAllow: /a\n\nUser-agent: loquatgateway\nDisallow: /*/*/*.html$\n# x";
    let page = "<!doctype html><html><head><title>T &amp; t</title></head><body><h1>A</h1><table><tr><td>1<td>2</table>\
                <ul><li>x</ul><a href=\"/y\">y</a><pre>z</pre></body></html>";
    testkit::spoilt(&[robots, page], 10_000).for_each(|body| pages(&body));
}

#[tokio::test]
async fn a_name_is_judged_by_every_address_that_it_has() {
    let resolve = async |allow: &str| {
        let allow = allow.split_whitespace().map(|network| network.parse().unwrap()).collect();
        let judged = Judged(Arc::new(ArcSwap::from_pointee(FetchRules { allow, ..rules() })));
        judged.resolve("localhost".parse().unwrap()).await.map(|addresses| addresses.count())
    };
    let refused = resolve("").await.expect_err("localhost is not public");
    assert!(refused.is::<NotPublic>(), "{refused}");
    assert!(resolve("127.0.0.0/8 ::1/128").await.is_ok_and(|count| count > 0));
}
