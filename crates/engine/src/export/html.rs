//! A conversation as a page that stands alone: nothing of it is loaded from elsewhere, and nothing runs.
//!
//! Markdown becomes elements; HTML in it stays the text that it is. Links lead to the web and to mail alone, and
//! images are links, so that reading tells nobody. The page's own policy forbids the rest once more.

use chat::{Attachment, AttachmentKind, Content, Item, Message, Role, ToolCall, Turn, visible};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};
use pulldown_cmark_escape::escape_html_body_text;

use super::document::{arguments, asked, call_line, ending, moment, result, who};
use crate::store::{KeptFile, Whole};

/// What may stand in a picture of a result.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

pub(super) const FOOT: &str = "</body>\n</html>\n";

pub(super) fn head() -> String {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
    format!(
        "<!doctype html>\n<html lang=\"\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Loquat</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
}

pub(super) fn conversation(whole: &Whole) -> String {
    let conversation = &whole.conversation;
    let mut page = String::from("<main>\n<header>");
    element("h1", &visible(&conversation.title), &mut page);
    element("p", &moment(conversation.created_at), &mut page);
    page.push_str("</header>\n");
    for turn in &conversation.turns {
        write_turn(turn, &whole.attachments, &mut page);
    }
    page.push_str("</main>\n");
    page
}

fn write_turn(turn: &Turn, files: &[KeptFile], page: &mut String) {
    let mut speaks = false;
    for item in &turn.items {
        match item {
            Item::Message(message) if message.role == Role::User => {
                page.push_str("<article class=\"you\">");
                element("h2", "You", page);
                page.push_str("<div class=\"said\" dir=\"auto\">");
                text(&message.text, page);
                page.push_str("</div>");
                for attached in &message.attachments {
                    let held = files.iter().find(|file| file.about.id == attached.id);
                    write_file(attached, held.map(|file| file.body.as_str()), page);
                }
                page.push_str("</article>\n");
            }
            answer => {
                if !speaks {
                    speaks = true;
                    page.push_str("<article>");
                    element("h2", &who(&turn.model), page);
                }
                write_answer(answer, page);
            }
        }
    }
    if let Some(ending) = ending(turn) {
        element("p", &ending, page);
    }
    if speaks {
        page.push_str("</article>\n");
    }
}

/// A file that came with a question: the picture, or what can be read in it.
fn write_file(file: &Attachment, held: Option<&str>, page: &mut String) {
    let picture = held.and_then(|body| body.strip_prefix("data:")?.split_once(";base64,"));
    match (&file.kind, picture, held) {
        (AttachmentKind::Image { .. }, Some((kind, data)), _) => {
            element("p", &visible(&file.name), page);
            write_picture(kind, data, page);
        }
        (AttachmentKind::Text { .. }, _, Some(body)) => {
            page.push_str("<details>");
            element("summary", &visible(&file.name), page);
            element("pre", body, page);
            page.push_str("</details>");
        }
        (AttachmentKind::Image { .. }, None, _) | (AttachmentKind::Text { .. }, _, None) => {
            element("p", &visible(&file.name), page);
        }
    }
}

fn write_picture(kind: &str, data: &str, page: &mut String) {
    if PICTURES.contains(&kind) && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
        page.push_str(&format!("<img alt=\"\" src=\"data:{kind};base64,{data}\">"));
    }
}

fn write_answer(item: &Item, page: &mut String) {
    match item {
        Item::Message(message) => write_message(message, page),
        Item::ToolCall(call) => write_call(call, page),
        Item::Question(question) => element("p", &asked(question), page),
    }
}

fn write_message(message: &Message, page: &mut String) {
    if !message.reasoning.trim().is_empty() {
        page.push_str("<details><summary>Thought</summary><div class=\"said\" dir=\"auto\">");
        text(message.reasoning.trim(), page);
        page.push_str("</div></details>");
    }
    if !message.text.trim().is_empty() {
        page.push_str("<div dir=\"auto\">");
        markdown(&message.text, page);
        page.push_str("</div>");
    }
}

