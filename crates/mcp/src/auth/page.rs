//! What the browser shows when it has come back.

/// One page: nothing in it is loaded from anywhere or run.
pub(crate) struct Page {
    status: u16,
    title: String,
    text: String,
}

impl Page {
    pub(crate) fn done(server: &str) -> Self {
        let text = "You can close this page and go back to Loquat.".to_owned();
        Self { status: 200, title: format!("You are signed in to {server}"), text }
    }

    pub(crate) fn failed(server: &str, cause: &str, fix: &str) -> Self {
        Self { status: 200, title: format!("You are not signed in to {server}"), text: format!("{cause} {fix}") }
    }

    pub(crate) fn refused(status: u16, why: &str) -> Self {
        Self { status, title: "This is not the way".to_owned(), text: why.to_owned() }
    }

    pub(crate) fn response(&self) -> String {
        let body = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>Loquat</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;\
             padding:0 1.5rem}}h1{{font-size:1.4rem}}</style><h1>{}</h1><p>{}</p></html>",
            escaped(&self.title),
            escaped(&self.text),
        );
        format!(
            "HTTP/1.1 {} Loquat\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
             Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n{body}",
            self.status,
            body.len(),
        )
    }
}

/// What others wrote is shown as they wrote it, and does nothing.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_cannot_do_anything() {
        let page = Page::failed("<b>", "<script>alert(1)</script>", "\"'&").response();
        assert!(!page.contains("<script>") && !page.contains("<b>") && page.contains("&lt;script&gt;"), "{page}");
    }
}