fn write_call(call: &ToolCall, page: &mut String) {
    page.push_str("<details class=\"call\">");
    element("summary", &call_line(call), page);
    element("pre", &arguments(call), page);
    if let Some(result) = result(call) {
        element("pre", &result, page);
    }
    page.push_str("</details>");
    let chat::CallStatus::Succeeded { output } = &call.status else { return };
    for content in &output.content {
        if let Content::Image { data, mime_type } = content {
            write_picture(mime_type, data, page);
        }
    }
}

fn markdown(source: &str, page: &mut String) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let mut harmless = vec![];
    // Where an element that is left out ends.
    let mut open: Vec<bool> = vec![];
    for event in Parser::new_ext(source, options) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => harmless.push(Event::Text(html)),
            Event::Start(Tag::HtmlBlock) => harmless.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => harmless.push(Event::End(TagEnd::Paragraph)),
            Event::Start(
                Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id },
            ) => {
                // An image within a link is that link's words.
                let leads = leads_out(&dest_url) && !open.contains(&true);
                open.push(leads);
                if leads {
                    harmless.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if open.pop() == Some(true) {
                    harmless.push(Event::End(TagEnd::Link));
                }
            }
            other => harmless.push(other),
        }
    }
    pulldown_cmark::html::push_html(page, harmless.into_iter());
}

/// Whether a link leads to the web or to mail.
fn leads_out(url: &CowStr<'_>) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

/// An element of that name with nothing but text in it.
fn element(name: &str, words: &str, page: &mut String) {
    page.push_str(&format!("<{name} dir=\"auto\">"));
    text(words, page);
    page.push_str(&format!("</{name}>"));
}

fn text(words: &str, page: &mut String) {
    // A string takes all that is written to it.
    let _ = escape_html_body_text(&mut *page, words);
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.6 system-ui,sans-serif}\
main+main{margin-top:4rem;border-top:1px solid color-mix(in srgb,currentColor 25%,transparent)}\
h1{font-size:1.4rem;line-height:1.3}h2{font-size:.85rem;font-weight:600;opacity:.7;margin:1.6rem 0 .2rem}\
header p{opacity:.7}.said,pre{white-space:pre-wrap;overflow-wrap:anywhere}\
.you .said{padding:.6rem .9rem;border-radius:8px;background:color-mix(in srgb,currentColor 8%,transparent)}\
pre{padding:.6rem .8rem;border-radius:8px;overflow:auto;font-size:.85rem;\
background:color-mix(in srgb,currentColor 6%,transparent)}\
details{margin:.6rem 0}summary{cursor:pointer}img{max-width:100%}\
table{border-collapse:collapse}td,th{padding:.2rem .6rem;border:1px solid color-mix(in srgb,currentColor 25%,transparent)}\
@media print{details{display:block}}";

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        let mut page = String::new();
        markdown(source, &mut page);
        page
    }

    #[test]
    fn markdown_becomes_elements_and_html_stays_text() {
        assert_eq!(shown("a **b**"), "<p>a <strong>b</strong></p>\n");
        let hostile = shown("<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> and <b>b</b>");
        assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains("<b>"), "{hostile}");
        assert!(hostile.contains("&lt;script&gt;"), "{hostile}");
    }

    #[test]
    fn links_lead_to_the_web_alone_and_images_are_links() {
        assert!(shown("[a](https://example.com)").contains("<a href=\"https://example.com\">a</a>"));
        for hostile in
            ["[a](javascript:alert(1))", "[a](data:text/html,x)", "![a](file:///etc/passwd)", "[a](JaVaScRiPt:x)"]
        {
            let page = shown(hostile);
            assert!(!page.contains("href") && !page.contains("src"), "{page}");
        }
        let image = shown("![cat](https://example.com/cat.png)");
        assert!(image.contains("<a href=\"https://example.com/cat.png\">cat</a>"), "{image}");
    }

    #[test]
    fn words_of_others_open_no_element() {
        let mut page = String::new();
        element("h1", "</h1><script>", &mut page);
        assert_eq!(page, "<h1 dir=\"auto\">&lt;/h1&gt;&lt;script&gt;</h1>");
    }
}
